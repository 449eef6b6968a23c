import { defineMethod, type RpcMethod } from '@onehop/rpc'
import { scriptOfAddress } from '../address.ts'
import type { MethodContext } from './method-context.ts'

/** Shortest interval of the miner, in milliseconds: a block takes longer to cross a network than to be found. */
const MIN_INTERVAL_MS = 10
/** Longest: what a timer can wait. */
const MAX_INTERVAL_MS = 2 ** 31 - 1
/** Blocks of one call. */
const MAX_BLOCKS_PER_CALL = 100_000

/** Mining: bitcoind's calls and the interval miner. */
export function miningMethods(context: MethodContext): RpcMethod[] {
  const { mining, wallet, parameters } = context
  return [
    defineMethod({
      name: 'generatetoaddress',
      category: 'Mining',
      summary: 'Mines blocks that pay an address.',
      params: {
        nblocks: { type: 'integer', min: 0, max: MAX_BLOCKS_PER_CALL },
        address: { type: 'string', description: 'address of this chain' },
        maxtries: { type: 'integer', optional: true },
      },
      handler: ({ nblocks, address }, { signal }) =>
        mining.generate(nblocks, scriptOfAddress(address, parameters), signal),
    }),
    defineMethod({
      name: 'generate',
      category: 'Mining',
      summary: 'Mines blocks that pay the wallet of this node.',
      params: { nblocks: { type: 'integer', min: 0, max: MAX_BLOCKS_PER_CALL } },
      handler: ({ nblocks }, { signal }) => mining.generate(nblocks, wallet.mainScript, signal),
    }),
    defineMethod({
      name: 'submitblock',
      category: 'Mining',
      summary: 'Hands in a block; null when it was taken, otherwise why not.',
      params: {
        hexdata: { type: 'string', description: 'a block in hex' },
        dummy: { type: 'any', optional: true },
      },
      handler: ({ hexdata }) => mining.submit(hexdata),
    }),
    defineMethod({
      name: 'miner.start',
      category: 'Mining',
      summary: 'Mines a block whenever the tip is so many milliseconds old, from now on.',
      params: {
        intervalMs: { type: 'integer', min: MIN_INTERVAL_MS, max: MAX_INTERVAL_MS },
        spread: {
          type: 'boolean',
          default: false,
          description: 'vary the interval by half: for several miners',
        },
      },
      handler: async ({ intervalMs, spread }) => {
        await mining.startInterval(intervalMs, spread)
        return null
      },
    }),
    defineMethod({
      name: 'miner.stop',
      category: 'Mining',
      summary: 'Ends what miner.start began.',
      handler: async () => {
        await mining.stopInterval()
        return null
      },
    }),
  ]
}
