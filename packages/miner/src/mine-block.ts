import { setImmediate as nextTurn } from 'node:timers/promises'
import { Block, BlockHeader, serializeHeader, targetOf } from '@onehop/ledger'
import { rollExtraNonce } from './extra-nonce.ts'
import { HeaderSearch } from './header-search.ts'
import { NONCES_PER_HEADER, NONCES_PER_LOOK, SLICE_MS } from './limits.ts'
import type { MiningThreads } from './mining-threads.ts'
import type { NonceSearcher } from './nonce-searcher.ts'

/** How a search is ended, and by what it is done. */
export interface MineOptions {
  /** Ends the search: the promise rejects with the signal's reason, within one slice. */
  readonly signal?: AbortSignal | undefined
  /**
   * Threads that search when the first slice, on the calling thread, has found nothing. While they work at another
   * block, the calling thread goes on by itself.
   */
  readonly threads?: MiningThreads | undefined
  /** Told how many nonces were tried since it was told last. */
  readonly onHashes?: (count: number) => void
  /** What the calling thread searches with. @default the fastest that runs here */
  readonly searcher?: NonceSearcher
  /** Nonces to try before the coinbase gets another extra nonce. @default 2^32, all there are */
  readonly noncesPerHeader?: number
}

/** The search of one block's header, on this thread or others. */
class BlockSearch {
  private readonly options: MineOptions
  private readonly header: Uint8Array
  private readonly target: bigint
  private readonly search: HeaderSearch
  private readonly end: number
  /** The nonces before it were tried in vain. */
  private next = 0

  constructor(header: BlockHeader, options: MineOptions) {
    this.options = options
    this.header = serializeHeader(header)
    this.target = targetOf(header.bits)
    this.search = new HeaderSearch(this.header, this.target, options.searcher)
    this.end = options.noncesPerHeader ?? NONCES_PER_HEADER
  }

  /** The nonce that solves it, or undefined when all are exhausted. @throws the signal's reason. */
  async run(): Promise<number | undefined> {
    const { signal, threads } = this.options
    for (;;) {
      signal?.throwIfAborted()
      const nonce = this.trySlice()
      if (nonce !== undefined) return nonce
      await nextTurn()
      if (this.next >= this.end) return undefined
      if (threads === undefined || threads.isBusy) continue
      const result = await this.runOnThreads(threads)
      if (result !== 'no threads') return result
    }
  }

  private async runOnThreads(threads: MiningThreads): Promise<number | undefined | 'no threads'> {
    const { header, target, next, end } = this
    const { signal, onHashes } = this.options
    signal?.throwIfAborted()
    const result = await threads.search({ header, target, range: { start: next, end }, signal, onHashes })
    if (typeof result === 'object') return result.nonce
    signal?.throwIfAborted()
    return result === 'exhausted' ? undefined : result
  }

  /** Searches for some milliseconds. */
  private trySlice(): number | undefined {
    const sliceEnd = performance.now() + SLICE_MS
    this.search.begin()
    while (this.next < this.end && performance.now() < sliceEnd) {
      const end = Math.min(this.next + NONCES_PER_LOOK, this.end)
      const nonce = this.search.find(this.next, end)
      this.options.onHashes?.((nonce ?? end - 1) + 1 - this.next)
      if (nonce !== undefined) return nonce
      this.next = end
    }
    return undefined
  }
}

function withNonce({ header, transactions }: Block, nonce: number): Block {
  const { version, previousBlock, merkleRoot, time, bits } = header
  return new Block(new BlockHeader({ version, previousBlock, merkleRoot, time, bits, nonce }), transactions)
}

/**
 * Finds a nonce that gives the template its proof of work. Works in slices between which the event loop runs, or lets
 * threads work.
 * @param template a block that lacks only its proof of work. It is not changed.
 * @returns the block with the nonce, and with an extra nonce in its coinbase if 2^32 nonces did not suffice.
 * @throws the signal's reason when it is aborted.
 */
export async function mineBlock(template: Block, options: MineOptions = {}): Promise<Block> {
  let block = template
  for (let extraNonce = 1; ; extraNonce++) {
    const nonce = await new BlockSearch(block.header, options).run()
    if (nonce !== undefined) return withNonce(block, nonce)
    block = rollExtraNonce(template, extraNonce)
  }
}
