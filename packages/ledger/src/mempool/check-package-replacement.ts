import { type Result, refused } from '@onehop/primitives'
import { txIdToHex } from '../ids.ts'
import { type Candidate, rateOf } from './candidate.ts'
import { entriesToReplace, findUnpaid } from './check-replacement.ts'
import { improvesDiagram } from './fee-diagram.ts'
import { addFees, compareFeeRates, type FeePerSize, formatFeeRate } from './fee-rate.ts'
import type { MempoolEntry } from './mempool-entry.ts'

/**
 * A parent and a child that together replace others (`PackageRBFChecks`): they pay more than all that goes, the child
 * more than the parent, and a miner would always prefer what is there afterwards.
 * @returns all that would go.
 */
export function checkPackageReplacement(candidates: readonly Candidate[]): Result<ReadonlySet<MempoolEntry>> {
  const [parent, child] = candidates
  if (candidates.length !== 2 || parent === undefined || child === undefined)
    return failed('package must be 1-parent-1-child')
  if (candidates.some(({ ancestors }) => ancestors.size > 0))
    return failed('new transaction cannot have mempool ancestors')
  const conflicts = new Set([...parent.conflicts, ...child.conflicts])
  const leaving = entriesToReplace(child.transaction, conflicts)
  if (typeof leaving === 'string') return failed('too many potential replacements', leaving)
  const paid = addFees(rateOf(parent), rateOf(child))
  const unpaid = findUnpaid(paid.fee, paid.size, leaving, child.transaction)
  if (unpaid !== undefined) return failed('insufficient anti-DoS fees', unpaid)
  if (compareFeeRates(paid, rateOf(parent)) <= 0) {
    const detail = `package feerate ${formatFeeRate(paid)} <= parent feerate is ${formatFeeRate(rateOf(parent))}`
    return failed('package feerate is less than or equal to parent feerate', detail)
  }
  const tangled = findTangle(conflicts)
  if (tangled !== undefined) return failed(tangled)
  const improves = improvesDiagram(chunksAfter(conflicts, leaving, paid), chunksBefore(leaving))
  return improves
    ? { ok: true, value: leaving }
    : failed('insufficient feerate: does not improve feerate diagram')
}

function failed(code: string, detail?: string) {
  return refused(`package RBF failed: ${code}`, detail)
}

/** Only single entries and pairs can be compared (`CheckConflictTopology`). */
function findTangle(conflicts: Iterable<MempoolEntry>): string | undefined {
  for (const entry of conflicts) {
    const { ancestorCount, descendantCount } = entry
    const id = idOf(entry)
    if (ancestorCount > 2) return `${id} has ${ancestorCount - 1} ancestors, max 1 allowed`
    if (descendantCount > 2) return `${id} has ${descendantCount - 1} descendants, max 1 allowed`
    if (ancestorCount > 1 && descendantCount > 1)
      return `${id} has both ancestor and descendant, exceeding cluster limit of 2`
    const [child] = entry.children
    if (child !== undefined && child.ancestorCount > 2)
      return `${id} is not the only parent of child ${idOf(child)}`
    const [parent] = entry.parents
    if (parent !== undefined && parent.descendantCount > 2)
      return `${id} is not the only child of parent ${idOf(parent)}`
  }
  return undefined
}

/** What a miner earns from those that go, with the parents that stay. */
function chunksBefore(leaving: Iterable<MempoolEntry>): FeePerSize[] {
  const chunks: FeePerSize[] = []
  for (const entry of leaving) {
    if (entry.descendantCount > 1) continue
    const own = { fee: entry.modifiedFee, size: entry.virtualSize }
    const [parent] = entry.parents
    const rest = parent && { fee: parent.modifiedFee, size: parent.virtualSize }
    if (rest === undefined) chunks.push(own)
    else if (compareFeeRates(own, rest) > 0) chunks.push(addFees(own, rest))
    else chunks.push(rest, own)
  }
  return chunks
}

function chunksAfter(
  conflicts: Iterable<MempoolEntry>,
  leaving: ReadonlySet<MempoolEntry>,
  paid: FeePerSize,
): FeePerSize[] {
  const chunks = [paid]
  for (const { parents } of conflicts) {
    const [parent] = parents
    if (parent === undefined || leaving.has(parent)) continue
    chunks.push({ fee: parent.modifiedFee, size: parent.virtualSize })
  }
  return chunks
}

function idOf({ transaction }: MempoolEntry): string {
  return txIdToHex(transaction.txid)
}
