import type { MempoolEntry } from './mempool-entry.ts'
import { PlacedHeap } from './placed-heap.ts'

/** Entries know their place in the queue. */
const PLACES = {
  get: (entry: MempoolEntry) => entry.evictionPlace,
  set: (entry: MempoolEntry, place: number) => {
    entry.evictionPlace = place
  },
}

/** A queue whose first entry is the one that goes first when memory runs out. */
export function createEvictionQueue(entries: Iterable<MempoolEntry>): PlacedHeap<MempoolEntry> {
  return new PlacedHeap(entries, PLACES, goesBefore)
}

/** Lowest rate first, of equals the last to come (`CompareTxMemPoolEntryByDescendantScore`). */
function goesBefore(a: MempoolEntry, b: MempoolEntry): boolean {
  const [feeA, sizeA] = evictionScore(a)
  const [feeB, sizeB] = evictionScore(b)
  const [left, right] = [feeA * sizeB, feeB * sizeA]
  return left === right ? a.time > b.time : left < right
}

/** What an entry pays alone or with its descendants, whichever is more, so that nothing goes that a child pays for. */
function evictionScore(entry: MempoolEntry): readonly [fee: number, size: number] {
  const own = Number(entry.modifiedFee)
  if (entry.descendantCount === 1) return [own, entry.virtualSize]
  const together = Number(entry.descendantFees)
  return together * entry.virtualSize > own * entry.descendantSize
    ? [together, entry.descendantSize]
    : [own, entry.virtualSize]
}
