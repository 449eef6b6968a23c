import type { Sats } from '../amount.ts'
import { feeRateOf } from './fee-rate.ts'
import type { MempoolEntry } from './mempool-entry.ts'

/**
 * What an entry pays: its own rate, or that of it with its descendants, whichever is higher, so that nothing goes
 * that a child pays for. Satoshis per 1,000 virtual bytes.
 */
export function descendantFeeRate(entry: MempoolEntry): Sats {
  let { fee, virtualSize } = entry
  const own = feeRateOf(fee, virtualSize)
  for (const descendant of entry.descendants) {
    fee += descendant.fee
    virtualSize += descendant.virtualSize
  }
  const together = feeRateOf(fee, virtualSize)
  return own > together ? own : together
}

/** The entries in the order in which they have to go: lowest rate first, of equals the last to come first. */
export function worstPackages(entries: Iterable<MempoolEntry>): MempoolEntry[] {
  const rated = Array.from(entries, entry => ({ entry, rate: descendantFeeRate(entry) })).reverse()
  rated.sort((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : 0))
  return rated.map(({ entry }) => entry)
}
