import { setImmediate as nextTurn } from 'node:timers/promises'
import { Block, BlockHeader, serializeHeader, targetOf } from '@onehop/ledger'
import { bytesToBigIntLE, sha256d as referenceSha256d } from '@onehop/primitives'
import { rollExtraNonce } from './extra-nonce.ts'
import { HASHES_PER_LOOK, NONCES_PER_HEADER, SLICE_MS } from './limits.ts'

/** How a search is ended, and what it hashes with. */
export interface MineOptions {
  /** Ends the search: the promise rejects with the signal's reason, within one slice. */
  readonly signal?: AbortSignal
  /** @default the one of primitives */
  readonly sha256d?: (message: Uint8Array) => Uint8Array
  /** Nonces to try before the coinbase gets another extra nonce. @default 2^32, all there are */
  readonly noncesPerHeader?: number
}

const NONCE_OFFSET = 76

/** Walks through the nonces of one header. */
class NonceSearch {
  private readonly bytes: Uint8Array
  private readonly nonceView: DataView
  private readonly target: bigint
  private readonly targetTop: number
  private readonly sha256d: (message: Uint8Array) => Uint8Array
  nonce = 0

  constructor(header: BlockHeader, sha256d: (message: Uint8Array) => Uint8Array) {
    this.bytes = serializeHeader(header)
    this.nonceView = new DataView(this.bytes.buffer, this.bytes.byteOffset + NONCE_OFFSET, 4)
    this.target = targetOf(header.bits)
    this.targetTop = Number(this.target >> 224n)
    this.sha256d = sha256d
  }

  /** Tries nonces up to `end`. Returns whether `nonce` is a solution; else it is `end`. */
  tryUpTo(end: number): boolean {
    for (; this.nonce < end; this.nonce++) {
      this.nonceView.setUint32(0, this.nonce, true)
      if (this.isSolved(this.sha256d(this.bytes))) return true
    }
    return false
  }

  /** Nearly all hashes fail on their top 32 bits, without big integers. */
  private isSolved(hash: Uint8Array): boolean {
    const top = new DataView(hash.buffer, hash.byteOffset + 28, 4).getUint32(0, true)
    return top <= this.targetTop && bytesToBigIntLE(hash) <= this.target
  }
}

/** Searches for some milliseconds, then returns whether a solution was found. */
function searchSlice(search: NonceSearch, nonces: number): boolean {
  const end = performance.now() + SLICE_MS
  while (search.nonce < nonces) {
    if (search.tryUpTo(Math.min(search.nonce + HASHES_PER_LOOK, nonces))) return true
    if (performance.now() >= end) return false
  }
  return false
}

function withNonce({ header, transactions }: Block, nonce: number): Block {
  const { version, previousBlock, merkleRoot, time, bits } = header
  return new Block(new BlockHeader({ version, previousBlock, merkleRoot, time, bits, nonce }), transactions)
}

/**
 * Finds a nonce that gives the template its proof of work. Works in slices between which the event loop runs.
 * @param template a block that lacks only its proof of work. It is not changed.
 * @returns the block with the nonce, and with an extra nonce in its coinbase if 2^32 nonces did not suffice.
 * @throws the signal's reason when it is aborted.
 */
export async function mineBlock(template: Block, options: MineOptions = {}): Promise<Block> {
  const { signal, sha256d = referenceSha256d, noncesPerHeader = NONCES_PER_HEADER } = options
  let block = template
  for (let extraNonce = 1; ; extraNonce++) {
    const search = new NonceSearch(block.header, sha256d)
    while (search.nonce < noncesPerHeader) {
      signal?.throwIfAborted()
      if (searchSlice(search, noncesPerHeader)) return withNonce(block, search.nonce)
      await nextTurn()
    }
    block = rollExtraNonce(template, extraNonce)
  }
}
