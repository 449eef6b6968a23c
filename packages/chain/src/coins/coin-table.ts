import type { Coin, OutPoint } from '@onehop/ledger'
import type { RecordRef } from './coin-arena.ts'
import { CoinRecords, DIRTY, FRESH, SPENT, writeOutPoint } from './coin-records.ts'
import { type HashKey, hashOutpoint, OUTPOINT_WORDS } from './outpoint-hash.ts'

/** A slot, in words: the outpoint's hash, and where its record is (0 in an empty slot). */
const SLOT_WORDS = 2
const MIN_SLOTS = 1024
/** Share of the slots in use at which the table doubles where the limit has room for that … */
const COMFORTABLE_LOAD = 0.7
/** … and at which it doubles in any case. */
const CROWDED_LOAD = 0.9

const MIN_CHUNK_BYTES = 16 * 1024
const MAX_CHUNK_BYTES = 1024 * 1024
/** Among so many, a chunk that is not full costs little. */
const CHUNKS_AT_LIMIT = 64

function chunkBytesFor(limitBytes: number): number {
  const wanted = 2 ** Math.floor(Math.log2(Math.max(1, limitBytes / CHUNKS_AT_LIMIT)))
  return Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, wanted))
}

/**
 * Coins by outpoint, each with what is known of the store's: an open-addressing hash table over records in an arena,
 * so that a million coins are some ninety bytes each, and nothing to the garbage collector.
 */
export class CoinTable {
  private readonly limitBytes: number
  private readonly hashKey: HashKey
  private readonly chunkBytes: number
  private readonly records: CoinRecords
  private slots = new Uint32Array(MIN_SLOTS * SLOT_WORDS)
  private used = 0
  /** The outpoint in question, in words, and its hash. */
  private readonly wanted = new Uint32Array(OUTPOINT_WORDS)
  private wantedHash = 0

  /** @param limitBytes of memory; it is the caller who keeps to it, by {@link dropOldest}. */
  constructor(limitBytes: number, hashKey: HashKey) {
    this.limitBytes = limitBytes
    this.hashKey = hashKey
    this.chunkBytes = chunkBytesFor(limitBytes)
    this.records = new CoinRecords(this.chunkBytes)
  }

  /** Outpoints here, spent ones among them. */
  get count(): number {
    return this.used
  }

  /** Outpoints whose coin the store has not, or still has though it is spent. */
  get dirtyCount(): number {
    return this.records.dirtyCount
  }

  get dirtyBytes(): number {
    return this.records.dirtyBytes
  }

  /** All memory in use. */
  get memoryBytes(): number {
    return this.records.memoryBytes + this.slots.byteLength
  }

  /** Pieces in which {@link dropOldest} gives memory back. */
  get chunkCount(): number {
    return this.records.chunkCount
  }

  /** The coin; null when it is known to be spent, undefined when only the store can tell. */
  get(outPoint: OutPoint): Coin | null | undefined {
    const ref = this.slots[this.slotOf(outPoint) + 1]!
    if (ref === 0) return undefined
    return (this.records.flagsOf(ref) & SPENT) === 0 ? this.records.coinOf(ref) : null
  }

  /** Keeps a coin that was read from the store, when that costs no memory beyond the limit. */
  keep(outPoint: OutPoint, coin: Coin): void {
    if (!this.records.hasRoomFor(coin) && this.memoryBytes + this.chunkBytes > this.limitBytes) return
    const slot = this.slotOf(outPoint)
    if (this.slots[slot + 1] === 0) this.fill(slot, this.records.add(this.wanted, coin, 0))
  }

  /** @param fresh the coins up to now have none here, neither in the table nor in the store. */
  add(outPoint: OutPoint, coin: Coin, fresh: boolean): void {
    const slot = this.slotOf(outPoint)
    const before = this.slots[slot + 1]!
    if (before === 0) {
      this.fill(slot, this.records.add(this.wanted, coin, fresh ? DIRTY | FRESH : DIRTY))
      return
    }
    const stillFresh = this.records.flagsOf(before) & FRESH
    this.records.kill(before)
    this.slots[slot + 1] = this.records.add(this.wanted, coin, DIRTY | stillFresh)
  }

