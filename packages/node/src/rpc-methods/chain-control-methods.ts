import { type CheckLevel, PRUNE_AFTER_HEIGHT, PrunedBlocksError } from '@onehop/chain'
import type { HeaderNode } from '@onehop/ledger'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH, nodeOf } from './block-lookup.ts'
import type { MethodContext } from './method-context.ts'

/** What bitcoind verifies when it is not told: coins of the last six blocks. */
const DEFAULT_CHECK_LEVEL = 3
const DEFAULT_CHECK_BLOCKS = 6
const MAX_CHECK_LEVEL = 4

async function verify({ chain, log }: MethodContext, level: number, blocks: number): Promise<boolean> {
  const checkLevel = Math.max(0, Math.min(MAX_CHECK_LEVEL, level)) as CheckLevel
  const result = await chain.verify(checkLevel, blocks)
  if (!result.ok) log.error({ checkLevel, blocks }, result.why)
  return result.ok
}

/** Above it, what is to be pruned is told by a time and not by a height. */
const HIGHEST_HEIGHT = 1_000_000_000
/** Seconds that a block's time may be ahead of others' (Core's TIMESTAMP_WINDOW). */
const TIMESTAMP_WINDOW_SECONDS = 2 * 60 * 60

async function invalidate({ chain }: MethodContext, node: HeaderNode): Promise<void> {
  try {
    await chain.invalidateBlock(node)
  } catch (error) {
    if (error instanceof PrunedBlocksError) throw new RpcError(RPC_CODE.databaseError, error.message)
    throw error
  }
}

/** The lowest block of the active chain at or before which some block is as late as that. */
function heightAtTime({ chain }: MethodContext, time: number): number {
  for (let height = 0; height <= chain.tip.height; height++) {
    const node = chain.nodeAtHeight(height)
    if (node !== undefined && node.header.time >= time) return height
  }
  throw new RpcError(RPC_CODE.invalidParameter, 'Could not find block with at least the specified timestamp.')
}

async function prune(context: MethodContext, heightOrTime: number): Promise<number> {
  const { chain } = context
  if (!chain.pruning.isEnabled)
    throw new RpcError(RPC_CODE.miscError, 'Cannot prune blocks because node is not in prune mode.')
  if (heightOrTime < 0) throw new RpcError(RPC_CODE.invalidParameter, 'Negative block height.')
  const height =
    heightOrTime > HIGHEST_HEIGHT
      ? heightAtTime(context, heightOrTime - TIMESTAMP_WINDOW_SECONDS)
      : heightOrTime
  if (chain.tip.height < PRUNE_AFTER_HEIGHT)
    throw new RpcError(RPC_CODE.miscError, 'Blockchain is too short for pruning.')
  if (height > chain.tip.height) {
    throw new RpcError(RPC_CODE.invalidParameter, 'Blockchain is shorter than the attempted prune height.')
  }
  await chain.prune(height)
  return chain.pruning.prunedHeight
}

/** What an operator may say about blocks: bitcoind's calls. */
export function chainControlMethods(context: MethodContext): RpcMethod[] {
  const { chain } = context
  return [
    defineMethod({
      name: 'invalidateblock',
      category: 'Blockchain',
      summary:
        'Treats a block as if it broke a rule, until reconsiderblock: the best other branch becomes active.',
      params: { blockhash: BLOCK_HASH },
      handler: async ({ blockhash }) => {
        await invalidate(context, nodeOf(context, blockhash))
        return null
      },
    }),
    defineMethod({
      name: 'reconsiderblock',
      category: 'Blockchain',
      summary:
        'Takes invalidity back from a block, its ancestors and its descendants, and checks them again.',
      params: { blockhash: BLOCK_HASH },
      handler: async ({ blockhash }) => {
        await chain.reconsiderBlock(nodeOf(context, blockhash))
        return null
      },
    }),
    defineMethod({
      name: 'preciousblock',
      category: 'Blockchain',
      summary:
        'Treats a block as if it had come before others of the same work, until the next such call or restart.',
      params: { blockhash: BLOCK_HASH },
      handler: async ({ blockhash }) => {
        await chain.preferBlock(nodeOf(context, blockhash))
        return null
      },
    }),
    defineMethod({
      name: 'pruneblockchain',
      category: 'Blockchain',
      summary: 'Deletes old blocks, in whole files; wants --prune. The last 288 stay.',
      params: {
        height: {
          type: 'integer',
          description: 'highest block to delete, or a Unix time: blocks two hours older than that',
        },
      },
      handler: ({ height }) => prune(context, height),
    }),
    defineMethod({
      name: 'verifychain',
      category: 'Blockchain',
      summary: 'Whether the last blocks and the coins are in order; if not, debug.log says why.',
      params: {
        checklevel: {
          type: 'integer',
          default: DEFAULT_CHECK_LEVEL,
          description:
            '0 reads blocks, 1 checks each by itself, 2 reads undo data, 3 takes blocks off the coins, 4 connects them again',
        },
        nblocks: {
          type: 'integer',
          default: DEFAULT_CHECK_BLOCKS,
          description: 'how many blocks; 0 for all',
        },
      },
      handler: ({ checklevel, nblocks }) => verify(context, checklevel, nblocks),
    }),
  ]
}
