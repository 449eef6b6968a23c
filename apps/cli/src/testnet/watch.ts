import { setTimeout as sleep } from 'node:timers/promises'
import { count, shortened, style } from '../format.ts'
import { WATCH_MS } from './limits.ts'
import type { NodeProcess } from './node-process.ts'
import type { Testnet } from './testnet.ts'

/** What is shown of a block as it comes. */
interface BlockSummary {
  readonly height: number
  readonly hash: string
  readonly tx: readonly string[]
}

/**
 * Tells of new blocks and of nodes that end, until it is aborted or no node is left.
 * @returns whether the nodes ended by themselves.
 */
export async function watchTestnet(
  testnet: Testnet,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const ended = new Set<NodeProcess>()
  let height = (await testnet.first.status()).height
  while (!signal.aborted) {
    for (const node of testnet.nodes) {
      if (node.endedHow === undefined || ended.has(node)) continue
      ended.add(node)
      log(style('red', node.epitaph))
    }
    if (ended.size === testnet.nodes.length) return true
    height = await tellNewBlocks(testnet, height, log)
    await sleep(WATCH_MS, undefined, { signal }).catch(() => undefined)
  }
  return false
}

/** Blocks told of in one go; after more than that, only the last ones. */
const MAX_TOLD = 10

async function tellNewBlocks(testnet: Testnet, known: number, log: (line: string) => void): Promise<number> {
  const node = testnet.nodes.find(candidate => candidate.endedHow === undefined)
  if (node === undefined) return known
  try {
    const height = await node.client.call<number>('getblockcount')
    for (let h = Math.max(known + 1, height - MAX_TOLD + 1); h <= height; h++) {
      log(describe(await blockAt(node, h)))
    }
    return height
  } catch {
    // A node that is just ending: the next look tells.
    return known
  }
}

async function blockAt({ client }: NodeProcess, height: number): Promise<BlockSummary> {
  const hash = await client.call<string>('getblockhash', [height])
  return client.call<BlockSummary>('getblock', [hash, 1])
}

function describe({ height, hash, tx }: BlockSummary): string {
  return `block ${height}  ${shortened(hash)}  ${count(tx.length, 'transaction')}`
}
