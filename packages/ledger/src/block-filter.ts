import {
  attemptDecode,
  concatBytes,
  DecodeError,
  type Result,
  SIPHASH_KEY_LENGTH,
  sha256d,
} from '@onehop/primitives'
import type { Block } from './block.ts'
import { decodeGolombSet, encodeGolombSet, type GolombParameters, golombSetMatches } from './golomb-set.ts'
import type { BlockHash } from './ids.ts'
import { MAX_BLOCK_FILTER_LENGTH } from './limits.ts'
import { OP } from './script/opcodes.ts'
import type { BlockUndo } from './undo.ts'

/** BIP 158's basic filter: P and M. */
const BASIC = { remainderBits: 19, falsePositiveRate: 784_931 } as const

/** What stands for the filter header before the genesis block's, 32 zero bytes (BIP 157). */
export const NULL_FILTER_HEADER: Uint8Array = new Uint8Array(32)

/** A block's basic filter (BIP 158): tells whether the block may pay to or spend from a script. */
export class BlockFilter {
  readonly blockHash: BlockHash
  /** As it is sent: the count of elements and the Golomb-coded set. */
  readonly bytes: Uint8Array
  private readonly hashes: Float64Array

  /** @throws {DecodeError} unless the bytes are one filter; {@link parseBlockFilter} answers with a result. */
  constructor(blockHash: BlockHash, bytes: Uint8Array) {
    if (bytes.length > MAX_BLOCK_FILTER_LENGTH) throw new DecodeError('longer than any block’s filter')
    this.blockHash = blockHash
    this.bytes = bytes
    this.hashes = decodeGolombSet(bytes, BASIC.remainderBits)
  }

  /** How many different scripts it was made of. */
  get elementCount(): number {
    return this.hashes.length
  }

  /** Double SHA-256 of the bytes, 32 bytes. */
  get hash(): Uint8Array {
    return sha256d(this.bytes)
  }

  /** Whether the script may be in the block: never wrongly no, and wrongly yes once in 784,931 times. */
  matches(script: Uint8Array): boolean {
    return this.matchesAny([script])
  }

  /** Whether any of the scripts may be in the block, in one pass over the filter. */
  matchesAny(scripts: readonly Uint8Array[]): boolean {
    return golombSetMatches(this.hashes, scripts, parametersOf(this.blockHash))
  }

  /**
   * The filter header, 32 bytes: it commits to this filter and to all before it (BIP 157).
   * @param previousHeader the parent block's filter header, {@link NULL_FILTER_HEADER} before the genesis block.
   */
  headerAfter(previousHeader: Uint8Array): Uint8Array {
    return sha256d(concatBytes(this.hash, previousHeader))
  }
}

/**
 * The basic filter of a block.
 * @param undo the coins that it spent; those of the genesis block are none.
 */
export function createBlockFilter(block: Block, undo: BlockUndo): BlockFilter {
  const { hash } = block
  return new BlockFilter(hash, encodeGolombSet(basicFilterElements(block, undo), parametersOf(hash)))
}

/** A filter that somebody sent. Refused: `bad-blockfilter` (blame: sender). */
export function parseBlockFilter(blockHash: BlockHash, bytes: Uint8Array): Result<BlockFilter> {
  return attemptDecode('bad-blockfilter', () => new BlockFilter(blockHash, bytes))
}

/** Scripts of outputs but OP_RETURN's, then those of spent coins; no empty ones. Repeats are possible. */
export function* basicFilterElements(block: Block, undo: BlockUndo): Generator<Uint8Array> {
  for (const { outputs } of block.transactions) {
    for (const { scriptPubKey } of outputs)
      if (scriptPubKey.length > 0 && scriptPubKey[0] !== OP.RETURN) yield scriptPubKey
  }
  for (const coins of undo.spent) {
    for (const { output } of coins) if (output.scriptPubKey.length > 0) yield output.scriptPubKey
  }
}

function parametersOf(blockHash: BlockHash): GolombParameters {
  return { ...BASIC, key: blockHash.subarray(0, SIPHASH_KEY_LENGTH) }
}
