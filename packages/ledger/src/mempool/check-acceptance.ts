import {
  equalBytes,
  invalid,
  OK,
  type Rejection,
  type Result,
  refused,
  type Verdict,
} from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { Coin } from '../coin.ts'
import { medianTimePast } from '../header-node.ts'
import { CARVE_OUT_VIRTUAL_SIZE, MAX_KNOWN_OUTPUT_PROBES, MAX_STANDARD_SIGOPS_COST } from '../limits.ts'
import { checkCoinbaseMaturity } from '../rules/check-coinbase-maturity.ts'
import { checkSequenceLocks } from '../rules/check-sequence-locks.ts'
import { checkTransaction } from '../rules/check-transaction.ts'
import { isFinal } from '../rules/check-transaction-final.ts'
import { checkValueConservation } from '../rules/check-value-conservation.ts'
import { STANDARD_FLAGS } from '../script/flags.ts'
import { sigopsCost } from '../sigops.ts'
import type { Transaction } from '../transaction.ts'
import type { AcceptanceMode, Candidate } from './candidate.ts'
import { ancestorsWithin, CARVE_OUT_LIMITS, CHAIN_LIMITS } from './chain-limits.ts'
import { checkPaysNothingForDust } from './check-ephemeral.ts'
import { checkDisjoint } from './check-replacement.ts'
import { checkStandard } from './check-standard.ts'
import { checkStandardInputs } from './check-standard-inputs.ts'
import { checkStandardWitness } from './check-standard-witness.ts'
import { findTrucViolation, TRUC_VERSION } from './check-truc.ts'
import { exceedsRate } from './fee-rate.ts'
import { type MempoolEntry, policyVirtualSize } from './mempool-entry.ts'
import { checkFeeRate, type PolicyContext } from './policy-context.ts'

/**
 * The checks of a transaction that wants into the mempool but for replacement and scripts, in Bitcoin Core's order
 * (`PreChecks`).
 */
export function checkAcceptance(
  transaction: Transaction,
  context: PolicyContext,
  mode: AcceptanceMode,
): Result<Candidate> {
  const alone = checkAlone(transaction, context)
  if (!alone.ok) return alone
  const conflicts = findConflicts(transaction, context, mode)
  if (!conflicts.ok) return conflicts
  const inputs = findInputs(transaction, context)
  if (!inputs.ok) return inputs
  const { coins, parents } = inputs.value
  const fee = checkInputs(transaction, coins, context)
  if (!fee.ok) return fee
  const cost = sigopsCost(
    transaction,
    coins.map(coin => coin.output),
    STANDARD_FLAGS,
  )
  const draft: Draft = {
    transaction,
    coins,
    fee: fee.value,
    modifiedFee: fee.value + context.pool.deltaOf(transaction.txid),
    sigopsCost: cost,
    virtualSize: policyVirtualSize(transaction, cost),
  }
  const paid = checkPayment(draft, context, mode)
  return paid.ok ? checkFamily(draft, parents, conflicts.value, mode) : paid
}

type Draft = Omit<Candidate, 'parents' | 'ancestors' | 'conflicts' | 'evictsSibling'>

/** What needs no coins. */
function checkAlone(transaction: Transaction, { pool, tip }: PolicyContext): Verdict {
  const valid = checkTransaction(transaction)
  if (!valid.ok) return valid
  if (transaction.isCoinbase) return invalid('coinbase')
  const standard = checkStandard(transaction)
  if (!standard.ok) return standard
  if (transaction.lockTime !== 0 && !isFinal(transaction, tip.height + 1, medianTimePast(tip)))
    return refused('non-final')
  const known = pool.get(transaction.txid)?.transaction
  if (known === undefined) return OK
  const isSame = equalBytes(known.wtxid, transaction.wtxid)
  return refused(isSame ? 'txn-already-in-mempool' : 'txn-same-nonwitness-data-in-mempool')
}

const NO_CONFLICTS: ReadonlySet<MempoolEntry> = new Set()

/** What spends the same coins. */
function findConflicts(
  { inputs }: Transaction,
  { pool }: PolicyContext,
  { mayReplace }: AcceptanceMode,
): Result<ReadonlySet<MempoolEntry>> {
  let conflicts: Set<MempoolEntry> | undefined
  for (const { previousOutput } of inputs) {
    const spender = pool.spenderOf(previousOutput)
    if (spender === undefined) continue
    if (!mayReplace) return refused('bip125-replacement-disallowed')
    conflicts = (conflicts ?? new Set()).add(spender)
  }
  return { ok: true, value: conflicts ?? NO_CONFLICTS }
}

interface FoundInputs {
  readonly coins: readonly Coin[]
  /** Where they are not confirmed. */
  readonly parents: ReadonlySet<MempoolEntry>
}

/** The coins: of transactions that wait, of the package, of the chain. */
function findInputs(transaction: Transaction, context: PolicyContext): Result<FoundInputs> {
  const { pool, tip, packageOutputs } = context
  const coins: Coin[] = []
  let parents: Set<MempoolEntry> | undefined
  for (const { previousOutput } of transaction.inputs) {
    const parent = pool.get(previousOutput.txid)
    const output = parent?.transaction.outputs[previousOutput.index] ?? packageOutputs?.get(previousOutput)
    if (parent !== undefined) parents = (parents ?? new Set()).add(parent)
    const coin = output
      ? { output, height: tip.height + 1, coinbase: false }
      : context.coins.get(previousOutput)
    if (coin === undefined) return missing(transaction, context)
    coins.push(coin)
  }
  return { ok: true, value: { coins, parents: parents ?? NO_CONFLICTS } }
}

