import { defineMethod, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH, nodeOf } from './block-lookup.ts'
import type { MethodContext } from './method-context.ts'

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
  ]
}
