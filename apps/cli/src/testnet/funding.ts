import { COINBASE_MATURITY } from './limits.ts'
import type { NodeProcess } from './node-process.ts'
import { readHistory, writeHistory } from './state.ts'

/** Blocks asked for in one call, so that an interruption is noticed. */
const BLOCKS_A_CALL = 25

/**
 * Mines one block to each node that has never been given coins, and then as many to the first one as it takes until those
 * coins can be spent. What has been given is written down block by block, so that nobody is funded twice.
 */
export async function fundNodes(
  datadir: string,
  nodes: readonly NodeProcess[],
  onPhase: (phase: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const miner = nodes[0]!
  let history = readHistory(datadir)
  for (const node of nodes) {
    if (history.funded.includes(node.name)) continue
    signal?.throwIfAborted()
    onPhase(`funding ${node.name}`)
    const height = await mine(miner, 1, (await node.status()).address)
    history = {
      ...history,
      funded: [...history.funded, node.name],
      matureAtHeight: height + COINBASE_MATURITY,
    }
    writeHistory(datadir, history)
  }
  await mineUpTo(miner, history.matureAtHeight, onPhase, signal)
}

async function mineUpTo(
  miner: NodeProcess,
  goal: number,
  onPhase: (phase: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { address, height: start } = await miner.status()
  let height = start
  while (height < goal) {
    signal?.throwIfAborted()
    onPhase(`mining to maturity: height ${height} of ${goal}`)
    height = await mine(miner, Math.min(BLOCKS_A_CALL, goal - height), address)
  }
}

/** @returns the height of the last block. */
async function mine(miner: NodeProcess, blocks: number, address: string): Promise<number> {
  await miner.client.call('generatetoaddress', [blocks, address])
  return miner.client.call<number>('getblockcount')
}
