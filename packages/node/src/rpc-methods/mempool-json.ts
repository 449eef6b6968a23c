import {
  type FeePerSize,
  feeRateOf,
  type MempoolEntry,
  type Transaction,
  txIdToHex,
  type Wtxid,
} from '@onehop/ledger'
import { BitcoinAmount } from '@onehop/rpc'

/** Sequences below this signal that the transaction may be replaced (BIP 125). */
const LEAST_FINAL_SEQUENCE = 0xffff_fffe

export function idOf({ txid }: Transaction): string {
  return txIdToHex(txid)
}

function idsOf(entries: Iterable<MempoolEntry>): string[] {
  return Array.from(entries, ({ transaction }) => idOf(transaction)).sort()
}

/** An entry as `getmempoolentry` shows it. */
export function entryJson(entry: MempoolEntry) {
  const { transaction } = entry
  return {
    vsize: entry.virtualSize,
    weight: transaction.weight,
    time: entry.time,
    height: entry.height,
    descendantcount: entry.descendantCount,
    descendantsize: entry.descendantSize,
    ancestorcount: entry.ancestorCount,
    ancestorsize: entry.ancestorSize,
    wtxid: txIdToHex(transaction.wtxid),
    fees: {
      base: new BitcoinAmount(entry.fee),
      modified: new BitcoinAmount(entry.modifiedFee),
      ancestor: new BitcoinAmount(entry.ancestorFees),
      descendant: new BitcoinAmount(entry.descendantFees),
    },
    depends: idsOf(entry.parents),
    spentby: idsOf(entry.children),
    'bip125-replaceable': [entry, ...entry.ancestors].some(each => signalsReplacement(each.transaction)),
    unbroadcast: false,
  }
}

/** Entries by their ids, or only the ids. */
export function entriesJson(entries: Iterable<MempoolEntry>, isVerbose: boolean) {
  if (!isVerbose) return Array.from(entries, ({ transaction }) => idOf(transaction))
  return Object.fromEntries(Array.from(entries, entry => [idOf(entry.transaction), entryJson(entry)]))
}

/** Every transaction can be replaced; this is what it says of itself. */
export function signalsReplacement({ inputs }: Transaction): boolean {
  return inputs.some(({ sequence }) => sequence < LEAST_FINAL_SEQUENCE)
}

/** A fee rate in bitcoins for 1,000 virtual bytes. */
export function rateJson(rate: FeePerSize): BitcoinAmount {
  return new BitcoinAmount(feeRateOf(rate))
}

/** By which a transaction was judged, and with whom. */
export function effectiveJson(rate: FeePerSize, includes: readonly Wtxid[]) {
  return { 'effective-feerate': rateJson(rate), 'effective-includes': includes.map(txIdToHex) }
}
