import { ancestorAt, type BlockUndo, blockHashToHex, type HeaderNode, medianTimePast } from '@onehop/ledger'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH, blockOf, nodeByHashOrHeight, nodeOf, undoOf } from './block-lookup.ts'
import { blockStatistics } from './block-statistics.ts'
import { shownNumber } from './blockchain-json.ts'
import type { MethodContext } from './method-context.ts'

const MONTH_SECONDS = 30 * 24 * 60 * 60
const NOTHING_SPENT: BlockUndo = { spent: [] }

async function statisticsOf(context: MethodContext, hashOrHeight: unknown, names: readonly unknown[]) {
  const node = nodeByHashOrHeight(context, hashOrHeight)
  const wrong = names.find(name => typeof name !== 'string')
  if (wrong !== undefined) throw new RpcError(RPC_CODE.typeError, 'JSON value is not a string as expected')
  const block = await blockOf(context, node)
  const undo = node.height === 0 ? NOTHING_SPENT : await undoOf(context, node)
  const all = blockStatistics(node, block, undo, context.parameters)
  if (names.length === 0) return all
  return Object.fromEntries(names.map(name => [name, selected(all, String(name))]))
}

function selected(all: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(all, name)) return all[name]
  throw new RpcError(RPC_CODE.invalidParameter, `Invalid selected statistic '${name}'`)
}

/** The block that ends the window. */
function windowEnd(context: MethodContext, blockHash: string | undefined): HeaderNode {
  const { chain } = context
  if (blockHash === undefined) return chain.tip
  const node = nodeOf(context, blockHash)
  if (!chain.isActive(node)) throw new RpcError(RPC_CODE.invalidParameter, 'Block is not in main chain')
  return node
}

function windowLength({ parameters }: MethodContext, end: HeaderNode, given: number | undefined): number {
  if (given === undefined) {
    const month = Math.floor(MONTH_SECONDS / parameters.targetSpacingSeconds)
    return Math.max(0, Math.min(month, end.height - 1))
  }
  if (given >= 0 && (given === 0 || given < end.height)) return given
  throw new RpcError(
    RPC_CODE.invalidParameter,
    "Invalid block count: should be between 0 and the block's height - 1",
  )
}

async function transactionRate(context: MethodContext, end: HeaderNode, length: number) {
  const { chain } = context
  const start = ancestorAt(end, end.height - length)
  const [total, before] = [await chain.totalTransactionCount(end), await chain.totalTransactionCount(start)]
  const interval = medianTimePast(end) - medianTimePast(start)
  const inWindow = total === undefined || before === undefined ? undefined : total - before
  return {
    time: end.header.time,
    ...(total === undefined ? {} : { txcount: total }),
    window_final_block_hash: blockHashToHex(end.hash),
    window_final_block_height: end.height,
    window_block_count: length,
    ...(length === 0 ? {} : { window_interval: interval }),
    ...(length === 0 || inWindow === undefined ? {} : { window_tx_count: inWindow }),
    ...(length === 0 || inWindow === undefined || interval <= 0
      ? {}
      : { txrate: shownNumber(inWindow / interval) }),
  }
}

/** Figures of blocks and of the chain: bitcoind's calls. */
export function statisticsMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'getblockstats',
      category: 'Blockchain',
      summary: 'Fees, sizes and counts of a block; amounts in satoshis.',
      params: {
        hash_or_height: { type: 'any', description: 'block hash, or height of the active chain' },
        stats: {
          type: 'array',
          default: [],
          description: 'names of those that are wanted; all if there is none',
        },
      },
      handler: ({ hash_or_height, stats }) => statisticsOf(context, hash_or_height, stats),
    }),
    defineMethod({
      name: 'getchaintxstats',
      category: 'Blockchain',
      summary: 'How many transactions the chain has, and how many a second came in a window of blocks.',
      params: {
        nblocks: { type: 'integer', optional: true, description: 'length of the window; default: one month' },
        blockhash: {
          ...BLOCK_HASH,
          optional: true,
          description: 'last block of the window; default: the tip',
        },
      },
      handler: ({ nblocks, blockhash }) => {
        const end = windowEnd(context, blockhash)
        return transactionRate(context, end, windowLength(context, end, nblocks))
      },
    }),
  ]
}
