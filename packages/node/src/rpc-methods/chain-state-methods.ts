import { blockHashToHex, targetOf } from '@onehop/ledger'
import { defineMethod, type RpcMethod } from '@onehop/rpc'
import { bitsHex, difficultyOf, shownNumber, uint256Hex } from './blockchain-json.ts'
import type { MethodContext } from './method-context.ts'

/** The state of coins that a node has: bitcoind's call. There is one here, all of which was checked. */
export function chainStateMethods({ chain, configuration }: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'getchainstates',
      category: 'Blockchain',
      summary: 'The sets of coins that this node keeps: one.',
      handler: () => {
        const { tip, headerTree } = chain
        const { bits } = tip.header
        return {
          headers: headerTree.best.height,
          chainstates: [
            {
              blocks: tip.height,
              bestblockhash: blockHashToHex(tip.hash),
              bits: bitsHex(bits),
              target: uint256Hex(targetOf(bits)),
              difficulty: difficultyOf(bits),
              verificationprogress: shownNumber(tip.height / Math.max(1, headerTree.best.height)),
              coins_db_cache_bytes: 0,
              coins_tip_cache_bytes: configuration.coinsCacheBytes,
              validated: true,
            },
          ],
        }
      },
    }),
    defineMethod({
      name: 'syncwithvalidationinterfacequeue',
      category: 'Blockchain',
      summary: 'Answers when the indexes have what the chain had when it was asked.',
      handler: async () => {
        await chain.indexes.idle()
        return null
      },
    }),
  ]
}
