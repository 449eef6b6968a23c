import type { Key } from '@onehop/overlay'
import type { PointerStore } from './pointer-store.ts'

const LEAST_CHAINS = 8
const GROWTH = 1.25
const FIRST_CAPACITY = 4

/** Slots that fit in 16 bits; a larger table has links of 32. */
const MOST_SHORT_SLOTS = 0xffff

/** No slot: what a link says at the end of a chain, in 16 and in 32 bits. */
const SHORT_END = 0xffff
const END = 0xffff_ffff

type Links = Uint16Array | Uint32Array

/** What {@link KeyChains} says when there is no further slot. */
export const NO_POINTER = -1

/** What keys are told apart by: 32 bits. */
export type KeyHash = (key: Key) => number

/** Finds the slots of a key: those whose hashes end alike are chained, and so are the free ones. */
export class KeyChains {
  /** Slots that are or were in use. */
  slots = 0
  private readonly store: PointerStore
  private readonly hashOf: KeyHash
  private heads: Links = new Uint16Array(0)
  private links: Links = new Uint16Array(0)
  private freeHead = NO_POINTER
  private used = 0

  constructor(store: PointerStore, hashOf: KeyHash) {
    this.store = store
    this.hashOf = hashOf
  }

  get byteLength(): number {
    return this.heads.byteLength + this.links.byteLength
  }

  /** Slots in use. */
  get size(): number {
    return this.used
  }

  /** The first slot that may have this key, or {@link NO_POINTER}. */
  first(key: Key): number {
    return this.heads.length === 0 ? NO_POINTER : this.read(this.heads, this.chainOf(key))
  }

  next(slot: number): number {
    return this.read(this.links, slot)
  }

  /** Makes room for so many slots at once. */
  reserve(slots: number): void {
    if (slots > this.links.length) this.extendTo(slots)
    let count = Math.max(LEAST_CHAINS, this.heads.length)
    while (count * 2 < slots) count *= 2
    if (count > this.heads.length) this.rechain(count)
  }

  /** A free slot for the key, in its chain from now on. */
  take(key: Key): number {
    if (this.used >= this.heads.length * 2) this.rechain(Math.max(LEAST_CHAINS, this.heads.length * 2))
    const slot = this.freeHead === NO_POINTER ? this.extend() : this.freeHead
    if (slot === this.freeHead) this.freeHead = this.next(slot)
    this.used++
    this.chain(slot, key)
    return slot
  }

  /** Takes a slot out of the chain of its key. */
  give(slot: number, key: Key): void {
    const chain = this.chainOf(key)
    const following = this.links[slot]!
    let at = this.read(this.heads, chain)
    if (at === slot) this.heads[chain] = following
    else {
      while (this.next(at) !== slot) at = this.next(at)
      this.links[at] = following
    }
    this.write(this.links, slot, this.freeHead)
    this.freeHead = slot
    this.used--
  }

  clear(): void {
    this.heads = new Uint16Array(0)
    this.links = new Uint16Array(0)
    this.slots = 0
    this.used = 0
    this.freeHead = NO_POINTER
  }

  private extend(): number {
    const slot = this.slots++
    if (slot >= this.links.length) this.extendTo(Math.max(FIRST_CAPACITY, Math.ceil(this.slots * GROWTH)))
    return slot
  }

  private extendTo(capacity: number): void {
    if (capacity > MOST_SHORT_SLOTS && this.links instanceof Uint16Array) this.widen()
    const grown = this.links instanceof Uint16Array ? new Uint16Array(capacity) : new Uint32Array(capacity)
    grown.set(this.links)
    this.links = grown
  }

  private rechain(count: number): void {
    this.heads = this.heads instanceof Uint16Array ? new Uint16Array(count) : new Uint32Array(count)
    this.heads.fill(END)
    for (let slot = 0; slot < this.slots; slot++)
      if (this.store.has(slot)) this.chain(slot, this.store.keyAt(slot))
  }

  private chainOf(key: Key): number {
    return this.hashOf(key) & (this.heads.length - 1)
  }

  private chain(slot: number, key: Key): void {
    const chain = this.chainOf(key)
    this.links[slot] = this.heads[chain]!
    this.heads[chain] = slot
  }

  private widen(): void {
    this.heads = widened(this.heads)
    this.links = widened(this.links)
  }

  private read(links: Links, at: number): number {
    const slot = links[at]!
    return slot === (links instanceof Uint16Array ? SHORT_END : END) ? NO_POINTER : slot
  }

  private write(links: Links, at: number, slot: number): void {
    links[at] = slot === NO_POINTER ? END : slot
  }
}

function widened(links: Links): Uint32Array {
  return Uint32Array.from(links, slot => (slot === SHORT_END ? END : slot))
}
