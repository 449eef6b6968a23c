import type { CheckLevel } from '@onehop/chain'
import { defineMethod, type RpcMethod } from '@onehop/rpc'
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
        await chain.invalidateBlock(nodeOf(context, blockhash))
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
