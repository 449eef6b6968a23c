import { assertDefined, ByteWriter, sha256, sipHash24 } from '@onehop/primitives'
import { type BlockHeader, serializeHeader } from './block.ts'
import type { Wtxid } from './ids.ts'

const SIPHASH_KEY_LENGTH = 16
const SHORT_ID_MASK = 0xffff_ffff_ffffn

/** Names a transaction in a compact block by 48 bits of its wtxid's hash (BIP 152, version 2). */
export type ShortIdOf = (wtxid: Wtxid) => number

/** The short ids of one compact block: keyed by header and nonce, so that nobody can prepare collisions. */
export function shortIdsOf(header: BlockHeader, nonce: bigint): ShortIdOf {
  const seed = new ByteWriter().writeBytes(serializeHeader(header)).writeUint64(nonce).toBytes()
  const key = sha256(seed).subarray(0, SIPHASH_KEY_LENGTH)
  return wtxid => Number(sipHash24(key, wtxid) & SHORT_ID_MASK)
}

/**
 * Where each short id stands in a list. Sorted, for their sender chooses them: against a table of hashes, it could
 * choose them to fall together.
 */
export class ShortIdTable {
  private readonly sorted: Float64Array
  /** Place in the list, by place in `sorted`. */
  private readonly places: Uint32Array
  /** Some id stands in the list twice. */
  readonly hasRepeats: boolean

  constructor(shortIds: readonly number[]) {
    this.sorted = Float64Array.from(shortIds).sort()
    this.hasRepeats = this.sorted.some((id, i) => i > 0 && id === this.sorted[i - 1])
    this.places = new Uint32Array(shortIds.length)
    for (const [place, id] of shortIds.entries()) this.places[this.search(id)] = place
  }

  /** The id's place in the list; undefined where it has none. */
  placeOf(shortId: number): number | undefined {
    const at = this.search(shortId)
    return this.sorted[at] === shortId ? assertDefined(this.places[at], 'every id has a place') : undefined
  }

  /** Index of the first sorted id that is not less. */
  private search(shortId: number): number {
    let low = 0
    let high = this.sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.sorted[middle]! < shortId) low = middle + 1
      else high = middle
    }
    return low
  }
}
