import { Chain } from '@onehop/chain'
import { REGTEST } from '@onehop/ledger'
import { type BenchChain, readBlocks } from './bench-chain.ts'

/** A chain on disk that checks scripts on so many threads, as fast as this machine can. */
export async function openChain(datadir: string, threads: number): Promise<Chain> {
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  return Chain.open({ parameters: REGTEST, datadir, nowSeconds, threads })
}

/** Gives the chain the blocks. @throws when it refuses one. */
export async function acceptBlocks(chain: Chain, blocks: readonly Uint8Array[]): Promise<void> {
  for (const bytes of blocks) {
    const verdict = await chain.acceptBlock(bytes)
    if (!verdict.ok) throw new Error(`a block was refused: ${verdict.code}`)
  }
}

/** The chain with the blocks that make the coins, opened anew after these: nothing of them is cached. */
export async function openPrepared(datadir: string, chain: BenchChain, threads: number): Promise<Chain> {
  const first = await openChain(datadir, threads)
  await acceptBlocks(first, readBlocks(chain, 0, chain.setupBlocks))
  await first.close()
  return openChain(datadir, threads)
}
