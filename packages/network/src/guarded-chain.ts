import { type Rejection, refused } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import type { NetworkLog } from './network-types.ts'

/**
 * The chain, with its own failures (a full disk, say) turned into refusals that blame nobody: no peer is punished for
 * them and no rejection is left unhandled. The chain reports them to the node itself.
 */
export function guardChain(chain: ChainPort, log: NetworkLog): ChainPort {
  const failed = (what: string, error: unknown): Rejection => {
    log('warn', `the chain failed at ${what}: ${error instanceof Error ? error.message : String(error)}`)
    return refused('chain-failure', what)
  }
  return {
    tip: () => chain.tip(),
    locator: () => chain.locator(),
    headersAfter: (locator, limit) => chain.headersAfter(locator, limit),
    acceptHeaders: headers => {
      try {
        return chain.acceptHeaders(headers)
      } catch (error) {
        return failed('acceptHeaders', error)
      }
    },
    blocksToDownload: (limit, towards) => chain.blocksToDownload(limit, towards),
    getBlock: async hash => {
      try {
        return await chain.getBlock(hash)
      } catch (error) {
        failed('getBlock', error)
        return undefined
      }
    },
    acceptBlock: async bytes => {
      try {
        return await chain.acceptBlock(bytes)
      } catch (error) {
        return failed('acceptBlock', error)
      }
    },
    getTransaction: wtxid => chain.getTransaction(wtxid),
    hasTransaction: wtxid => chain.hasTransaction(wtxid),
    mempoolIds: () => chain.mempoolIds(),
    acceptTransaction: async bytes => {
      try {
        return await chain.acceptTransaction(bytes)
      } catch (error) {
        return failed('acceptTransaction', error)
      }
    },
  }
}
