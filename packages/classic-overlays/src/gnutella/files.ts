import {
  type Environment,
  type Key,
  OwnPublications,
  type Pointer,
  type Publication,
  rankContents,
} from '@onehop/overlay'
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
  /** By key. */
  private readonly results = new Map<string, Result[]>()
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
      if (results.some(result => result.fileIndex === fileIndex)) return true
    return false
  }

  /** What answers a query, not more than one QueryHit carries. */
  matching({ keys, words }: Sought): readonly Result[] {
    if (this.keyCount === 0) return NO_RESULTS
    const { results } = this
    let found = NO_RESULTS
    for (let i = 0; i < keys.length; i++) {
      const under = results.get(keys[i]!)
      if (under !== undefined) found = found === NO_RESULTS ? under : [...found, ...under]
    }
    const wanted = words === undefined || found === NO_RESULTS ? found : allWords(words, found)
    return wanted.length > MAX_RESULTS ? wanted.slice(0, MAX_RESULTS) : wanted
  }

  private replace(pointer: Pointer): void {
    const key = bytesKey(pointer.key)
    const others = this.results.get(key) ?? []
    const at = others.findIndex(result => isSameTarget(result.pointer.target, pointer.target))
    const fileIndex = others[at]?.fileIndex ?? this.newIndex()
    this.sharedBytes += sharedBytesOf(pointer) - sharedBytesOf(others[at]?.pointer)
    const result = { fileIndex, pointer }
    this.results.set(key, at < 0 ? [...others, result] : others.with(at, result))
    this.keyCount = this.results.size
  }

  private drop(gone: Pointer): void {
    const name = bytesKey(gone.key)
    this.sharedBytes -= sharedBytesOf(gone)
    const left = (this.results.get(name) ?? []).filter(
      ({ pointer }) => !isSameTarget(pointer.target, gone.target),
    )
    if (left.length === 0) this.results.delete(name)
    else this.results.set(name, left)
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

/** Those that lead to contents which carry all the words. */
export function allWords(words: readonly string[], results: readonly Result[]): Result[] {
  const byPointer = new Map(results.map(result => [result.pointer, result]))
  const contents = rankContents(
    words,
    results.map(({ pointer }) => pointer),
  )
  return contents.flatMap(({ pointers }) => pointers.map(pointer => byPointer.get(pointer)!))
}

/** A content counts once, however many names and words lead to it. */
function sharedBytesOf(pointer: Pointer | undefined): number {
  return pointer?.kind === 'content' ? (pointer.bytes ?? 0) : 0
}

function isSameTarget(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : bytesKey(a) === bytesKey(b)
}
