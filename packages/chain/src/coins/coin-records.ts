import type { Coin, OutPoint, TxId } from '@onehop/ledger'
import { CoinArena, type RecordRef, UNIT_BYTES } from './coin-arena.ts'
import { OUTPOINT_WORDS } from './outpoint-hash.ts'

/** Flag of a record: the coin differs from the store's. */
export const DIRTY = 1
/** Flag of a dirty record: the store has no coin here, so that one that is spent now leaves no trace. */
export const FRESH = 2
/** Flag of a dirty record: there is no coin here any more. */
export const SPENT = 4
/** Flag of a record that nothing refers to any more. */
const DEAD = 8

/*
 * A record, in words of 32 bits: flags and script length; height and coinbase flag; amount (2); outpoint (9). Then
 * come the script's bytes, up to the next unit.
 */
const CODE = 1
const AMOUNT = 2
const OUTPOINT = 4
const HEADER_BYTES = (OUTPOINT + OUTPOINT_WORDS) * 4
const FLAG_SHIFT = 24
const LENGTH_MASK = 0xff_ffff

function unitsFor(scriptBytes: number): number {
  return Math.ceil((HEADER_BYTES + scriptBytes) / UNIT_BYTES)
}

/** Writes an outpoint as words: the id's, little endian, and the index. */
export function writeOutPoint({ txid, index }: OutPoint, words: Uint32Array, at: number): void {
  for (let i = 0; i < OUTPOINT_WORDS - 1; i++) {
    const byte = i * 4
    words[at + i] = txid[byte]! | (txid[byte + 1]! << 8) | (txid[byte + 2]! << 16) | (txid[byte + 3]! << 24)
  }
  words[at + OUTPOINT_WORDS - 1] = index
}

function readOutPoint(words: Uint32Array, at: number): OutPoint {
  const txid = new Uint8Array(32)
  for (let i = 0; i < OUTPOINT_WORDS - 1; i++) {
    const word = words[at + i]!
    txid[i * 4] = word
    txid[i * 4 + 1] = word >>> 8
    txid[i * 4 + 2] = word >>> 16
    txid[i * 4 + 3] = word >>> 24
  }
  return { txid: txid as TxId, index: words[at + OUTPOINT_WORDS - 1]! }
}

/** Coins with their outpoints and flags, as bytes in an arena: typically 80 bytes a coin. */
export class CoinRecords {
  private readonly arena: CoinArena
  private dirty = 0
  private dirtyUnits = 0

  /** @param chunkBytes of the arena. */
  constructor(chunkBytes: number) {
    this.arena = new CoinArena(chunkBytes)
  }

  get memoryBytes(): number {
    return this.arena.memoryBytes
  }

  get chunkCount(): number {
    return this.arena.chunkCount
  }

  /** Living records that are dirty. */
  get dirtyCount(): number {
    return this.dirty
  }

  get dirtyBytes(): number {
    return this.dirtyUnits * UNIT_BYTES
  }

  hasRoomFor({ output }: Coin): boolean {
    return this.arena.hasRoom(unitsFor(output.scriptPubKey.length))
  }

  /** @param coin absent in a record that says that it is spent. @param words of the outpoint. */
  add(words: Uint32Array, coin: Coin | undefined, flags: number): RecordRef {
    const { arena } = this
    const length = coin === undefined ? 0 : coin.output.scriptPubKey.length
    const ref = arena.allocate(unitsFor(length))
    const target = arena.wordsAround(ref)
    const at = arena.wordOf(ref)
    target[at] = length | (flags << FLAG_SHIFT)
    for (let i = 0; i < OUTPOINT_WORDS; i++) target[at + OUTPOINT + i] = words[i]!
    if (coin !== undefined) {
      target[at + CODE] = coin.height * 2 + (coin.coinbase ? 1 : 0)
      arena.amountsAround(ref)[(at + AMOUNT) >>> 1] = coin.output.value
      arena.bytesAround(ref).set(coin.output.scriptPubKey, at * 4 + HEADER_BYTES)
    }
    this.tally(flags, ref, 1)
    return ref
  }

