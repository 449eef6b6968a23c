import {
  type Block,
  type BlockUndo,
  type CoinsCache,
  disconnectBlock,
  findFork,
  type HeaderNode,
} from '@onehop/ledger'
import { assertDefined } from '@onehop/primitives'
import type { ChainStore } from '../chain-store.ts'

/** What was acknowledged of the blocks on the way. */
export interface AcknowledgedBlocks {
  readBlock(node: HeaderNode): Promise<Block>
  readUndo(node: HeaderNode): Promise<BlockUndo>
}

/** Moves coins on without asking what they are now: they may be those from before the block, from after it, or both. */
function reconnectBlock({ transactions }: Block, height: number, coins: CoinsCache): void {
  for (const transaction of transactions) {
    if (!transaction.isCoinbase)
      for (const { previousOutput } of transaction.inputs) coins.spend(previousOutput)
    coins.addOutputs(transaction, height, true)
  }
}

/** The nodes above `fork`, down from `node`. */
function* downTo(fork: HeaderNode, from: HeaderNode): Generator<HeaderNode> {
  for (let node = from; node !== fork; node = assertDefined(node.parent, 'a descendant of the fork'))
    yield node
}

/**
 * Finishes a flush that the end of a process interrupted: the store's coins are partly those of `from` and partly those
 * of `to`. What differs between the two is touched by some block on the way from one to the other; setting or deleting
 * all that these blocks touch, whatever is there, in their order, gives the coins of `to`, and may be interrupted and
 * begun again as often as one likes (Core: ReplayBlocks).
 */
export async function finishFlush(
  store: ChainStore,
  [from, to]: readonly [HeaderNode, HeaderNode],
  blocks: AcknowledgedBlocks,
): Promise<void> {
  const { coins } = store
  const fork = findFork(from, to)
  const change = async (make: (overlay: CoinsCache) => void) => {
    const overlay = coins.overlay()
    make(overlay)
    overlay.flushInto(coins)
    if (coins.mustFlush) await store.spillCoins()
    coins.makeRoom()
  }
  for (const node of downTo(fork, from)) {
    const block = await blocks.readBlock(node)
    const undo = await blocks.readUndo(node)
    await change(overlay => disconnectBlock(block, undo, overlay))
  }
  for (const node of [...downTo(fork, to)].reverse()) {
    const block = await blocks.readBlock(node)
    await change(overlay => reconnectBlock(block, node.height, overlay))
  }
  await store.flushCoins(to.hash)
}
