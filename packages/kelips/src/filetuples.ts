import { type Key, keyHash32, type PeerId, type Pointer } from '@onehop/overlay'
import { KeyChains, type KeyHash, NO_POINTER } from './key-chains.ts'
import {
  MAX_POINTERS,
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_KEY_AND_PROVIDER,
  MAX_POINTERS_PER_PROVIDER,
} from './limits.ts'
import { type Page, type PageRange, pageOf } from './pages.ts'
import { type PointerStore, SharedPointers } from './pointer-store.ts'
import { ProviderCounts } from './provider-counts.ts'

/** What stands for a pointer in the tables of this node: its slot, which stays the same while it is there. */
export type PointerId = number

/** What {@link Filetuples.put} did. */
export type PutResult = 'new' | 'fresher' | 'known' | 'stale' | 'full'

/** Pointers looked at in a second on average to find those that have expired. */
const SWEPT_PER_SECOND = 64

/** The filetuples: key → pointers, in slots that another pointer may have when one is gone. */
export class Filetuples {
  private readonly store: PointerStore
  private readonly chains: KeyChains
  /** Counted only where one provider could have too many. */
  private perProvider: ProviderCounts | undefined
  /** Nothing expires before. */
  private nextSweepS = Number.POSITIVE_INFINITY

  /** @param hashOf by which keys are found. */
  constructor(store: PointerStore = new SharedPointers(), hashOf: KeyHash = keyHash32) {
    this.store = store
    this.chains = new KeyChains(store, hashOf)
  }

  /** Pointers held, those included that are withdrawn or have expired and were not yet swept out. */
  get size(): number {
    return this.chains.size
  }

  /** Slots are smaller than this; some of them may be empty. */
  get slots(): number {
    return this.chains.slots
  }

  /** Bytes of memory, without what other nodes share. */
  get byteLength(): number {
    return this.chains.byteLength + this.store.byteLength + (this.perProvider?.byteLength ?? 0)
  }

  /** The pointer in a slot. */
  pointerAt(slot: PointerId): Pointer | undefined {
    return this.store.has(slot) ? this.store.at(slot) : undefined
  }

  /** The slot of a version of this pointer, or {@link NO_POINTER}. */
  slotOf(pointer: Pointer): PointerId {
    let slot = this.chains.first(pointer.key)
    while (slot !== NO_POINTER && !this.store.isVersionOf(slot, pointer)) slot = this.chains.next(slot)
    return slot
  }

  /** The version of this pointer that is held. */
  versionOf(pointer: Pointer): Pointer | undefined {
    return this.pointerAt(this.slotOf(pointer))
  }

  *all(): IterableIterator<Pointer> {
    for (let slot = 0; slot < this.slots; slot++) {
      const pointer = this.pointerAt(slot)
      if (pointer !== undefined) yield pointer
    }
  }

  /** Pointers that may be answered: neither expired nor withdrawn. */
  find(key: Key, nowS: number, limit: number): Pointer[] {
    const { chains, store } = this
    const found: Pointer[] = []
    for (let slot = chains.first(key); slot !== NO_POINTER; slot = chains.next(slot)) {
      if (found.length >= limit) break
      const isAlive = store.expiresAtAt(slot) > nowS && !store.isWithdrawnAt(slot)
      if (isAlive && store.hasKey(slot, key)) found.push(store.at(slot))
    }
    return found
  }

  /** Takes in a pointer whose signature is right. */
  put(pointer: Pointer): PutResult {
    const { store } = this
    const slot = this.slotOf(pointer)
    if (slot === NO_POINTER) return this.insert(pointer)
    const sequence = store.sequenceAt(slot)
    if (pointer.sequence <= sequence) return pointer.sequence === sequence ? 'known' : 'stale'
    const wasWithdrawn = store.isWithdrawnAt(slot)
    store.set(slot, pointer)
    this.nextSweepS = Math.min(this.nextSweepS, pointer.expiresAt)
    return wasWithdrawn === (pointer.withdrawn === true) ? 'fresher' : 'new'
  }

  /** Now and then forgets what has expired, which is not answered before either. Returns the slots. */
  expire(nowS: number): PointerId[] {
    const expired: PointerId[] = []
    if (nowS < this.nextSweepS) return expired
    let earliestS = Number.POSITIVE_INFINITY
    for (let slot = 0; slot < this.slots; slot++) {
      if (!this.store.has(slot)) continue
      const expiresAt = this.store.expiresAtAt(slot)
      if (expiresAt <= nowS) expired.push(slot)
      else earliestS = Math.min(earliestS, expiresAt)
    }
    for (const slot of expired) this.delete(slot)
    this.nextSweepS = Math.max(earliestS, nowS + Math.floor(this.slots / SWEPT_PER_SECOND))
    return expired
  }

  /** Forgets what this node is no longer to hold. */
  retain(isHeld: (hash32: number) => boolean): void {
    for (let slot = 0; slot < this.slots; slot++)
      if (this.store.has(slot) && !isHeld(keyHash32(this.store.keyAt(slot)))) this.delete(slot)
  }

  /** Makes room for so many pointers at once. */
  reserve(pointers: number): void {
    this.chains.reserve(pointers)
  }

  delete(slot: PointerId): void {
    const { store } = this
    this.perProvider?.add(store.at(slot).provider, -1)
    this.chains.give(slot, store.keyAt(slot))
    store.delete(slot)
  }

  clear(): void {
    this.store.clear()
    this.chains.clear()
    this.perProvider = undefined
  }

  /** Slots of the pointers whose keys' hashes are in the range, in no order. */
  slotsWithin(low: number, high: number): PointerId[] {
    const slots: PointerId[] = []
    for (let slot = 0; slot < this.slots; slot++) {
      if (!this.store.has(slot)) continue
      const hash32 = keyHash32(this.store.keyAt(slot))
      if (hash32 >= low && hash32 <= high) slots.push(slot)
    }
    return slots
  }

  /** The next filetuples of a range of hashes, in key order. */
  page(range: PageRange, maxBytes: number, costOf: (pointer: Pointer) => number): Page {
    return pageOf(this, range, maxBytes, costOf)
  }

  private insert(pointer: Pointer): PutResult {
    if (!this.hasRoomFor(pointer)) return 'full'
    const { store } = this
    const slot = this.chains.take(pointer.key)
    store.set(slot, pointer)
    this.nextSweepS = Math.min(this.nextSweepS, pointer.expiresAt)
    if (this.perProvider !== undefined) this.perProvider.add(pointer.provider, 1)
    else if (this.size >= MAX_POINTERS_PER_PROVIDER) this.countProviders()
    return 'new'
  }

  private hasRoomFor({ key, provider }: Pointer): boolean {
    if (this.size >= MAX_POINTERS || this.countOf(provider) >= MAX_POINTERS_PER_PROVIDER) return false
    const { chains, store } = this
    let ofKey = 0
    let ofProvider = 0
    for (let slot = chains.first(key); slot !== NO_POINTER; slot = chains.next(slot)) {
      if (!store.hasKey(slot, key)) continue
      ofKey++
      if (store.hasProvider(slot, provider)) ofProvider++
    }
    return ofKey < MAX_POINTERS_PER_KEY && ofProvider < MAX_POINTERS_PER_KEY_AND_PROVIDER
  }

  private countOf(provider: PeerId): number {
    return this.perProvider?.of(provider) ?? 0
  }

  private countProviders(): void {
    this.perProvider = new ProviderCounts()
    for (const { provider } of this.all()) this.perProvider.add(provider, 1)
  }
}
