import { OK, type Rejection, type Result, refused, type Verdict } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import { txIdToHex } from '../ids.ts'
import { INCREMENTAL_RELAY_FEE_RATE, MAX_REPLACEMENTS } from '../limits.ts'
import type { Transaction } from '../transaction.ts'
import { type Candidate, rateOf } from './candidate.ts'
import { compareFeeRates, feeAt, formatFeeRate, formatMoney } from './fee-rate.ts'
import { closure, type MempoolEntry } from './mempool-entry.ts'

/**
 * Bitcoin Core's rules of replacement, for all alike, whether or not they signal it (`ReplacementChecks`): a higher fee
 * rate than each transaction that is in the way, not too many to drop, no new unconfirmed input, and more fees than all
 * that goes, by enough to pay for the candidate's own way through the network.
 * @returns all that would go.
 */
export function checkReplacement(candidate: Candidate): Result<ReadonlySet<MempoolEntry>> {
  const { transaction, conflicts } = candidate
  const refuse = (code: string, detail: string): Rejection =>
    refused(candidate.evictsSibling ? `${code} (including sibling eviction)` : code, detail)
  const cheaper = findBetterRate(candidate)
  if (cheaper !== undefined) return refuse('insufficient fee', cheaper)
  const leaving = entriesToReplace(transaction, conflicts)
  if (typeof leaving === 'string') return refuse('too many potential replacements', leaving)
  const added = findNewUnconfirmed(candidate, leaving)
  if (added !== undefined) return refuse('replacement-adds-unconfirmed', added)
  const unpaid = findUnpaid(candidate.modifiedFee, candidate.virtualSize, leaving, transaction)
  return unpaid === undefined ? { ok: true, value: leaving } : refuse('insufficient fee', unpaid)
}

/** A transaction cannot need what it takes the place of: no block could have both. */
export function checkDisjoint(
  { txid }: Transaction,
  ancestors: ReadonlySet<MempoolEntry>,
  conflicts: ReadonlySet<MempoolEntry>,
): Verdict {
  for (const ancestor of ancestors) {
    if (!conflicts.has(ancestor)) continue
    const detail = `${txIdToHex(txid)} spends conflicting transaction ${idOf(ancestor)}`
    return { ok: false, code: 'bad-txns-spends-conflicting-tx', blame: 'sender', detail }
  }
  return OK
}

/** The conflicts and all that depends on them; a text when they are too many, counted as Core does (rule 5). */
export function entriesToReplace(
  { txid }: Transaction,
  conflicts: ReadonlySet<MempoolEntry>,
): ReadonlySet<MempoolEntry> | string {
  let count = 0
  for (const conflict of conflicts) {
    count += conflict.descendantCount
    if (count > MAX_REPLACEMENTS)
      return `rejecting replacement ${txIdToHex(txid)}; too many potential replacements (${count} > ${MAX_REPLACEMENTS})`
  }
  return closure(conflicts, entry => entry.children)
}

/** Why the fees do not make up for those that go (rules 3 and 4). */
export function findUnpaid(
  fees: Sats,
  virtualSize: number,
  leaving: Iterable<MempoolEntry>,
  { txid }: Transaction,
): string | undefined {
  let lost = 0n
  for (const entry of leaving) lost += entry.modifiedFee
  const rejecting = `rejecting replacement ${txIdToHex(txid)}`
  if (fees < lost)
    return `${rejecting}, less fees than conflicting txs; ${formatMoney(fees)} < ${formatMoney(lost)}`
  const needed = feeAt(INCREMENTAL_RELAY_FEE_RATE, virtualSize)
  const added = fees - lost
  if (added >= needed) return undefined
  return `${rejecting}, not enough additional fees to relay; ${formatMoney(added)} < ${formatMoney(needed)}`
}

/** A transaction in the way that pays at least the same rate by itself. */
function findBetterRate(candidate: Candidate): string | undefined {
  const own = rateOf(candidate)
  for (const { modifiedFee, virtualSize } of candidate.conflicts) {
    const other = { fee: modifiedFee, size: virtualSize }
    if (compareFeeRates(own, other) > 0) continue
    const rates = `new feerate ${formatFeeRate(own)} <= old feerate ${formatFeeRate(other)}`
    return `rejecting replacement ${txIdToHex(candidate.transaction.txid)}; ${rates}`
  }
  return undefined
}

/** An unconfirmed input that none of those that go has (rule 2). */
function findNewUnconfirmed(
  { transaction, ancestors }: Candidate,
  leaving: ReadonlySet<MempoolEntry>,
): string | undefined {
  if (ancestors.size === 0) return undefined
  const unconfirmed = new Set(Array.from(ancestors, idOf))
  const shared = new Set<string>()
  for (const { transaction: replaced } of leaving)
    for (const { previousOutput } of replaced.inputs) shared.add(txIdToHex(previousOutput.txid))
  const index = transaction.inputs.findIndex(({ previousOutput }) => {
    const id = txIdToHex(previousOutput.txid)
    return unconfirmed.has(id) && !shared.has(id)
  })
  if (index < 0) return undefined
  return `replacement ${txIdToHex(transaction.txid)} adds unconfirmed input, idx ${index}`
}

function idOf({ transaction }: MempoolEntry): string {
  return txIdToHex(transaction.txid)
}
