import {
  type Block,
  blockHashToHex,
  type HeaderNode,
  hexToBlockHash,
  hexToTxId,
  serializeTransaction,
  type Transaction,
  type TxId,
} from '@onehop/ledger'
import { bytesToHex, equalBytes } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH } from './block-lookup.ts'
import { type SpentCoins, transactionJson } from './blockchain-json.ts'
import type { MethodContext } from './method-context.ts'

interface Located {
  readonly transaction: Transaction
  /** Absent while it waits for a block. */
  readonly node?: HeaderNode
}

function noSuchTransaction(why: string): RpcError {
  return new RpcError(RPC_CODE.invalidAddressOrKey, `${why}. Use gettransaction for wallet transactions.`)
}

/** In the mempool, in the wallet, by the index of transactions, or in the block that still has one of its coins. */
async function locate(context: MethodContext, txid: TxId): Promise<Located | undefined> {
  const { chain, wallet } = context
  const waiting = chain.mempool.get(txid)
  if (waiting !== undefined) return { transaction: waiting }
  const height = wallet.state.transaction(txid)?.height
  const node = height === undefined ? undefined : chain.nodeAtHeight(height)
  const own = node && transactionOf(await chain.getBlock(node.hash), txid)
  return node && own ? { transaction: own, node } : chain.findTransaction(txid)
}

function transactionOf(block: Block | undefined, txid: TxId): Transaction | undefined {
  return block?.transactions.find(each => equalBytes(each.txid, txid))
}

async function locateAnywhere(context: MethodContext, txid: TxId): Promise<Located> {
  const located = await locate(context, txid)
  if (located !== undefined) return located
  const index = context.chain.indexes.progress().find(({ name }) => name === 'txindex')
  if (index === undefined) {
    throw noSuchTransaction(
      'No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries',
    )
  }
  throw noSuchTransaction(
    index.synced
      ? 'No such mempool or blockchain transaction'
      : 'No such mempool transaction. Blockchain transactions are still in the process of being indexed',
  )
}

async function locateIn({ chain }: MethodContext, txid: TxId, blockHash: string): Promise<Located> {
  const node = chain.headerTree.get(hexToBlockHash(blockHash))
  if (node === undefined) throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Block hash not found')
  const block = await chain.getBlock(node.hash)
  if (block === undefined) throw new RpcError(RPC_CODE.miscError, 'Block not available')
  const transaction = transactionOf(block, txid)
  if (transaction === undefined) throw noSuchTransaction('No such transaction found in the provided block')
  return { transaction, node }
}

/** The coins that a confirmed transaction spent, where they are known. */
async function spentCoins(
  { chain }: MethodContext,
  { transaction, node }: Located,
): Promise<SpentCoins | undefined> {
  if (node === undefined || transaction.isCoinbase) return undefined
  const undo = await chain.getUndo(node.hash)
  const block = undo && (await chain.getBlock(node.hash))
  const position = block?.transactions.findIndex(({ txid }) => equalBytes(txid, transaction.txid)) ?? 0
  const coins = undo?.spent[position - 1]
  return coins && { coins, areShown: true }
}

/** Where the transaction stands in the chain, as Core tells it. */
function confirmationJson({ chain }: MethodContext, node: HeaderNode | undefined) {
  if (node === undefined) return {}
  const blockhash = blockHashToHex(node.hash)
  if (!chain.isActive(node)) return { blockhash, confirmations: 0 }
  const { time } = node.header
  return { blockhash, confirmations: chain.tip.height - node.height + 1, time, blocktime: time }
}

/** bitcoind's `getrawtransaction`. */
export function getRawTransaction(context: MethodContext): RpcMethod {
  const { chain, parameters } = context
  const isGenesisCoinbase = (txid: TxId) =>
    parameters.genesis.transactions.some(transaction => equalBytes(transaction.txid, txid))
  return defineMethod({
    name: 'getrawtransaction',
    category: 'Rawtransactions',
    summary:
      'A transaction of the mempool, of a block that is named, or of the chain: any of it with --txindex, else one that has a coin left.',
    params: {
      txid: { type: 'hex', lengthBytes: 32 },
      verbosity: {
        type: 'verbosity',
        default: 0,
        aliases: ['verbose'],
        description: '0 for hex, 1 for JSON, 2 for JSON with the fee and the coins that it spends',
      },
      blockhash: { ...BLOCK_HASH, optional: true },
    },
    handler: async ({ txid, verbosity, blockhash }) => {
      const id = hexToTxId(txid)
      if (isGenesisCoinbase(id)) {
        throw new RpcError(
          RPC_CODE.invalidAddressOrKey,
          'The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved',
        )
      }
      const located =
        blockhash === undefined ? await locateAnywhere(context, id) : await locateIn(context, id, blockhash)
      if (verbosity <= 0) return bytesToHex(serializeTransaction(located.transaction))
      const spent = verbosity >= 2 ? await spentCoins(context, located) : undefined
      const { node } = located
      return {
        ...(blockhash === undefined || node === undefined ? {} : { in_active_chain: chain.isActive(node) }),
        ...transactionJson(located.transaction, parameters, spent),
        ...confirmationJson(context, node),
      }
    },
  })
}
