import type { Chain } from '@onehop/chain'
import {
  type BlockHash,
  parseHeader,
  serializeHeader,
  serializeTransaction,
  type Wtxid,
} from '@onehop/ledger'
import type { ChainPort } from '@onehop/network'
import { attemptDecode } from '@onehop/primitives'

/** What the network asks of the ledger, answered by the chain: bytes on one side, blocks and headers on the other. */
export function createChainPort(chain: Chain): ChainPort {
  return {
    tip: () => chain.tip,
    locator: () => chain.headerTree.locator(),
    headersAfter: (locator, limit) => chain.headersAfter(locator as BlockHash[], limit).map(serializeHeader),
    acceptHeaders: headers => {
      const parsed = attemptDecode('bad-header', () => headers.map(parseHeader))
      return parsed.ok ? chain.acceptHeaders(parsed.value) : parsed
    },
    blocksToDownload: (limit, towards) => chain.blocksToDownload(limit, towards as BlockHash | undefined),
    getBlock: hash => getValidBlock(chain, hash as BlockHash),
    acceptBlock: bytes => chain.acceptBlock(bytes),
    getTransaction: wtxid => {
      const transaction = chain.mempool.getByWtxid(wtxid as Wtxid)
      return transaction === undefined ? undefined : serializeTransaction(transaction)
    },
    hasTransaction: wtxid => chain.mempool.getByWtxid(wtxid as Wtxid) !== undefined,
    mempoolIds: () => [...chain.mempool.entries()].map(({ transaction }) => transaction.wtxid),
    acceptTransaction: bytes => chain.acceptTransaction(bytes),
  }
}

/**
 * A block that is, or once was, connected. Blocks of other branches are stored before their transactions are checked:
 * a peer that got a bad one from us would blame us for it.
 */
async function getValidBlock(chain: Chain, hash: BlockHash): Promise<Uint8Array | undefined> {
  const node = chain.headerTree.get(hash)
  if (node === undefined) return undefined
  const isValid = chain.isActive(node) || (await chain.getUndo(hash)) !== undefined
  return isValid ? chain.getBlockBytes(hash) : undefined
}
