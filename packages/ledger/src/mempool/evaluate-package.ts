import { OK, type Rejection, type Result, refused, type Verdict } from '@onehop/primitives'
import { MAX_MEMPOOL_CHAIN_TRANSACTIONS, MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE } from '../limits.ts'
import { type OutPoint, outPointKey, type Transaction, type TxOutput } from '../transaction.ts'
import { type AcceptanceMode, type Candidate, rateOf } from './candidate.ts'
import { ancestorsWithin, CHAIN_LIMITS } from './chain-limits.ts'
import { checkAcceptance } from './check-acceptance.ts'
import { findUnspentDust } from './check-ephemeral.ts'
import { checkPackageShape } from './check-package.ts'
import { checkPackageReplacement } from './check-package-replacement.ts'
import { findPackageTrucViolation } from './check-package-truc.ts'
import { checkScripts } from './evaluate-transaction.ts'
import { addFees, type FeePerSize } from './fee-rate.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import { checkFeeRate, type PolicyContext } from './policy-context.ts'

/** A package that may come in as a whole, and what goes for it. */
export interface EvaluatedPackage {
  readonly candidates: readonly Candidate[]
  readonly leaving: ReadonlySet<MempoolEntry>
  /** What all of them pay together. */
  readonly rate: FeePerSize
}

/** Why a package may not come in: for what it is as a whole, or for one of its members. */
export interface PackageRefusal {
  readonly verdict: Rejection
  readonly member?: { readonly transaction: Transaction; readonly rejection: Rejection }
}

/** What came of it. */
export type PackageEvaluation =
  | { readonly ok: true; readonly value: EvaluatedPackage }
  | { readonly ok: false; readonly refusal: PackageRefusal }

const NOTHING: ReadonlySet<MempoolEntry> = new Set()

/**
 * All checks of several transactions that come together, each after those that it spends from
 * (`AcceptMultipleTransactions`). Changes nothing.
 * @param countsTogether whether the child's fee counts for its parents too.
 */
export function evaluatePackage(
  transactions: readonly Transaction[],
  context: PolicyContext,
  mode: AcceptanceMode,
  countsTogether: boolean,
): PackageEvaluation {
  const shape = checkPackageShape(transactions)
  if (!shape.ok) return asWhole(shape)
  const found = candidatesOf(transactions, context, mode)
  if ('refusal' in found) return found
  const { candidates } = found
  for (const candidate of candidates) {
    const violation = findPackageTrucViolation(candidate, transactions)
    if (violation !== undefined) return asWhole(refused('TRUC-violation', violation))
  }
  const rate = candidates.map(rateOf).reduce(addFees)
  const paid = countsTogether ? checkFeeRate(rate, context) : OK
  if (!paid.ok) return byMember(transactions[transactions.length - 1]!, paid)
  const limits = candidates.length > 1 ? checkPackageLimits(candidates, rate.size) : OK
  if (!limits.ok) return asWhole(limits)
  const leaving = findLeaving(candidates)
  if (!leaving.ok) return asWhole(leaving)
  const dust = findUnspentDust(transactions, txid => context.pool.get(txid)?.transaction)
  if (dust !== undefined) return byMember(dust.transaction, dust.rejection, 'unspent-dust')
  for (const candidate of candidates) {
    const scripts = checkScripts(candidate, context)
    if (!scripts.ok) return byMember(candidate.transaction, scripts)
  }
  return { ok: true, value: { candidates, leaving: leaving.value, rate } }
}

function asWhole(verdict: Rejection) {
  return { ok: false, refusal: { verdict } } as const
}

function byMember(transaction: Transaction, rejection: Rejection, code = 'transaction failed') {
  const verdict: Rejection = { ok: false, code, blame: rejection.blame }
  return { ok: false, refusal: { verdict, member: { transaction, rejection } } } as const
}

/** Each checked with the outputs of those before it at hand, up to the first that is refused. */
function candidatesOf(
  transactions: readonly Transaction[],
  context: PolicyContext,
  mode: AcceptanceMode,
): { readonly candidates: readonly Candidate[] } | ReturnType<typeof byMember> {
  const outputs = new Map<string, TxOutput>()
  const packageOutputs = { get: (outPoint: OutPoint) => outputs.get(outPointKey(outPoint)) }
  const candidates: Candidate[] = []
  for (const transaction of transactions) {
    const checked = checkAcceptance(transaction, { ...context, packageOutputs }, mode)
    if (!checked.ok) return byMember(transaction, checked)
    candidates.push(checked.value)
    const { txid } = transaction
    for (const [index, output] of transaction.outputs.entries())
      outputs.set(outPointKey({ txid, index }), output)
  }
  return { candidates }
}

/** As if each were the ancestor and descendant of all others (`CheckPackageLimits`): simple, and never too generous. */
function checkPackageLimits(candidates: readonly Candidate[], size: number): Verdict {
  const count = candidates.length
  const [most, largest] = [MAX_MEMPOOL_CHAIN_TRANSACTIONS, MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE]
  if (count > most) return tooLarge(`package count ${count} exceeds ancestor count limit [limit: ${most}]`)
  if (size > largest) return tooLarge(`package size ${size} exceeds ancestor size limit [limit: ${largest}]`)
  const parents = new Set(candidates.flatMap(candidate => [...candidate.parents]))
  const found = ancestorsWithin(parents, { count, size }, CHAIN_LIMITS)
  if (found.ok) return OK
  const isCertain = parents.size + count > CHAIN_LIMITS.ancestorCount
  return tooLarge(isCertain ? found.detail : `possibly ${found.detail}`)
}

function tooLarge(detail: string | undefined): Rejection {
  return refused('package-mempool-limits', detail)
}

function findLeaving(candidates: readonly Candidate[]): Result<ReadonlySet<MempoolEntry>> {
  const replaces = candidates.some(({ conflicts }) => conflicts.size > 0)
  return replaces ? checkPackageReplacement(candidates) : { ok: true, value: NOTHING }
}
