import type { Chain } from '@onehop/chain'
import {
  type BlockHash,
  hashKey,
  parseHeader,
  serializeHeader,
  serializeTransaction,
  type Wtxid,
} from '@onehop/ledger'
import type { ChainPort } from '@onehop/network'
import { attemptDecode, BoundedSet } from '@onehop/primitives'
import { MAX_RECENTLY_REFUSED } from './limits.ts'

/** What the network asks of the ledger, answered by the chain: bytes on one side, blocks and headers on the other. */
export function createChainPort(chain: Chain): ChainPort {
  const refused = new BoundedSet<string>(MAX_RECENTLY_REFUSED)
  return {
    tip: () => chain.tip,
    locator: () => chain.headerTree.locator(),
    headersAfter: (locator, limit) => chain.headersAfter(locator as BlockHash[], limit).map(serializeHeader),
    acceptHeaders: headers => {
      const parsed = attemptDecode('bad-header', () => headers.map(parseHeader))
      return parsed.ok ? chain.acceptHeaders(parsed.value) : parsed
    },
    blocksToDownload: limit => chain.blocksToDownload(limit),
    getBlock: hash => chain.getBlockBytes(hash as BlockHash),
    acceptBlock: bytes => chain.acceptBlock(bytes),
    getTransaction: wtxid => {
      const transaction = chain.mempool.getByWtxid(wtxid as Wtxid)
      return transaction === undefined ? undefined : serializeTransaction(transaction)
    },
    hasTransaction: wtxid =>
      refused.has(hashKey(wtxid)) || chain.mempool.getByWtxid(wtxid as Wtxid) !== undefined,
    mempoolIds: () => [...chain.mempool.entries()].map(({ transaction }) => transaction.wtxid),
    acceptTransaction: bytes => chain.acceptTransaction(bytes),
  }
}
