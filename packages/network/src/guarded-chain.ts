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
  const attempt = <T>(what: string, call: () => T): T | Rejection => {
    try {
      return call()
    } catch (error) {
      return failed(what, error)
    }
  }
  const attemptAsync = async <T>(what: string, call: () => Promise<T>): Promise<T | Rejection> => {
    try {
      return await call()
    } catch (error) {
      return failed(what, error)
    }
  }
  const attemptRead = async <T>(what: string, call: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await call()
    } catch (error) {
      failed(what, error)
      return undefined
    }
  }
  return {
    tip: () => chain.tip(),
    headersAfter: (locator, limit) => chain.headersAfter(locator, limit),
    acceptHeader: (header, source) => attempt('acceptHeader', () => chain.acceptHeader(header, source)),
    openHeaders: source => {
      const intake = chain.openHeaders(source)
      return {
        locator: () => intake.locator(),
        take: (headers, isFull) => attempt('openHeaders', () => intake.take(headers, isFull)),
      }
    },
    blocksToDownload: (limit, towards) => chain.blocksToDownload(limit, towards),
    getBlock: hash => attemptRead('getBlock', () => chain.getBlock(hash)),
    getCompactBlock: hash => attemptRead('getCompactBlock', () => chain.getCompactBlock(hash)),
    getBlockTransactions: request =>
      attemptAsync('getBlockTransactions', () => chain.getBlockTransactions(request)),
    openCompactBlock: bytes => attempt('openCompactBlock', () => chain.openCompactBlock(bytes)),
    acceptBlock: bytes => attemptAsync('acceptBlock', () => chain.acceptBlock(bytes)),
    getTransaction: wtxid => chain.getTransaction(wtxid),
    getTransactionById: txid => chain.getTransactionById(txid),
    transactionId: bytes => chain.transactionId(bytes),
    hasTransaction: wtxid => chain.hasTransaction(wtxid),
    hasSeenTransaction: wtxid => chain.hasSeenTransaction(wtxid),
    mempoolIds: minFeeRate => chain.mempoolIds(minFeeRate),
    minFeeRate: () => chain.minFeeRate(),
    acceptTransaction: (bytes, source) =>
      attemptAsync('acceptTransaction', () => chain.acceptTransaction(bytes, source)),
    missingParents: wtxid => chain.missingParents(wtxid),
    addAnnouncer: (wtxid, source) => chain.addAnnouncer(wtxid, source),
    forgetSource: source => chain.forgetSource(source),
  }
}
