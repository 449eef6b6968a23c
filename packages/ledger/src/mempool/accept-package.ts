import { OK, type Rejection, refused, type Verdict } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { Transaction } from '../transaction.ts'
import { type Candidate, FIRST_ALONE, IN_PACKAGE, rateOf, TESTED_PACKAGE } from './candidate.ts'
import { checkPackageShape, isChildWithParents } from './check-package.ts'
import type { EntryPool } from './entry-pool.ts'
import { evaluatePackage, type PackageEvaluation, type PackageRefusal } from './evaluate-package.ts'
import { evaluateTransaction } from './evaluate-transaction.ts'
import type { FeePerSize } from './fee-rate.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import {
  type Accepted,
  isMissingInputs,
  isReconsiderable,
  type MemberOutcome,
  memberKey,
  type PackageOutcome,
} from './outcome.ts'
import type { PolicyContext } from './policy-context.ts'

/** Where packages go. */
export interface PackageDestination {
  readonly context: PolicyContext
  /** Adds the candidates, and takes out what leaves for them. Makes no room. */
  take(candidates: readonly Candidate[], leaving: ReadonlySet<MempoolEntry>): void
  /** Drops what pays least until the memory suffices. */
  makeRoom(): void
}

type Outcomes = Map<string, MemberOutcome>

const FAILED = refused('transaction failed')

/**
 * Takes in a transaction with its parents: each by itself where that is possible, the others together, the child paying
 * for its parents (`AcceptPackage`).
 * @param maxFeeRate satoshis per 1,000 virtual bytes above which the sender wants none of them taken.
 */
export function acceptPackage(
  transactions: readonly Transaction[],
  destination: PackageDestination,
  maxFeeRate?: Sats,
): PackageOutcome {
  const shape = checkTopology(transactions)
  if (!shape.ok) return { verdict: shape, members: new Map() }
  const { pool } = destination.context
  const members: Outcomes = new Map()
  const together = takeOneByOne(transactions, destination, members, maxFeeRate)
  let verdict = together.verdict
  if (together.left.length > 0 && verdict.ok) {
    verdict = takeTogether(together.left, destination, members, maxFeeRate)
  }
  destination.makeRoom()
  return noteEvicted(transactions, pool, { verdict, members })
}

/** Whether the mempool would take these: each pays for itself, and replaces nothing. Changes nothing. */
export function testPackage(transactions: readonly Transaction[], context: PolicyContext): PackageOutcome {
  const evaluation = evaluatePackage(transactions, context, TESTED_PACKAGE, false)
  if (!evaluation.ok) return refusedPackage(evaluation.refusal)
  const members: Outcomes = new Map()
  for (const candidate of evaluation.value.candidates)
    noteAccepted(members, acceptedMember(candidate, rateOf(candidate), [candidate], []))
  return { verdict: OK, members }
}

function checkTopology(transactions: readonly Transaction[]): Verdict {
  const shape = checkPackageShape(transactions)
  if (!shape.ok) return shape
  const isFamily = transactions.length === 1 || isChildWithParents(transactions)
  return isFamily ? OK : refused('package-not-child-with-parents')
}

/** @returns those that only come in together, if at all; a refusal when one can never come in. */
function takeOneByOne(
  transactions: readonly Transaction[],
  destination: PackageDestination,
  members: Outcomes,
  maxFeeRate: Sats | undefined,
): { readonly left: readonly Transaction[]; readonly verdict: Verdict } {
  const left: Transaction[] = []
  let verdict: Verdict = OK
  for (const transaction of transactions) {
    const known = findKnown(transaction, destination.context.pool)
    const rejection = known ?? takeAlone(transaction, destination, members, maxFeeRate)
    if (rejection === undefined) continue
    if ('kind' in rejection) {
      members.set(memberKey(transaction), rejection)
      continue
    }
    members.set(memberKey(transaction), { kind: 'refused', rejection })
    const mayDoTogether = isReconsiderable(rejection) || isMissingInputs(rejection)
    if (transactions.length > 1 && mayDoTogether) left.push(transaction)
    else verdict = { ...FAILED, blame: rejection.blame }
  }
  return { left, verdict }
}

