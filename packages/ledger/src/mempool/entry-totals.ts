import type { Sats } from '../amount.ts'
import type { MempoolEntry } from './mempool-entry.ts'

/** Adds (1) or takes away (−1) the ancestor in an entry's sums over what it depends on. */
function countAncestor(entry: MempoolEntry, ancestor: MempoolEntry, sign: 1 | -1): void {
  entry.ancestorCount += sign
  entry.ancestorSize += sign * ancestor.virtualSize
  entry.ancestorSigopsCost += sign * ancestor.sigopsCost
  entry.ancestorFees += sign === 1 ? ancestor.modifiedFee : -ancestor.modifiedFee
}

function countDescendant(entry: MempoolEntry, descendant: MempoolEntry, sign: 1 | -1): void {
  entry.descendantCount += sign
  entry.descendantSize += sign * descendant.virtualSize
  entry.descendantFees += sign === 1 ? descendant.modifiedFee : -descendant.modifiedFee
}

/** An entry without descendants has been linked to its parents. */
export function countNewcomer(entry: MempoolEntry, touched: (changed: MempoolEntry) => void): void {
  for (const ancestor of entry.ancestors) {
    countAncestor(entry, ancestor, 1)
    countDescendant(ancestor, entry, 1)
    touched(ancestor)
  }
}

/** Entries are about to be unlinked; what depends on them may stay. */
export function discountLeaving(
  leaving: ReadonlySet<MempoolEntry>,
  touched: (changed: MempoolEntry) => void,
): void {
  for (const entry of leaving) {
    for (const ancestor of entry.ancestors) {
      if (leaving.has(ancestor)) continue
      countDescendant(ancestor, entry, -1)
      touched(ancestor)
    }
    for (const descendant of entry.descendants) {
      if (leaving.has(descendant)) continue
      countAncestor(descendant, entry, -1)
      touched(descendant)
    }
  }
}

/** Works the sums of these entries out again from all their relatives. */
export function recount(entries: Iterable<MempoolEntry>, touched: (changed: MempoolEntry) => void): void {
  for (const entry of entries) {
    entry.ancestorCount = 1
    entry.ancestorSize = entry.virtualSize
    entry.ancestorSigopsCost = entry.sigopsCost
    entry.ancestorFees = entry.modifiedFee
    for (const ancestor of entry.ancestors) countAncestor(entry, ancestor, 1)
    entry.descendantCount = 1
    entry.descendantSize = entry.virtualSize
    entry.descendantFees = entry.modifiedFee
    for (const descendant of entry.descendants) countDescendant(entry, descendant, 1)
    touched(entry)
  }
}

/** The fee counts for so much more (or less) from now on. */
export function shiftFee(entry: MempoolEntry, by: Sats, touched: (changed: MempoolEntry) => void): void {
  entry.feeDelta += by
  entry.ancestorFees += by
  entry.descendantFees += by
  touched(entry)
  for (const ancestor of entry.ancestors) {
    ancestor.descendantFees += by
    touched(ancestor)
  }
  for (const descendant of entry.descendants) {
    descendant.ancestorFees += by
    touched(descendant)
  }
}
