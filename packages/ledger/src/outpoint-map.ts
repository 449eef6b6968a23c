import { equalBytes } from '@onehop/primitives'
import type { OutPoint } from './transaction.ts'

const INITIAL_SLOTS = 64
/** Bytes of the id that are hashed. */
const HASHED_BYTES = 8

/**
 * Values by outpoint, to which one can add but not take away. An open-addressing table over arrays: nothing is made of
 * an outpoint to look it up, where a Map would want a string.
 */
export class OutPointMap<T> {
  private readonly seed: number
  private slots = new Int32Array(INITIAL_SLOTS)
  private hashes = new Int32Array(INITIAL_SLOTS / 2)
  private outPoints: OutPoint[] = []
  private items: T[] = []

  /** @param seed a secret, where others choose the outpoints: they must not know which ones collide. */
  constructor(seed = 0) {
    this.seed = seed
  }

  get size(): number {
    return this.items.length
  }

  get(outPoint: OutPoint): T | undefined {
    const entry = this.slots[this.slotOf(outPoint, this.hash(outPoint))]!
    return entry === 0 ? undefined : this.items[entry - 1]
  }

  /** @param outPoint not in the map yet. Must not be changed afterwards. */
  add(outPoint: OutPoint, item: T): void {
    if (this.items.length === this.hashes.length) this.double()
    const hash = this.hash(outPoint)
    this.hashes[this.items.length] = hash
    this.outPoints.push(outPoint)
    this.items.push(item)
    this.slots[this.slotOf(outPoint, hash)] = this.items.length
  }

  /** In the order in which they were added. */
  values(): readonly T[] {
    return this.items
  }

  clear(): void {
    this.slots.fill(0)
    this.outPoints = []
    this.items = []
  }

  /** The outpoint's slot, or the empty one that it would take. */
  private slotOf(outPoint: OutPoint, hash: number): number {
    const { slots } = this
    const mask = slots.length - 1
    let slot = hash & mask
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      if (this.hashes[entry - 1] === hash && isSame(this.outPoints[entry - 1]!, outPoint)) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  private hash({ txid, index }: OutPoint): number {
    let hash = this.seed ^ index
    for (let i = 0; i < HASHED_BYTES; i += 4) {
      const word = txid[i]! | (txid[i + 1]! << 8) | (txid[i + 2]! << 16) | (txid[i + 3]! << 24)
      hash = Math.imul(hash ^ word, 0x9e37_79b1)
      hash ^= hash >>> 15
    }
    return hash
  }

  private double(): void {
    const hashes = new Int32Array(this.hashes.length * 2)
    hashes.set(this.hashes)
    this.hashes = hashes
    this.slots = new Int32Array(hashes.length * 2)
    const mask = this.slots.length - 1
    for (let i = 0; i < this.items.length; i++) {
      let slot = hashes[i]! & mask
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask
      this.slots[slot] = i + 1
    }
  }
}

function isSame(a: OutPoint, b: OutPoint): boolean {
  return a === b || (a.index === b.index && (a.txid === b.txid || equalBytes(a.txid, b.txid)))
}
