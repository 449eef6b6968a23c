import { bytesKey, type Rejection } from '@onehop/primitives'
import { MAX_RECENT_REJECTIONS } from '../limits.ts'

/**
 * What was refused lately, so that it costs nothing to refuse it again. Holds the last {@link MAX_RECENT_REJECTIONS} / 2
 * at least.
 */
export class RecentRejections {
  private young = new Map<string, Rejection>()
  private old = new Map<string, Rejection>()
  private readonly limit: number

  constructor(limit = MAX_RECENT_REJECTIONS) {
    this.limit = limit
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  /** @param id of a transaction (either kind) or of a package. */
  get(id: Uint8Array): Rejection | undefined {
    if (this.size === 0) return undefined
    const key = bytesKey(id)
    return this.young.get(key) ?? this.old.get(key)
  }

  add(id: Uint8Array, rejection: Rejection): void {
    if (this.young.size >= this.limit / 2) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(bytesKey(id), rejection)
  }

  /** Another tip: what was wrong may be right now. */
  clear(): void {
    if (this.size === 0) return
    this.young = new Map()
    this.old = new Map()
  }
}
