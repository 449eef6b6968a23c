import { randomBytes } from 'node:crypto'
import type { Chain } from '@onehop/chain'
import {
  type BlockHash,
  parseHeader,
  parseTransaction,
  serializeHeader,
  serializeTransaction,
  type TxId,
  type Wtxid,
} from '@onehop/ledger'
import type { ChainPort } from '@onehop/network'
import { attemptDecode } from '@onehop/primitives'
import { CompactBlocks } from './compact-blocks.ts'

/** What the network asks of the ledger, answered by the chain: bytes on one side, blocks and headers on the other. */
export function createChainPort(chain: Chain): ChainPort {
  const compactBlocks = new CompactBlocks(chain, randomNonce)
  const minFeeRate = () => {
    const { minRelayFeeRate } = chain.mempool
    const floor = chain.mempool.feeFloor(chain.nowSeconds())
    return floor > minRelayFeeRate ? floor : minRelayFeeRate
  }
  return {
    tip: () => chain.tip,
    headersAfter: (locator, limit) => chain.headersAfter(locator as BlockHash[], limit).map(serializeHeader),
    acceptHeader: (header, source) => {
      const parsed = attemptDecode('bad-header', () => parseHeader(header))
      return parsed.ok ? chain.acceptAnnouncedHeader(parsed.value, source) : parsed
    },
    openHeaders: source => {
      const intake = chain.openHeaderIntake(source)
      return {
        locator: () => intake.locator(),
        take: (headers, isFull) => {
          const parsed = attemptDecode('bad-header', () => headers.map(parseHeader))
          return parsed.ok ? intake.take(parsed.value, isFull) : parsed
        },
      }
    },
    blocksToDownload: (limit, towards) => chain.blocksToDownload(limit, towards as BlockHash | undefined),
    getBlock: hash => getValidBlock(chain, hash as BlockHash),
    getCompactBlock: hash => compactBlocks.make(hash as BlockHash),
    getBlockTransactions: request => compactBlocks.answer(request),
    openCompactBlock: bytes => compactBlocks.open(bytes),
    acceptBlock: bytes => chain.acceptBlock(bytes),
    getTransaction: wtxid => {
      const transaction = chain.mempool.getByWtxid(wtxid as Wtxid)
      return transaction === undefined ? undefined : serializeTransaction(transaction)
    },
    getTransactionById: txid => {
      const transaction = chain.mempool.get(txid as TxId)
      return transaction === undefined ? undefined : serializeTransaction(transaction)
    },
    transactionId: bytes => {
      const parsed = attemptDecode('tx-decode-failed', () => parseTransaction(bytes))
      return parsed.ok ? { ok: true, value: parsed.value.txid } : parsed
    },
    hasTransaction: wtxid => chain.mempool.getByWtxid(wtxid as Wtxid) !== undefined,
    hasSeenTransaction: wtxid => chain.transactions.hasSeen(wtxid as Wtxid),
    mempoolIds: minimum =>
      [...chain.mempool.entries()]
        .filter(({ fee, virtualSize }) => fee * 1_000n >= minimum * BigInt(virtualSize))
        .map(({ transaction }) => transaction.wtxid),
    minFeeRate,
    acceptTransaction: (bytes, source) => chain.acceptTransaction(bytes, source),
    missingParents: wtxid => chain.transactions.missingParents(wtxid as Wtxid),
    addAnnouncer: (wtxid, source) => chain.transactions.addAnnouncer(wtxid as Wtxid, source),
    forgetSource: source => chain.transactions.forgetPeer(source),
  }
}

/** 64 bits for the key of a compact block's short ids. */
function randomNonce(): bigint {
  return randomBytes(8).readBigUInt64LE()
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