  flagsOf(ref: RecordRef): number {
    return this.arena.wordsAround(ref)[this.arena.wordOf(ref)]! >>> FLAG_SHIFT
  }

  setFlags(ref: RecordRef, flags: number): void {
    this.tally(this.flagsOf(ref), ref, -1)
    const words = this.arena.wordsAround(ref)
    const at = this.arena.wordOf(ref)
    words[at] = (words[at]! & LENGTH_MASK) | (flags << FLAG_SHIFT)
    this.tally(flags, ref, 1)
  }

  /** Nothing refers to the record any more; its memory returns when its chunk is the oldest. */
  kill(ref: RecordRef): void {
    this.setFlags(ref, DEAD)
  }

  coinOf(ref: RecordRef): Coin {
    const words = this.arena.wordsAround(ref)
    const at = this.arena.wordOf(ref)
    const code = words[at + CODE]!
    const script = at * 4 + HEADER_BYTES
    const output = {
      value: this.arena.amountsAround(ref)[(at + AMOUNT) >>> 1]!,
      scriptPubKey: this.arena.bytesAround(ref).slice(script, script + (words[at]! & LENGTH_MASK)),
    }
    return { output, height: code >>> 1, coinbase: (code & 1) === 1 }
  }

  outPointOf(ref: RecordRef): OutPoint {
    return readOutPoint(this.arena.wordsAround(ref), this.arena.wordOf(ref) + OUTPOINT)
  }

  /** Whether the record is of the outpoint with these words. */
  isOf(ref: RecordRef, outpoint: Uint32Array): boolean {
    const words = this.arena.wordsAround(ref)
    const at = this.arena.wordOf(ref) + OUTPOINT
    for (let i = 0; i < OUTPOINT_WORDS; i++) if (words[at + i] !== outpoint[i]) return false
    return true
  }

  /** Writes the words of the record's outpoint. */
  copyOutPoint(ref: RecordRef, target: Uint32Array): void {
    const words = this.arena.wordsAround(ref)
    const at = this.arena.wordOf(ref) + OUTPOINT
    for (let i = 0; i < OUTPOINT_WORDS; i++) target[i] = words[at + i]!
  }

  /** The living records, the oldest first. None may be added meanwhile. */
  *living(): Generator<RecordRef> {
    for (const range of this.arena.ranges()) yield* this.livingIn(range)
  }

  /**
   * Frees the oldest chunk. Each living record in it is shown to the visitor first, who forgets it, or moves it.
   */
  releaseOldest(visit: (ref: RecordRef) => void): void {
    const [oldest] = this.arena.ranges()
    if (oldest === undefined) return
    if (this.arena.chunkCount === 1) this.arena.addChunk()
    for (const ref of this.livingIn(oldest)) visit(ref)
    this.arena.releaseOldest()
  }

  /** Copies the record to the end and kills it here. */
  move(ref: RecordRef): RecordRef {
    const units = this.unitsOf(ref)
    const flags = this.flagsOf(ref)
    const copy = this.arena.allocate(units)
    const from = this.arena.wordOf(ref)
    const words = this.arena.wordsAround(ref).subarray(from, from + (units * UNIT_BYTES) / 4)
    this.arena.wordsAround(copy).set(words, this.arena.wordOf(copy))
    this.tally(flags, copy, 1)
    this.kill(ref)
    return copy
  }

  private *livingIn([first, end]: readonly [RecordRef, RecordRef]): Generator<RecordRef> {
    for (let ref = first; ref < end; ) {
      const next = ref + this.unitsOf(ref)
      if ((this.flagsOf(ref) & DEAD) === 0) yield ref
      ref = next
    }
  }

  private unitsOf(ref: RecordRef): number {
    return unitsFor(this.arena.wordsAround(ref)[this.arena.wordOf(ref)]! & LENGTH_MASK)
  }

  private tally(flags: number, ref: RecordRef, sign: 1 | -1): void {
    if ((flags & DIRTY) === 0) return
    this.dirty += sign
    this.dirtyUnits += sign * this.unitsOf(ref)
  }
}