function findKnown({ txid, wtxid }: Transaction, pool: EntryPool): MemberOutcome | undefined {
  const same = pool.getByWtxid(wtxid)
  if (same !== undefined) return { kind: 'known', fee: same.fee, virtualSize: same.virtualSize }
  const other = pool.get(txid)
  return other && { kind: 'other-witness', wtxid: other.transaction.wtxid }
}

function takeAlone(
  transaction: Transaction,
  destination: PackageDestination,
  members: Outcomes,
  maxFeeRate: Sats | undefined,
): Rejection | undefined {
  const evaluated = evaluateTransaction(transaction, destination.context, { ...FIRST_ALONE, maxFeeRate })
  if (!evaluated.ok) return evaluated
  const { candidate, leaving } = evaluated.value
  destination.take([candidate], leaving)
  noteAccepted(members, acceptedMember(candidate, rateOf(candidate), [candidate], leaving))
  return undefined
}

function takeTogether(
  transactions: readonly Transaction[],
  destination: PackageDestination,
  members: Outcomes,
  maxFeeRate: Sats | undefined,
): Verdict {
  const evaluation = evaluateRest(transactions, destination, maxFeeRate)
  if (!evaluation.ok) {
    const { verdict, members: refusals } = refusedPackage(evaluation.refusal)
    for (const [key, outcome] of refusals) members.set(key, outcome)
    return verdict
  }
  const { candidates, leaving, rate } = evaluation.value
  destination.take(candidates, leaving)
  for (const [index, candidate] of candidates.entries())
    noteAccepted(members, acceptedMember(candidate, rate, candidates, index === 0 ? leaving : []))
  return OK
}

/** One that is left alone was refused because of one before it that came in since: it pays for itself. */
function evaluateRest(
  transactions: readonly Transaction[],
  { context }: PackageDestination,
  maxFeeRate: Sats | undefined,
): PackageEvaluation {
  const [only] = transactions
  if (transactions.length > 1 || only === undefined)
    return evaluatePackage(transactions, context, { ...IN_PACKAGE, maxFeeRate }, true)
  const evaluated = evaluateTransaction(only, context, { ...FIRST_ALONE, maxFeeRate })
  if (!evaluated.ok)
    return {
      ok: false,
      refusal: {
        verdict: { ...FAILED, blame: evaluated.blame },
        member: { transaction: only, rejection: evaluated },
      },
    }
  const { candidate, leaving } = evaluated.value
  return { ok: true, value: { candidates: [candidate], leaving, rate: rateOf(candidate) } }
}

function refusedPackage({ verdict, member }: PackageRefusal): PackageOutcome {
  const members: Outcomes = new Map()
  if (member !== undefined)
    members.set(memberKey(member.transaction), { kind: 'refused', rejection: member.rejection })
  return { verdict, members }
}

function acceptedMember(
  { transaction, fee, virtualSize }: Candidate,
  effectiveRate: FeePerSize,
  judgedWith: readonly Candidate[],
  leaving: Iterable<MempoolEntry>,
): Accepted {
  const effectiveIncludes = judgedWith.map(each => each.transaction.wtxid)
  const replaced = Array.from(leaving, entry => entry.transaction)
  return { transaction, fee, virtualSize, effectiveRate, effectiveIncludes, replaced }
}

function noteAccepted(members: Outcomes, accepted: Accepted): void {
  members.set(memberKey(accepted.transaction), { kind: 'accepted', accepted })
}

/** What came in may have had to go for want of memory. */
function noteEvicted(
  transactions: readonly Transaction[],
  pool: EntryPool,
  outcome: PackageOutcome,
): PackageOutcome {
  const members = new Map(outcome.members)
  let { verdict } = outcome
  for (const transaction of transactions) {
    const key = memberKey(transaction)
    const isIn = members.get(key)?.kind !== 'refused' && members.has(key)
    if (!isIn || pool.get(transaction.txid) !== undefined) continue
    members.set(key, { kind: 'refused', rejection: refused('mempool full') })
    verdict = FAILED
  }
  return { verdict, members }
}
