import { type Environment, type Key, OwnPublications, type Pointer, type Publication } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { newDescriptorId } from './descriptor-id.ts'
import { MAX_PUBLICATIONS, MAX_RENEWALS_PER_TICK, MAX_RESULTS } from './limits.ts'
import type { Result, Sought } from './messages.ts'
import type { GnutellaOptions } from './options.ts'

const NO_RESULTS: readonly Result[] = Object.freeze([])
const NO_INDEX = 0

/** What this servent shares: in Gnutella everybody answers for its own files, and for nobody else's. */
export class Files {
  /** Kept beside the map: most servents share nothing, and are asked all the time. */
  private keyCount = 0
  /** 16 random bytes: only who has had an answer can name them. */
  readonly serventId: Uint8Array
  private readonly environment: Environment<never>
  private readonly own: OwnPublications
  /** By key, then by target. */
  private readonly results = new Map<string, Map<string, Result>>()
  private sharedBytes = 0

  constructor(environment: Environment<never>, options: GnutellaOptions) {
    this.environment = environment
    this.serventId = newDescriptorId(environment).bytes
    this.own = new OwnPublications(environment, {
      lifetimeMs: options.pointerLifetimeMs,
      refreshMs: options.pointerRefreshMs,
      limit: MAX_PUBLICATIONS,
    })
  }

  /** Publications. */
  get size(): number {
    return this.own.size
  }

  /** Bytes of the contents that were published with their size. */
  get bytes(): number {
    return this.sharedBytes
  }

  assertPublishable(publication: Publication): void {
    this.own.assertPublishable(publication)
  }

  put(publication: Publication): void {
    this.replace(this.own.put(publication))
  }

  /** @returns whether there was anything to take back. */
  remove(key: Key, target?: Uint8Array): boolean {
    const removed = this.own.remove(key, target)
    for (const pointer of removed) this.drop(pointer)
    return removed.length > 0
  }

  /** Signs anew what is getting old. */
  renew(): void {
    if (this.own.size === 0) return
    for (const pointer of this.own.renewDue(MAX_RENEWALS_PER_TICK)) this.replace(pointer)
  }

  clear(): void {
    this.own.removeAll()
    this.results.clear()
    this.keyCount = 0
    this.sharedBytes = 0
  }

  /** Whether a Push can name this. */
  has(fileIndex: number): boolean {
    for (const results of this.results.values())
      for (const result of results.values()) if (result.fileIndex === fileIndex) return true
    return false
  }

  /** What answers a query, not more than one QueryHit carries. */
  matching({ keys, words }: Sought): readonly Result[] {
    if (this.keyCount === 0) return NO_RESULTS
    const lists: ReadonlyMap<string, Result>[] = []
    for (let i = 0; i < keys.length; i++) {
      const list = this.results.get(keys[i]!)
      if (list === undefined) return NO_RESULTS
      lists.push(list)
    }
    const [list] = lists
    if (list === undefined) return NO_RESULTS
    return words === undefined ? firstOf(list) : leadingFromAll(lists)
  }

  private replace(pointer: Pointer): void {
    const key = bytesKey(pointer.key)
    const target = targetName(pointer)
    const list = this.results.get(key) ?? new Map<string, Result>()
    const known = list.get(target)
    this.sharedBytes += sharedBytesOf(pointer) - sharedBytesOf(known?.pointer)
    list.set(target, { fileIndex: known?.fileIndex ?? this.newIndex(), pointer })
    this.results.set(key, list)
    this.keyCount = this.results.size
  }

  private drop(gone: Pointer): void {
    const key = bytesKey(gone.key)
    const list = this.results.get(key)
    this.sharedBytes -= sharedBytesOf(gone)
    list?.delete(targetName(gone))
    if (list?.size === 0) this.results.delete(key)
    this.keyCount = this.results.size
  }

  /** Random, so that nobody guesses it. */
  private newIndex(): number {
    return 1 + Math.floor(this.environment.random() * 0xffff_fffe)
  }
}

/** A result for somebody else's pointer: nobody can be asked to deliver it. */
export function foreignResult(pointer: Pointer): Result {
  return { fileIndex: NO_INDEX, pointer }
}

function firstOf(list: ReadonlyMap<string, Result>): readonly Result[] {
  const first: Result[] = []
  for (const result of list.values()) {
    if (first.length === MAX_RESULTS) break
    first.push(result)
  }
  return first
}

/**
 * Of contents that all lists lead to, each list's result: as many contents as one QueryHit has room for. The shortest
 * list is gone through, nothing is ranked: who asks does that, and a popular word must not cost who shares much.
 */
function leadingFromAll(lists: readonly ReadonlyMap<string, Result>[]): Result[] {
  const shortest = lists.reduce((least, list) => (list.size < least.size ? list : least))
  const found: Result[] = []
  for (const target of shortest.keys()) {
    if (found.length + lists.length > MAX_RESULTS) break
    if (!lists.every(list => list.has(target))) continue
    for (const list of lists) found.push(list.get(target)!)
  }
  return found
}

/** A content counts once, however many names and words lead to it. */
function sharedBytesOf(pointer: Pointer | undefined): number {
  return pointer?.kind === 'content' ? (pointer.bytes ?? 0) : 0
}

/** What a pointer leads to, as a map's key. */
export function targetName({ target }: Pointer): string {
  return target === undefined ? '' : bytesKey(target)
}