  /** The coin is there no more. */
  spend(outPoint: OutPoint): void {
    const slot = this.slotOf(outPoint)
    const ref = this.slots[slot + 1]!
    if (ref === 0) this.fill(slot, this.records.add(this.wanted, undefined, DIRTY | SPENT))
    else if ((this.records.flagsOf(ref) & FRESH) === 0) this.records.setFlags(ref, DIRTY | SPENT)
    else {
      this.records.kill(ref)
      this.vacate(slot)
    }
  }

  /** What differs from the store: the coin, or nothing where it is spent. The table may not be changed meanwhile. */
  *dirtyCoins(): Generator<readonly [OutPoint, Coin | undefined]> {
    const { records } = this
    for (const ref of records.living()) {
      const flags = records.flagsOf(ref)
      if ((flags & DIRTY) === 0) continue
      yield [records.outPointOf(ref), flags & SPENT ? undefined : records.coinOf(ref)]
    }
  }

  /** The store has all that was dirty. */
  markClean(): void {
    for (const ref of this.records.living()) {
      if (this.records.flagsOf(ref) & SPENT) this.forget(ref)
      else this.records.setFlags(ref, 0)
    }
  }

  /** Gives back the oldest piece of memory: what is dirty in it moves elsewhere, the rest is forgotten. */
  dropOldest(): void {
    this.records.releaseOldest(ref => {
      if ((this.records.flagsOf(ref) & DIRTY) === 0) this.forget(ref)
      else this.slots[this.slotOfRecord(ref) + 1] = this.records.move(ref)
    })
  }

  private forget(ref: RecordRef): void {
    const slot = this.slotOfRecord(ref)
    this.records.kill(ref)
    this.vacate(slot)
  }

  private slotOf(outPoint: OutPoint): number {
    writeOutPoint(outPoint, this.wanted, 0)
    return this.slotOfWanted()
  }

  private slotOfRecord(ref: RecordRef): number {
    this.records.copyOutPoint(ref, this.wanted)
    return this.slotOfWanted()
  }

  /** The slot of the outpoint in question, or the empty one that it would take: index of its first word. */
  private slotOfWanted(): number {
    const { slots, wanted, records } = this
    const hash = hashOutpoint(wanted, this.hashKey) >>> 0
    this.wantedHash = hash
    const mask = slots.length - 1
    let slot = (hash * SLOT_WORDS) & mask
    for (let ref = slots[slot + 1]!; ref !== 0; ref = slots[slot + 1]!) {
      if (slots[slot] === hash && records.isOf(ref, wanted)) return slot
      slot = (slot + SLOT_WORDS) & mask
    }
    return slot
  }

  /** Puts the outpoint in question into its empty slot. */
  private fill(slot: number, ref: RecordRef): void {
    this.slots[slot] = this.wantedHash
    this.slots[slot + 1] = ref
    this.used += 1
    const load = (this.used * SLOT_WORDS) / this.slots.length
    if (load < COMFORTABLE_LOAD) return
    if (load > CROWDED_LOAD || this.memoryBytes + this.slots.byteLength <= this.limitBytes) this.double()
  }

  /** Empties a slot, and moves those after it that would not be found any more (Knuth's algorithm R). */
  private vacate(slot: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let hole = slot
    for (let next = (hole + SLOT_WORDS) & mask; slots[next + 1] !== 0; next = (next + SLOT_WORDS) & mask) {
      const home = (slots[next]! * SLOT_WORDS) & mask
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      slots[hole] = slots[next]!
      slots[hole + 1] = slots[next + 1]!
      hole = next
    }
    slots[hole + 1] = 0
    this.used -= 1
  }

  private double(): void {
    const old = this.slots
    const slots = new Uint32Array(old.length * 2)
    const mask = slots.length - 1
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + 1] === 0) continue
      let slot = (old[at]! * SLOT_WORDS) & mask
      while (slots[slot + 1] !== 0) slot = (slot + SLOT_WORDS) & mask
      slots[slot] = old[at]!
      slots[slot + 1] = old[at + 1]!
    }
    this.slots = slots
    // Detaching frees the memory at once, where a collection might come much later.
    old.buffer.transfer(0)
  }
}
