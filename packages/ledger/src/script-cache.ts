import { assert } from '@onehop/primitives'
import type { Wtxid } from './ids.ts'
import { SCRIPT_CACHE_TRANSACTIONS } from './limits.ts'
import type { ScriptFlags } from './script/flags.ts'

const ID_BYTES = 32
/** Places that an id may stand in. */
const WAYS = 8

/**
 * Remembers under which flags all scripts of a transaction ran, so that a block need not run what the mempool ran
 * (Core: the script execution cache). A transaction's id with witnesses fixes everything that its scripts see: what it
 * spends through the ids in its inputs. Takes all its memory at once; the oldest of those that share a place go.
 */
export class ScriptCache {
  private readonly ids: Uint8Array
  /** Of the id at the same index; 0 where there is none. */
  private readonly flags: Int32Array
  /** Of a set of {@link WAYS}: which one is overwritten next. */
  private readonly hands: Uint8Array
  private readonly setMask: number

  /** @param capacity transactions, a power of two. */
  constructor(capacity = SCRIPT_CACHE_TRANSACTIONS) {
    const sets = capacity / WAYS
    assert(Number.isInteger(sets) && sets >= 1 && (sets & (sets - 1)) === 0, 'a script cache has 2^n places')
    this.ids = new Uint8Array(capacity * ID_BYTES)
    this.flags = new Int32Array(capacity)
    this.hands = new Uint8Array(sets)
    this.setMask = sets - 1
  }

  /** Remembers that all scripts ran under the flags. */
  add(wtxid: Wtxid, flags: ScriptFlags): void {
    const set = this.setOf(wtxid)
    let place = this.placeOf(wtxid, set)
    if (place === undefined) {
      const hand = this.hands[set]!
      this.hands[set] = (hand + 1) % WAYS
      place = set * WAYS + hand
      this.ids.set(wtxid, place * ID_BYTES)
    } else if (covers(this.flags[place]!, flags)) return
    this.flags[place] = flags | KNOWN
  }

  /** Whether the scripts ran under these flags or more: no flag lets pass what would fail without it. */
  has(wtxid: Wtxid, flags: ScriptFlags): boolean {
    const place = this.placeOf(wtxid, this.setOf(wtxid))
    return place !== undefined && covers(this.flags[place]!, flags)
  }

  private setOf(wtxid: Wtxid): number {
    return (wtxid[0]! | (wtxid[1]! << 8) | (wtxid[2]! << 16) | (wtxid[3]! << 24)) & this.setMask
  }

  private placeOf(wtxid: Wtxid, set: number): number | undefined {
    for (let place = set * WAYS; place < (set + 1) * WAYS; place++) {
      if (this.flags[place] !== 0 && this.isAt(wtxid, place)) return place
    }
    return undefined
  }

  private isAt(wtxid: Wtxid, place: number): boolean {
    const at = place * ID_BYTES
    for (let i = 0; i < ID_BYTES; i++) if (this.ids[at + i] !== wtxid[i]) return false
    return true
  }
}

/** Tells a place that is taken, under no flag at all, from a free one. No script flag. */
const KNOWN = 1 << 31

function covers(known: ScriptFlags, asked: ScriptFlags): boolean {
  return (asked & ~known) === 0
}
