import type { NodeProcess } from './node-process.ts'

/**
 * Lets nodes mine: whoever is first when the tip is old enough. Several of them vary the time by half, each by itself.
 * @param blockTimeSeconds from one block to the next.
 */
export async function startMiners(
  miners: readonly NodeProcess[],
  blockTimeSeconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const order = { intervalMs: blockTimeSeconds * 1000, spread: miners.length > 1 }
  await Promise.all(
    miners.map(miner => miner.client.call('miner.start', order, signal === undefined ? {} : { signal })),
  )
}
