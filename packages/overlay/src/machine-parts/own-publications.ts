import { assert, assertOk } from '@onehop/primitives'
import { checkPointer } from '../check-pointer.ts'
import type { Environment, Publication } from '../contract.ts'
import type { Key } from '../keys.ts'
import { MAX_POINTER_LIFETIME_S, SIGNATURE_BYTES } from '../limits.ts'
import { POINTER_VERSION, type Pointer, signPointer, type UnsignedPointer } from '../pointer.ts'
import { ownAddresses } from './peer-entry.ts'
import { publicationId } from './publication-id.ts'

/** How long a node's pointers stand, and how many it may have. */
export interface OwnPublicationOptions {
  readonly lifetimeMs: number
  /** A pointer is signed anew, and told to others again, when it is this old. Less than half its lifetime. */
  readonly refreshMs: number
  readonly limit: number
}

interface OwnPublication {
  readonly publication: Publication
  pointer: Pointer
  refreshAtMs: number
}

/** Refreshes are spread over this part of the interval, so that they do not all fall together. */
const JITTER_PART = 0.2

/** What this node says that it has, with the pointers that say so: signed, renewed and taken back here. */
export class OwnPublications {
  private readonly environment: Environment<never>
  private readonly options: OwnPublicationOptions
  private readonly own = new Map<string, OwnPublication>()
  /** The highest sequence of those taken back: what is published anew within the same millisecond must be later. */
  private takenBackUpTo = 0

  constructor(environment: Environment<never>, options: OwnPublicationOptions) {
    this.environment = environment
    this.options = options
  }

  get size(): number {
    return this.own.size
  }

  /** The pointers that stand now. */
  *pointers(): IterableIterator<Pointer> {
    for (const { pointer } of this.own.values()) yield pointer
  }

  /** The publications that stand now, each with its pointer. */
  all(): IterableIterator<{ readonly publication: Publication; readonly pointer: Pointer }> {
    return this.own.values()
  }

  find(key: Key, target: Uint8Array | undefined): Pointer | undefined {
    return this.own.get(publicationId(key, target))?.pointer
  }

  /** @throws {AssertionError} for a publication that no pointer can be made of, and for one too many. */
  assertPublishable(publication: Publication): void {
    const isKnown = this.own.has(publicationId(publication.key, publication.target))
    assert(isKnown || this.own.size < this.options.limit, `at most ${this.options.limit} publications`)
    const unsigned = this.unsigned(publication, undefined)
    assertOk(checkPointer({ ...unsigned, signature: new Uint8Array(SIGNATURE_BYTES) }, this.nowS))
  }

  /** Takes up a publication, in place of an earlier one with the same key and target. @returns its pointer. */
  put(publication: Publication): Pointer {
    const id = publicationId(publication.key, publication.target)
    const pointer = this.sign(this.unsigned(publication, this.own.get(id)?.pointer))
    this.own.set(id, { publication, pointer, refreshAtMs: this.nextRefreshMs() })
    return pointer
  }

  /** Signs those anew whose time has come, at most so many. @returns their new pointers. */
  renewDue(most: number): Pointer[] {
    const nowMs = this.environment.now()
    const renewed: Pointer[] = []
    for (const own of this.own.values()) {
      if (renewed.length === most) break
      if (own.refreshAtMs > nowMs) continue
      own.pointer = this.sign(this.unsigned(own.publication, own.pointer))
      own.refreshAtMs = this.nextRefreshMs()
      renewed.push(own.pointer)
    }
    return renewed
  }

  /**
   * Forgets the publications under the key; with a target, only the one that leads there.
   * @returns the pointers that say so, to stand in place of those taken back for as long as those could have lived.
   */
  remove(key: Key, target?: Uint8Array): Pointer[] {
    const wanted = publicationId(key, undefined)
    const removed: Pointer[] = []
    for (const [id, { pointer }] of [...this.own]) {
      const isWanted =
        target === undefined
          ? publicationId(pointer.key, undefined) === wanted
          : id === publicationId(key, target)
      if (!isWanted) continue
      this.own.delete(id)
      removed.push(this.takenBack(pointer))
    }
    return removed
  }

  /** Forgets all. @returns the pointers that say so. */
  removeAll(): Pointer[] {
    const removed = [...this.own.values()].map(({ pointer }) => this.takenBack(pointer))
    this.own.clear()
    return removed
  }

  private get nowS(): number {
    return Math.floor(this.environment.now() / 1000)
  }

  private nextRefreshMs(): number {
    return this.environment.now() + this.options.refreshMs * (1 - JITTER_PART * this.environment.random())
  }

  private sign(unsigned: UnsignedPointer): Pointer {
    return signPointer(unsigned, payload => this.environment.sign(payload))
  }

  private takenBack({ signature: _signature, genuine: _genuine, ...fields }: Pointer): Pointer {
    const sequence = Math.max(Math.floor(this.environment.now()), fields.sequence + 1)
    this.takenBackUpTo = Math.max(this.takenBackUpTo, sequence)
    return this.sign({ ...fields, addresses: [], sequence, withdrawn: true })
  }

  private unsigned(publication: Publication, previous: Pointer | undefined): UnsignedPointer {
    const unsigned = unsignedPointer(this.environment, publication, previous, this.options.lifetimeMs)
    return { ...unsigned, sequence: Math.max(unsigned.sequence, this.takenBackUpTo + 1) }
  }
}

/** The pointer of a publication of this node, in place of the previous one. */
export function unsignedPointer(
  environment: Environment<never>,
  { kind, key, target, displayName, bytes }: Publication,
  previous: Pointer | undefined,
  lifetimeMs: number,
): UnsignedPointer {
  const lifetimeS = Math.min(MAX_POINTER_LIFETIME_S, Math.ceil(lifetimeMs / 1000))
  return {
    version: POINTER_VERSION,
    kind,
    key,
    provider: environment.idOf(environment.self),
    addresses: ownAddresses(environment),
    sequence: Math.max(Math.floor(environment.now()), (previous?.sequence ?? 0) + 1),
    expiresAt: Math.floor(environment.now() / 1000) + lifetimeS,
    ...(target === undefined ? {} : { target }),
    ...(displayName === undefined ? {} : { displayName }),
    ...(bytes === undefined ? {} : { bytes }),
  }
}
