import type { Key, PeerId, Pointer } from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import { compactPointer } from './compact.ts'

/** Where pointers are kept, by slot. */
export interface PointerStore {
  has(slot: number): boolean
  at(slot: number): Pointer
  /** The key, in memory that may be used again. */
  keyAt(slot: number): Key
  hasKey(slot: number, key: Key): boolean
  hasProvider(slot: number, provider: PeerId): boolean
  /** Whether it has the same key, provider and target. */
  isVersionOf(slot: number, pointer: Pointer): boolean
  sequenceAt(slot: number): number
  expiresAtAt(slot: number): number
  isWithdrawnAt(slot: number): boolean
  /** Puts a pointer into a slot: a free one, or in place of another. */
  set(slot: number, pointer: Pointer): void
  delete(slot: number): void
  clear(): void
  /** Bytes of memory, without pointers that others share. */
  readonly byteLength: number
}

const REFERENCE_BYTES = 8

/** References to pointers that are immutable, and in a simulation shared by all nodes. */
export class SharedPointers implements PointerStore {
  private pointers: (Pointer | undefined)[] = []

  get byteLength(): number {
    return this.pointers.length * REFERENCE_BYTES
  }

  has(slot: number): boolean {
    return this.pointers[slot] !== undefined
  }

  at(slot: number): Pointer {
    return this.pointers[slot]!
  }

  keyAt(slot: number): Key {
    return this.at(slot).key
  }

  hasKey(slot: number, key: Key): boolean {
    return equalBytes(this.at(slot).key, key)
  }

  hasProvider(slot: number, provider: PeerId): boolean {
    return equalBytes(this.at(slot).provider, provider)
  }

  isVersionOf(slot: number, pointer: Pointer): boolean {
    const own = this.at(slot)
    return own === pointer || isSameIdentity(own, pointer)
  }

  sequenceAt(slot: number): number {
    return this.at(slot).sequence
  }

  expiresAtAt(slot: number): number {
    return this.at(slot).expiresAt
  }

  isWithdrawnAt(slot: number): boolean {
    return this.at(slot).withdrawn === true
  }

  set(slot: number, pointer: Pointer): void {
    this.pointers[slot] = compactPointer(pointer)
  }

  delete(slot: number): void {
    this.pointers[slot] = undefined
  }

  clear(): void {
    this.pointers = []
  }
}

/** Whether the two are versions of one pointer: the same key, provider and target. */
export function isSameIdentity(a: Pointer, b: Pointer): boolean {
  if (!equalBytes(a.key, b.key) || !equalBytes(a.provider, b.provider)) return false
  if (a.target === undefined || b.target === undefined) return a.target === b.target
  return equalBytes(a.target, b.target)
}
