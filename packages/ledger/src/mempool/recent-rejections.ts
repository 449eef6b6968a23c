import { type Blame, bytesKey, type Rejection } from '@onehop/primitives'
import { MAX_RECENT_REJECTIONS } from '../limits.ts'

/**
 * What was refused lately, so that it costs nothing to refuse it again. Holds the last {@link MAX_RECENT_REJECTIONS} / 2
 * at least.
 */
export class RecentRejections {
  private young = new Map<string, Rejection>()
  private old = new Map<string, Rejection>()
  /** One for all that were refused for the same reason: details would fill the memory. */
  private readonly reasons = new Map<string, Rejection>()
  private readonly limit: number

  constructor(limit = MAX_RECENT_REJECTIONS) {
    this.limit = limit
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  /** @param id of a transaction (either kind) or of a package. @returns the reason, without its detail. */
  get(id: Uint8Array): Rejection | undefined {
    if (this.size === 0) return undefined
    const key = bytesKey(id)
    return this.young.get(key) ?? this.old.get(key)
  }

  add(id: Uint8Array, { code, blame }: Rejection): void {
    if (this.young.size >= this.limit / 2) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(bytesKey(id), this.reasonOf(code, blame))
  }

  /** Another tip: what was wrong may be right now. */
  clear(): void {
    if (this.size === 0) return
    this.young = new Map()
    this.old = new Map()
    this.reasons.clear()
  }

  private reasonOf(code: string, blame: Blame): Rejection {
    const key = `${blame} ${code}`
    const reason = this.reasons.get(key) ?? { ok: false, code, blame }
    this.reasons.set(key, reason)
    return reason
  }
}
