import {
  blockHashToHex,
  COINBASE_MATURITY,
  scriptToAddress,
  type TxOutput,
  txIdToHex,
  withChecksum,
} from '@onehop/ledger'
import { bytesToHex } from '@onehop/primitives'
import { BitcoinAmount } from '@onehop/rpc'
import type { HistoryEntry, UnspentCoin } from '@onehop/wallet'
import { signalsReplacement } from './mempool-json.ts'
import type { MethodContext } from './method-context.ts'

/** As `listunspent` shows a coin. */
export function unspentJson(coin: UnspentCoin) {
  const { outpoint, output, address, confirmations, key, kind } = coin
  const publicKey = bytesToHex(key.publicKey)
  return {
    txid: txIdToHex(outpoint.txid),
    vout: outpoint.index,
    address,
    scriptPubKey: bytesToHex(output.scriptPubKey),
    amount: new BitcoinAmount(output.value),
    confirmations,
    spendable: true,
    solvable: true,
    desc: withChecksum(kind === 'p2wpkh' ? `wpkh(${publicKey})` : `pkh(${publicKey})`),
    safe: isTrusted(coin),
  }
}

/** In a block, or paid by ourselves, so that nobody else can take it back. */
function isTrusted({ height, spendable }: UnspentCoin): boolean {
  return height !== undefined || spendable
}

/** Whether `listunspent` names it: all but block rewards that cannot be spent yet. */
export function isListed({ coinbase, spendable }: UnspentCoin): boolean {
  return !coinbase || spendable
}

/** As bitcoind divides what the wallet has, in satoshis: change of own payments is trusted before it is in a block. */
export function balancesOf({ wallet }: MethodContext) {
  const { confirmed, unconfirmed, immature } = wallet.state.balance()
  const change = wallet.state
    .listUnspent()
    .filter(coin => coin.height === undefined && isTrusted(coin))
    .reduce((sum, { output }) => sum + output.value, 0n)
  return { trusted: confirmed + change, pending: unconfirmed - change, immature }
}

/** What `gettransaction` and `listtransactions` tell of a transaction as a whole. */
export function transactionSummaryJson({ chain }: MethodContext, entry: HistoryEntry) {
  const { txid, transaction, height, confirmations, timeSeconds, coinbase, feeSats } = entry
  const node = height === undefined ? undefined : chain.nodeAtHeight(height)
  return {
    confirmations,
    ...(coinbase ? { generated: true } : {}),
    ...(node === undefined
      ? { trusted: feeSats !== undefined }
      : { blockhash: blockHashToHex(node.hash), blockheight: height, blocktime: node.header.time }),
    txid: txIdToHex(txid),
    wtxid: txIdToHex(transaction.wtxid),
    walletconflicts: [],
    time: timeSeconds,
    timereceived: timeSeconds,
    'bip125-replaceable': node === undefined && signalsReplacement(transaction) ? 'yes' : 'no',
  }
}

/** Amount and fee of a whole transaction as `gettransaction` counts them: the fee is not part of the amount. */
export function netAmountJson({ amountSats, feeSats, coinbase }: HistoryEntry) {
  if (coinbase || feeSats === undefined) return { amount: new BitcoinAmount(amountSats) }
  return { amount: new BitcoinAmount(amountSats + feeSats), fee: new BitcoinAmount(-feeSats) }
}

/** One entry for each output that was paid to somebody, and one for each that pays the wallet; change is left out. */
export function detailsJson(context: MethodContext, entry: HistoryEntry) {
  const { transaction, feeSats } = entry
  const isOurs = feeSats !== undefined
  return transaction.outputs.flatMap((output, vout) => {
    const owner = context.wallet.state.ownerOf(output.scriptPubKey)
    if (isOurs && owner?.key.path.change) return []
    const place = { ...addressOf(output, context), vout }
    const sent = isOurs ? [sentJson(output, place, feeSats)] : []
    return owner === undefined ? sent : [...sent, receivedJson(output, place, entry)]
  })
}

type Place = { readonly address?: string; readonly vout: number }

function addressOf({ scriptPubKey }: TxOutput, { parameters }: MethodContext): { address?: string } {
  const address = scriptToAddress(scriptPubKey, parameters)
  return address === undefined ? {} : { address }
}

function sentJson({ value }: TxOutput, place: Place, feeSats: bigint) {
  const fee = new BitcoinAmount(-feeSats)
  return { ...place, category: 'send', amount: new BitcoinAmount(-value), fee, abandoned: false }
}

function receivedJson({ value }: TxOutput, place: Place, { coinbase, confirmations }: HistoryEntry) {
  const minted = confirmations > COINBASE_MATURITY ? 'generate' : 'immature'
  const category = coinbase ? minted : 'receive'
  return { ...place, category, amount: new BitcoinAmount(value), label: '', abandoned: false }
}
