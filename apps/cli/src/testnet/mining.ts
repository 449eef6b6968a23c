import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeProcess } from './node-process.ts'

/**
 * Lets nodes mine in turn: with M of them each mines every M block times, one block time after the one before. That takes
 * M - 1 block times, since each begins its own rhythm when it is told to.
 * @param blockTimeSeconds between blocks, whoever mines them.
 * @throws the signal's reason.
 */
export async function startMiners(
  miners: readonly NodeProcess[],
  blockTimeSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const blockTimeMs = blockTimeSeconds * 1000
  for (const [turn, miner] of miners.entries()) {
    if (turn > 0) await sleep(blockTimeMs, undefined, { signal })
    await miner.client.call('miner.start', { intervalMs: blockTimeMs * miners.length }, { signal })
  }
}
