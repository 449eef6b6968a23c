import type { PeerHandle } from '@onehop/overlay'
import { MAX_AGE_MS } from './limits.ts'

/** Words of a row: the handle; when it was signed; when it was heard of; round-trip time, suspicion, chain link. */
const WORDS = 4
const PEER = 0
const SIGNED = 1
const HEARD = 2
const REST = 3

/** The last word: 15 bits of round-trip time, one of suspicion, 16 for the next slot of the chain. */
const RTT_SHIFT = 17
const SUSPECT = 0x1_0000
const LINK_MASK = 0xffff
const MOST_RTT_UNITS = 0x7fff
const RTT_UNITS_PER_MS = 4

/** No slot: what a link says at the end of a chain. It is also how many slots there can be. */
export const NO_SLOT = 0xffff

const FIRST_CAPACITY = 4
/** The arrays grow by this part of themselves, so that little of them stands empty. */
const GROWTH = 1.25
/** Times are kept as ms since a base in 32 bits; the base moves on when so much of them is used up. */
const MOST_OFFSET_MS = 0xf000_0000

/** What is known of peers beside their records: a row of 16 bytes each in one typed array, in dense slots. */
export class PeerRows {
  size = 0
  private words = new Uint32Array(0)
  private baseMs: number

  constructor(nowMs: number) {
    this.baseMs = Math.floor(nowMs) - MAX_AGE_MS
  }

  get byteLength(): number {
    return this.words.byteLength
  }

  peerAt(slot: number): PeerHandle {
    return this.words[slot * WORDS + PEER] as PeerHandle
  }

  linkAt(slot: number): number {
    return this.words[slot * WORDS + REST]! & LINK_MASK
  }

  setLink(slot: number, next: number): void {
    const at = slot * WORDS + REST
    this.words[at] = (this.words[at]! & ~LINK_MASK) | next
  }

  signedMsAt(slot: number): number {
    return this.baseMs + this.words[slot * WORDS + SIGNED]!
  }

  setSignedMs(slot: number, timeMs: number): void {
    this.words[slot * WORDS + SIGNED] = this.offsetOf(timeMs)
  }

  heardMsAt(slot: number): number {
    return this.baseMs + this.words[slot * WORDS + HEARD]!
  }

  setHeardMs(slot: number, timeMs: number): void {
    this.words[slot * WORDS + HEARD] = this.offsetOf(timeMs)
  }

  /** Round-trip time in ms, to a quarter of one; undefined until measured. */
  rttMsAt(slot: number): number | undefined {
    const units = this.words[slot * WORDS + REST]! >>> RTT_SHIFT
    return units === 0 ? undefined : units / RTT_UNITS_PER_MS
  }

  setRttMs(slot: number, rttMs: number): void {
    const at = slot * WORDS + REST
    const units = Math.max(1, Math.min(MOST_RTT_UNITS, Math.round(rttMs * RTT_UNITS_PER_MS)))
    this.words[at] = (this.words[at]! & ((1 << RTT_SHIFT) - 1)) | (units << RTT_SHIFT)
  }

  isSuspectAt(slot: number): boolean {
    return (this.words[slot * WORDS + REST]! & SUSPECT) !== 0
  }

  setSuspect(slot: number, isSuspect: boolean): void {
    const at = slot * WORDS + REST
    this.words[at] = isSuspect ? this.words[at]! | SUSPECT : this.words[at]! & ~SUSPECT
  }

  /** Writes a new row: neither measured nor suspected, in no chain. */
  write(slot: number, peer: PeerHandle, signedMs: number, heardMs: number): void {
    const at = slot * WORDS
    this.words[at + PEER] = peer
    this.words[at + SIGNED] = this.offsetOf(signedMs)
    this.words[at + HEARD] = this.offsetOf(heardMs)
    this.words[at + REST] = NO_SLOT
  }

  move(from: number, to: number): void {
    this.words.copyWithin(to * WORDS, from * WORDS, from * WORDS + WORDS)
  }

  swap(a: number, b: number): void {
    const { words } = this
    for (let i = 0; i < WORDS; i++) {
      const word = words[a * WORDS + i]!
      words[a * WORDS + i] = words[b * WORDS + i]!
      words[b * WORDS + i] = word
    }
  }

  /** Makes room for one row more. */
  extend(): void {
    this.size++
    if (this.size * WORDS > this.words.length)
      this.reserve(Math.max(FIRST_CAPACITY, Math.ceil(this.size * GROWTH)))
  }

  /** Makes room for so many rows at once. */
  reserve(rows: number): void {
    if (rows * WORDS <= this.words.length) return
    const grown = new Uint32Array(rows * WORDS)
    grown.set(this.words)
    this.words = grown
  }

  clear(): void {
    this.size = 0
    this.words = new Uint32Array(0)
  }

  private offsetOf(timeMs: number): number {
    if (timeMs - this.baseMs > MOST_OFFSET_MS) this.moveBase(Math.floor(timeMs) - MAX_AGE_MS)
    return Math.max(0, Math.floor(timeMs) - this.baseMs)
  }

  private moveBase(baseMs: number): void {
    const change = baseMs - this.baseMs
    for (let at = 0; at < this.size * WORDS; at += WORDS) {
      this.words[at + SIGNED] = Math.max(0, this.words[at + SIGNED]! - change)
      this.words[at + HEARD] = Math.max(0, this.words[at + HEARD]! - change)
    }
    this.baseMs = baseMs
  }
}
