import {
  hexToTxId,
  INCREMENTAL_RELAY_FEE_RATE,
  type MempoolEntry,
  MIN_RELAY_FEE_RATE,
  parseTransaction,
  serializeTransaction,
  type Transaction,
  txIdToHex,
} from '@onehop/ledger'
import { attemptDecode, hexToBytes, type Rejection } from '@onehop/primitives'
import { BitcoinAmount, defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { DEFAULT_FEE_RATE } from '@onehop/wallet'
import { transactionJson } from './blockchain-json.ts'
import { getRawTransaction } from './get-raw-transaction.ts'
import type { MethodContext } from './method-context.ts'

const TXID = { type: 'hex', lengthBytes: 32 } as const
/** Transactions of one `testmempoolaccept`, as in bitcoind. */
const MAX_TESTED_TRANSACTIONS = 25
/** Farthest block that `estimatesmartfee` may be asked about, as in bitcoind. */
const MAX_CONFIRMATION_TARGET = 1_008
/** Bitcoins per 1,000 virtual bytes that `sendrawtransaction` takes for a mistake, as in bitcoind: 0.10. */
const DEFAULT_MAX_FEE_RATE_SATS = 10_000_000n
const VIRTUAL_BYTES_PER_RATE = 1_000n

function decode(hex: string): Transaction {
  const parsed = attemptDecode('TX decode failed', () => parseTransaction(hexToBytes(hex)))
  if (parsed.ok) return parsed.value
  throw new RpcError(
    RPC_CODE.deserializationError,
    `${parsed.code}. Make sure the tx has at least one input.`,
  )
}

function rejectionError({ code, detail }: Rejection): RpcError {
  if (code === 'bad-txns-inputs-missingorspent') return new RpcError(RPC_CODE.verifyError, code)
  if (code === 'txn-already-known') {
    return new RpcError(RPC_CODE.verifyAlreadyInUtxoSet, 'Transaction outputs already in utxo set')
  }
  return new RpcError(RPC_CODE.verifyRejected, detail === undefined ? code : `${code}, ${detail}`)
}

function entryOf({ chain }: MethodContext, txid: string): MempoolEntry {
  const entry = chain.mempool.entry(hexToTxId(txid))
  if (entry === undefined) throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Transaction not in mempool')
  return entry
}

function sumOf<T>(entries: Iterable<T>, of: (entry: T) => bigint): bigint {
  let sum = 0n
  for (const entry of entries) sum += of(entry)
  return sum
}

function entryJson(entry: MempoolEntry) {
  const { transaction, fee, time, height, virtualSize, parents, children } = entry
  const [ancestors, descendants] = [
    [entry, ...entry.ancestors],
    [entry, ...entry.descendants],
  ]
  const idsOf = (entries: Iterable<MempoolEntry>) =>
    Array.from(entries, each => txIdToHex(each.transaction.txid))
  const sizeOf = (entries: MempoolEntry[]) => entries.reduce((sum, each) => sum + each.virtualSize, 0)
  const feesOf = (entries: MempoolEntry[]) => new BitcoinAmount(sumOf(entries, each => each.fee))
  return {
    vsize: virtualSize,
    weight: transaction.weight,
    time,
    height,
    descendantcount: descendants.length,
    descendantsize: sizeOf(descendants),
    ancestorcount: ancestors.length,
    ancestorsize: sizeOf(ancestors),
    wtxid: txIdToHex(transaction.wtxid),
    fees: {
      base: new BitcoinAmount(fee),
      modified: new BitcoinAmount(fee),
      ancestor: feesOf(ancestors),
      descendant: feesOf(descendants),
    },
    depends: idsOf(parents),
    spentby: idsOf(children),
    'bip125-replaceable': false,
    unbroadcast: false,
  }
}

/** The fee that the transaction would pay, when all its coins are known. */
function feeOf({ chain }: MethodContext, transaction: Transaction): bigint | undefined {
  let fee = 0n
  for (const { previousOutput } of transaction.inputs) {
    const unconfirmed = chain.mempool.get(previousOutput.txid)?.outputs[previousOutput.index]
    const output = unconfirmed ?? chain.getCoin(previousOutput)?.output
    if (output === undefined) return undefined
    fee += output.value
  }
  for (const { value } of transaction.outputs) fee -= value
  return fee
}

function checkMaxFee(context: MethodContext, transaction: Transaction, maxFeeRate: bigint): void {
  const fee = feeOf(context, transaction)
  if (maxFeeRate === 0n || fee === undefined) return
  if (fee * VIRTUAL_BYTES_PER_RATE > maxFeeRate * BigInt(transaction.virtualSize)) {
    throw new RpcError(RPC_CODE.verifyError, 'Fee exceeds maximum configured by user (maxfeerate)')
  }
}

function mempoolMethods(context: MethodContext): RpcMethod[] {
  const { mempool } = context.chain
  return [
    defineMethod({
      name: 'getrawmempool',
      category: 'Blockchain',
      summary: 'Transactions that wait for a block.',
      params: {
        verbose: { type: 'boolean', default: false },
        mempool_sequence: { type: 'boolean', optional: true },
      },
      handler: ({ verbose }) => {
        const entries = [...mempool.entries()]
        if (!verbose) return entries.map(({ transaction }) => txIdToHex(transaction.txid))
        return Object.fromEntries(entries.map(entry => [txIdToHex(entry.transaction.txid), entryJson(entry)]))
      },
    }),
    defineMethod({
      name: 'getmempoolinfo',
      category: 'Blockchain',
      summary: 'Size and limits of the mempool.',
      handler: () => {
        const entries = [...mempool.entries()]
        const relayFee = new BitcoinAmount(MIN_RELAY_FEE_RATE)
        return {
          loaded: true,
          size: entries.length,
          bytes: entries.reduce((sum, { transaction }) => sum + transaction.virtualSize, 0),
          usage: mempool.bytes,
          total_fee: new BitcoinAmount(entries.reduce((sum, { fee }) => sum + fee, 0n)),
          maxmempool: mempool.limit,
          mempoolminfee: relayFee,
          minrelaytxfee: relayFee,
          incrementalrelayfee: new BitcoinAmount(INCREMENTAL_RELAY_FEE_RATE),
          unbroadcastcount: 0,
          fullrbf: false,
        }
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
      name: 'testmempoolaccept',
      category: 'Rawtransactions',
      summary: 'Whether the mempool would take transactions, each by itself.',
      params: { rawtxs: { type: 'array' }, maxfeerate: { type: 'amount', optional: true } },
      handler: ({ rawtxs }) => {
        if (rawtxs.length === 0 || rawtxs.length > MAX_TESTED_TRANSACTIONS) {
          throw new RpcError(
            RPC_CODE.invalidParameter,
            `Array must contain between 1 and ${MAX_TESTED_TRANSACTIONS} transactions.`,
          )
        }
        return rawtxs.map(hex => testAccept(context, decode(hexText(hex))))
      },
    }),
  ]
}

/** Bitcoin Core's own word here for {@link rejectionError}'s `bad-txns-inputs-missingorspent`. */
const MISSING_INPUTS = 'missing-inputs'

function hexText(value: unknown): string {
  if (typeof value === 'string' && /^(?:[0-9a-f]{2})*$/i.test(value)) return value
  throw new RpcError(RPC_CODE.deserializationError, 'TX decode failed: each transaction must be hexadecimal.')
}

function testAccept(context: MethodContext, transaction: Transaction) {
  const ids = { txid: txIdToHex(transaction.txid), wtxid: txIdToHex(transaction.wtxid) }
  const verdict = context.chain.testTransaction(transaction)
  if (!verdict.ok) {
    const reason = verdict.code === 'bad-txns-inputs-missingorspent' ? MISSING_INPUTS : verdict.code
    return { ...ids, allowed: false, 'reject-reason': reason }
  }
  const fee = feeOf(context, transaction)
  return {
    ...ids,
    allowed: true,
    vsize: transaction.virtualSize,
    ...(fee === undefined ? {} : { fees: { base: new BitcoinAmount(fee) } }),
  }
}

/** The wallet's own rate, whatever the target: blocks here have room for everything. */
function feeEstimate(confTarget: number) {
  const satsPerKilobyte = BigInt(DEFAULT_FEE_RATE) * VIRTUAL_BYTES_PER_RATE
  return { feerate: new BitcoinAmount(satsPerKilobyte), blocks: Math.max(2, confTarget) }
}

/** Transactions and the mempool: bitcoind's calls. */
export function transactionMethods(context: MethodContext): RpcMethod[] {
  const { chain, parameters } = context
  return [
    ...mempoolMethods(context),
    defineMethod({
      name: 'estimatesmartfee',
      category: 'Util',
      summary:
        'A fee rate in bitcoins per 1,000 virtual bytes: always the same, since blocks are never full here.',
      params: {
        conf_target: { type: 'integer', min: 1, max: MAX_CONFIRMATION_TARGET },
        estimate_mode: { type: 'string', optional: true },
      },
      handler: ({ conf_target }) => feeEstimate(conf_target),
    }),
    defineMethod({
      name: 'sendrawtransaction',
      category: 'Rawtransactions',
      summary: 'Hands in a transaction, from where it goes to the peers.',
      params: {
        hexstring: { type: 'hex' },
        maxfeerate: { type: 'amount', default: DEFAULT_MAX_FEE_RATE_SATS },
      },
      handler: async ({ hexstring, maxfeerate }) => {
        const transaction = decode(hexstring)
        checkMaxFee(context, transaction, maxfeerate)
        const verdict = await chain.acceptTransaction(serializeTransaction(transaction))
        const isKnown = !verdict.ok && verdict.code === 'txn-already-in-mempool'
        if (!verdict.ok && !isKnown) throw rejectionError(verdict)
        return txIdToHex(transaction.txid)
      },
    }),
    getRawTransaction(context),
    defineMethod({
      name: 'decoderawtransaction',
      category: 'Rawtransactions',
      summary: 'A transaction as JSON.',
      params: { hexstring: { type: 'hex' }, iswitness: { type: 'boolean', optional: true } },
      handler: ({ hexstring }) => {
        const { hex: _hex, ...json } = transactionJson(decode(hexstring), parameters)
        return json
      },
    }),
  ]
}