/** It may be in the chain already; otherwise its parents have still to come. */
function missing({ txid, outputs }: Transaction, { coins }: PolicyContext): Rejection {
  const isConfirmed = outputs
    .slice(0, MAX_KNOWN_OUTPUT_PROBES)
    .some((_, index) => coins.get({ txid, index }) !== undefined)
  return refused(isConfirmed ? 'txn-already-known' : 'bad-txns-inputs-missingorspent')
}

/** Lock times, maturity, values, and what the mempool asks of the coins. What depends on the tip is nobody's fault. */
function checkInputs(
  transaction: Transaction,
  coins: readonly Coin[],
  { tip, parameters }: PolicyContext,
): Result<Sats> {
  if (!checkSequenceLocks(transaction, coins, tip, parameters).ok) return refused('non-BIP68-final')
  const mature = checkCoinbaseMaturity(coins, tip.height + 1)
  if (!mature.ok) return { ...mature, blame: 'nobody' }
  const fee = checkValueConservation(transaction, coins)
  if (!fee.ok) return fee
  const standard = checkStandardInputs(transaction, coins)
  if (!standard.ok) return standard
  const witness = checkStandardWitness(transaction, coins)
  return witness.ok ? fee : witness
}

function checkPayment(draft: Draft, context: PolicyContext, mode: AcceptanceMode): Verdict {
  const { transaction, fee, modifiedFee, virtualSize, sigopsCost: cost } = draft
  const dust = checkPaysNothingForDust(transaction, fee, modifiedFee)
  if (!dust.ok) return dust
  if (cost > MAX_STANDARD_SIGOPS_COST) return refused('bad-txns-too-many-sigops', `${cost}`)
  return mode.checksFee ? checkFeeRate({ fee: modifiedFee, size: virtualSize }, context) : OK
}

/** What it would depend on and replace. */
function checkFamily(
  draft: Draft,
  parents: ReadonlySet<MempoolEntry>,
  conflicts: ReadonlySet<MempoolEntry>,
  mode: AcceptanceMode,
): Result<Candidate> {
  const { transaction, virtualSize } = draft
  const found = ancestorsOf(draft, parents, conflicts, mode)
  if (!found.ok) return found
  const ancestors = found.value
  const violation = findTrucViolation(transaction, virtualSize, ancestors, conflicts)
  const sibling = mode.mayEvictSibling ? violation?.sibling : undefined
  if (violation !== undefined && sibling === undefined) return refused('TRUC-violation', violation.detail)
  const replaced = sibling === undefined ? conflicts : new Set([...conflicts, sibling])
  const disjoint = checkDisjoint(transaction, ancestors, replaced)
  if (!disjoint.ok) return disjoint
  if (exceedsMaximum(draft, mode)) return refused('max feerate exceeded')
  const { coins, fee, modifiedFee, sigopsCost: cost } = draft
  return {
    ok: true,
    value: {
      transaction,
      coins,
      fee,
      modifiedFee,
      sigopsCost: cost,
      virtualSize,
      parents,
      ancestors,
      conflicts: replaced,
      evictsSibling: sibling !== undefined,
    },
  }
}

function exceedsMaximum({ modifiedFee, virtualSize }: Draft, { maxFeeRate }: AcceptanceMode): boolean {
  return maxFeeRate !== undefined && exceedsRate({ fee: modifiedFee, size: virtualSize }, maxFeeRate)
}

/**
 * What replaces a single transaction takes its place among the descendants, and a small one below a full parent may
 * still come in: see {@link CARVE_OUT_LIMITS}.
 */
function ancestorsOf(
  { transaction, virtualSize }: Draft,
  parents: ReadonlySet<MempoolEntry>,
  conflicts: ReadonlySet<MempoolEntry>,
  { mayCarveOut }: AcceptanceMode,
): Result<ReadonlySet<MempoolEntry>> {
  if (parents.size === 0) return { ok: true, value: parents }
  const newcomer = { count: 1, size: virtualSize }
  const [conflict] = conflicts
  const limits =
    mayCarveOut && conflicts.size === 1 && conflict !== undefined
      ? {
          ...CHAIN_LIMITS,
          descendantCount: CHAIN_LIMITS.descendantCount + 1,
          descendantSize: CHAIN_LIMITS.descendantSize + conflict.descendantSize,
        }
      : CHAIN_LIMITS
  const found = ancestorsWithin(parents, newcomer, limits)
  const mayRetry =
    mayCarveOut && virtualSize <= CARVE_OUT_VIRTUAL_SIZE && transaction.version !== TRUC_VERSION
  if (found.ok || !mayRetry) return found
  const { descendantCount, descendantSize } = limits
  const retried = ancestorsWithin(parents, newcomer, {
    ...CARVE_OUT_LIMITS,
    descendantCount: descendantCount + 1,
    descendantSize: descendantSize + CARVE_OUT_VIRTUAL_SIZE,
  })
  return retried.ok ? retried : found
}
