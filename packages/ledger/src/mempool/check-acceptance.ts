import {
  firstRejection,
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
import {
  MAX_KNOWN_OUTPUT_PROBES,
  MAX_MEMPOOL_CHAIN_TRANSACTIONS,
  MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE,
  MAX_STANDARD_SIGOPS_COST,
  MIN_RELAY_FEE_RATE,
} from '../limits.ts'
import { checkSequenceLocks } from '../rules/check-sequence-locks.ts'
import { checkTransaction } from '../rules/check-transaction.ts'
import { isFinal } from '../rules/check-transaction-final.ts'
import { checkTransactionInputs, type SpentInputs } from '../rules/check-transaction-inputs.ts'
import { MANDATORY_FLAGS, STANDARD_FLAGS } from '../script/flags.ts'
import { verifyForMempool } from '../script/verify-inputs.ts'
import { sigopsCost } from '../sigops.ts'
import type { Transaction } from '../transaction.ts'
import { checkStandard } from './check-standard.ts'
import { checkStandardInputs } from './check-standard-inputs.ts'
import { checkStandardWitness } from './check-standard-witness.ts'
import { checkTruc } from './check-truc.ts'
import { coinsWithMempool } from './coins-with-mempool.ts'
import { feeAt } from './fee-rate.ts'
import type { Mempool, MempoolContext } from './mempool.ts'
import { closure, type MempoolEntry, policyVirtualSize } from './mempool-entry.ts'

/** What the checks found out on the way. */
export interface Acceptance {
  readonly fee: Sats
  readonly sigopsCost: number
}

/** Checks that a transaction which was here or in a block before is spared. */
export interface AcceptanceOptions {
  /** False for what was checked when it came here first. */
  readonly checkScripts: boolean
  /** False for what a block had, or what was here before: it need not pay again. */
  readonly checkFee: boolean
}

/** All checks of a transaction that wants into the mempool, in Bitcoin Core's order (MemPoolAccept). */
export function checkAcceptance(
  transaction: Transaction,
  mempool: Mempool,
  context: MempoolContext,
  options: AcceptanceOptions,
): Result<Acceptance> {
  const alone = checkAlone(transaction, mempool, context)
  if (!alone.ok) return alone
  const spent = findInputs(transaction, mempool, context)
  if (!spent.ok) return spent
  const { coins, fee } = spent.value
  const cost = sigopsCost(
    transaction,
    coins.map(coin => coin.output),
    STANDARD_FLAGS,
  )
  const size = policyVirtualSize(transaction, cost)
  const parents = parentsOf(transaction, mempool)
  const rest = firstRejection(
    () => checkLocks(transaction, coins, mempool, context),
    () => checkStandardInputs(transaction, coins),
    () => checkStandardWitness(transaction, coins),
    () => (cost > MAX_STANDARD_SIGOPS_COST ? refused('bad-txns-too-many-sigops') : OK),
    () => (options.checkFee ? checkFee(fee, size, mempool.feeFloor(context.now)) : OK),
    () => checkTruc(transaction, size, parents),
    () => checkChain(size, parents),
    () =>
      options.checkScripts
        ? verifyForMempool(
            transaction,
            coins,
            { policy: STANDARD_FLAGS, consensus: MANDATORY_FLAGS },
            context.verifier,
          )
        : OK,
  )
  return rest.ok ? { ok: true, value: { fee, sigopsCost: cost } } : rest
}

/** What needs no coins. */
function checkAlone(transaction: Transaction, mempool: Mempool, { tip }: MempoolContext): Verdict {
  return firstRejection(
    () => checkTransaction(transaction),
    () => (transaction.isCoinbase ? invalid('coinbase') : OK),
    () => checkStandard(transaction),
    () => (isFinal(transaction, tip.height + 1, medianTimePast(tip)) ? OK : refused('non-final')),
    () => checkNew(transaction, mempool),
    () => checkConflicts(transaction, mempool),
  )
}

function checkNew(transaction: Transaction, mempool: Mempool): Verdict {
  if (mempool.getByWtxid(transaction.wtxid)) return refused('txn-already-in-mempool')
  return mempool.has(transaction.txid) ? refused('txn-same-nonwitness-data-in-mempool') : OK
}

/** First seen wins. */
function checkConflicts({ inputs }: Transaction, mempool: Mempool): Verdict {
  const isSpent = inputs.some(input => mempool.spenderOf(input.previousOutput) !== undefined)
  return isSpent ? refused('txn-mempool-conflict') : OK
}

/** The coins, from the chain or from transactions that wait; what only others can have caused is nobody's fault. */
function findInputs(
  transaction: Transaction,
  mempool: Mempool,
  context: MempoolContext,
): Result<SpentInputs> {
  const nextHeight = context.tip.height + 1
  const coins = coinsWithMempool(mempool, context.coins, nextHeight)
  const spent = checkTransactionInputs(transaction, coins, nextHeight)
  return spent.ok ? spent : blameless(spent, transaction, context)
}

function blameless(
  rejection: Rejection,
  { txid, outputs }: Transaction,
  { coins }: MempoolContext,
): Rejection {
  if (rejection.code === 'bad-txns-inputs-missingorspent') {
    const isConfirmed = outputs
      .slice(0, MAX_KNOWN_OUTPUT_PROBES)
      .some((_, index) => coins.get({ txid, index }) !== undefined)
    return refused(isConfirmed ? 'txn-already-known' : rejection.code)
  }
  const dependsOnTheTip = rejection.code === 'bad-txns-premature-spend-of-coinbase'
  return dependsOnTheTip ? refused(rejection.code, rejection.detail) : rejection
}

function checkLocks(
  transaction: Transaction,
  coins: readonly Coin[],
  { parameters }: Mempool,
  { tip }: MempoolContext,
): Verdict {
  return checkSequenceLocks(transaction, coins, tip, parameters).ok ? OK : refused('non-BIP68-final')
}

function checkFee(fee: Sats, virtualSize: number, floor: bigint): Verdict {
  const forFloor = feeAt(floor, virtualSize)
  if (fee < forFloor) return refused('mempool min fee not met', `${fee} < ${forFloor}`)
  const least = feeAt(MIN_RELAY_FEE_RATE, virtualSize)
  return fee < least ? refused('min relay fee not met', `${fee} < ${least}`) : OK
}

function parentsOf({ inputs }: Transaction, mempool: Mempool): Set<MempoolEntry> {
  const parents = new Set<MempoolEntry>()
  for (const { previousOutput } of inputs) {
    const parent = mempool.entry(previousOutput.txid)
    if (parent !== undefined) parents.add(parent)
  }
  return parents
}

/** Neither it with its ancestors nor any ancestor with its descendants may grow too long. */
function checkChain(virtualSize: number, parents: ReadonlySet<MempoolEntry>): Verdict {
  const ancestors = closure(parents, entry => entry.parents)
  if (isTooLong(ancestors, virtualSize))
    return refused('too-long-mempool-chain', 'too many unconfirmed ancestors')
  for (const ancestor of ancestors) {
    const family = closure([ancestor], entry => entry.children)
    if (isTooLong(family, virtualSize))
      return refused('too-long-mempool-chain', 'too many descendants of an unconfirmed ancestor')
  }
  return OK
}

function isTooLong(relatives: ReadonlySet<MempoolEntry>, virtualSize: number): boolean {
  let size = virtualSize
  for (const relative of relatives) size += relative.virtualSize
  return relatives.size + 1 > MAX_MEMPOOL_CHAIN_TRANSACTIONS || size > MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE
}
