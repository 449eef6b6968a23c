import {
  hexToTxId,
  INCREMENTAL_RELAY_FEE_RATE,
  isDust,
  MAX_STANDARD_DATA_CARRIER_LENGTH,
  type MempoolEntry,
  txIdToHex,
} from '@onehop/ledger'
import { BitcoinAmount, defineMethod, parseHexParam, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { entriesJson, entryJson } from './mempool-json.ts'
import type { MethodContext } from './method-context.ts'

const TXID = { type: 'hex', lengthBytes: 32 } as const
const VERBOSE = { type: 'boolean', default: false } as const

function entryOf({ chain }: MethodContext, txid: string): MempoolEntry {
  const entry = chain.mempool.entry(hexToTxId(txid))
  if (entry === undefined) throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Transaction not in mempool')
  return entry
}

function mempoolInfo({ chain, mempoolStore }: MethodContext) {
  const { mempool } = chain
  const { minRelayFeeRate } = mempool
  const floor = mempool.feeFloor(chain.nowSeconds())
  return {
    loaded: mempoolStore.isLoaded,
    size: mempool.size,
    bytes: mempool.virtualSize,
    usage: mempool.bytes,
    total_fee: new BitcoinAmount(mempool.totalFee),
    maxmempool: mempool.limit,
    mempoolminfee: new BitcoinAmount(floor > minRelayFeeRate ? floor : minRelayFeeRate),
    minrelaytxfee: new BitcoinAmount(minRelayFeeRate),
    incrementalrelayfee: new BitcoinAmount(INCREMENTAL_RELAY_FEE_RATE),
    unbroadcastcount: 0,
    fullrbf: true,
    permitbaremultisig: true,
    maxdatacarriersize: MAX_STANDARD_DATA_CARRIER_LENGTH,
  }
}

/** Who spends each of the outputs, in the mempool. */
function spendersJson({ chain }: MethodContext, outputs: readonly unknown[]) {
  if (outputs.length === 0)
    throw new RpcError(RPC_CODE.invalidParameter, 'Invalid parameter, outputs are missing')
  return outputs.map(output => {
    const { txid, vout } = (output ?? {}) as Record<string, unknown>
    const id = parseHexParam('txid', txid, 32)
    if (typeof vout !== 'number' || !Number.isSafeInteger(vout))
      throw new RpcError(RPC_CODE.typeError, 'vout must be a whole number')
    if (vout < 0) throw new RpcError(RPC_CODE.invalidParameter, 'Invalid parameter, vout cannot be negative')
    const spender = chain.mempool.spenderOf({ txid: hexToTxId(id), index: vout })
    return { txid: id, vout, ...(spender && { spendingtxid: txIdToHex(spender.txid) }) }
  })
}

function prioritise(context: MethodContext, txid: string, dummy: number, feeDelta: number): true {
  const { mempool } = context.chain
  if (dummy !== 0) {
    throw new RpcError(
      RPC_CODE.invalidParameter,
      'Priority is no longer supported, dummy argument to prioritisetransaction must be 0.',
    )
  }
  const id = hexToTxId(txid)
  if (mempool.get(id)?.outputs.some(isDust)) {
    throw new RpcError(
      RPC_CODE.invalidParameter,
      'Priority is not supported for transactions with dust outputs.',
    )
  }
  mempool.prioritise(id, BigInt(feeDelta))
  return true
}

function prioritisedJson({ chain }: MethodContext) {
  const { mempool } = chain
  return Object.fromEntries(
    Array.from(mempool.feeDeltas(), ({ txid, delta }) => {
      const entry = mempool.entry(txid)
      const fees = { fee_delta: Number(delta), in_mempool: entry !== undefined }
      return [txIdToHex(txid), entry ? { ...fees, modified_fee: Number(entry.modifiedFee) } : fees]
    }),
  )
}

/** What waits for a block: bitcoind's calls. */
export function mempoolMethods(context: MethodContext): RpcMethod[] {
  const { mempool } = context.chain
  return [
    defineMethod({
      name: 'getmempoolinfo',
      category: 'Blockchain',
      summary: 'Size and limits of the mempool.',
      handler: () => mempoolInfo(context),
    }),
    defineMethod({
      name: 'getrawmempool',
      category: 'Blockchain',
      summary: 'Transactions that wait for a block.',
      params: { verbose: VERBOSE, mempool_sequence: { type: 'boolean', default: false } },
      handler: ({ verbose, mempool_sequence }) => {
        if (!mempool_sequence) return entriesJson(mempool.entries(), verbose)
        if (!verbose)
          return { txids: entriesJson(mempool.entries(), false), mempool_sequence: mempool.sequence }
        throw new RpcError(
          RPC_CODE.invalidParameter,
          'Verbose results cannot contain mempool sequence values.',
        )
      },
    }),
    defineMethod({
      name: 'getmempoolentry',
      category: 'Blockchain',
      summary: 'One transaction of the mempool.',
      params: { txid: TXID },
      handler: ({ txid }) => entryJson(entryOf(context, txid)),
    }),
    defineMethod({
      name: 'getmempoolancestors',
      category: 'Blockchain',
      summary: 'What a transaction of the mempool depends on there.',
      params: { txid: TXID, verbose: VERBOSE },
      handler: ({ txid, verbose }) => entriesJson(entryOf(context, txid).ancestors, verbose),
    }),
    defineMethod({
      name: 'getmempooldescendants',
      category: 'Blockchain',
      summary: 'What depends on a transaction of the mempool.',
      params: { txid: TXID, verbose: VERBOSE },
      handler: ({ txid, verbose }) => entriesJson(entryOf(context, txid).descendants, verbose),
    }),
    defineMethod({
      name: 'gettxspendingprevout',
      category: 'Blockchain',
      summary: 'Which transactions of the mempool spend the given outputs.',
      params: { outputs: { type: 'array', description: '[{"txid": "…", "vout": 0}, …]' } },
      handler: ({ outputs }) => spendersJson(context, outputs),
    }),
    defineMethod({
      name: 'prioritisetransaction',
      category: 'Mining',
      summary: 'Makes a transaction count for more (or less) than it pays when blocks are made here.',
      params: {
        txid: TXID,
        dummy: { type: 'number', default: 0 },
        fee_delta: { type: 'integer', description: 'satoshis; may be negative' },
      },
      handler: ({ txid, dummy, fee_delta }) => prioritise(context, txid, dummy, fee_delta),
    }),
    defineMethod({
      name: 'getprioritisedtransactions',
      category: 'Mining',
      summary: 'All that prioritisetransaction has left, in satoshis.',
      handler: () => prioritisedJson(context),
    }),
  ]
}
