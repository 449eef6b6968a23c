import { type Result, refused } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { Block } from '../block.ts'
import type { TxId, Wtxid } from '../ids.ts'
import { MAX_MEMPOOL_BYTES, MEMPOOL_EXPIRY_SECONDS, MIN_RELAY_FEE_RATE } from '../limits.ts'
import type { ChainParameters } from '../params.ts'
import type { OutPoint, Transaction } from '../transaction.ts'
import { acceptPackage, testPackage } from './accept-package.ts'
import { type AcceptanceMode, ALONE, type Candidate, RETURNED, rateOf } from './candidate.ts'
import { CHAIN_LIMITS } from './chain-limits.ts'
import { EntryPool, type FeeDelta } from './entry-pool.ts'
import { type Evaluated, evaluateTransaction } from './evaluate-transaction.ts'
import { FeeFloor } from './fee-floor.ts'
import { feeRateOf } from './fee-rate.ts'
import { closure, type MempoolEntry } from './mempool-entry.ts'
import type { SavedMempool } from './mempool-file.ts'
import type { Accepted, MempoolObserver, PackageOutcome, RemovalReason } from './outcome.ts'
import type { MempoolContext, PolicyContext } from './policy-context.ts'
import { isTimeBound, isTimely } from './time-bounds.ts'

export type { MempoolContext } from './policy-context.ts'

/** What a mempool is made with. */
export interface MempoolOptions {
  readonly parameters: ChainParameters
  /** Memory in bytes. @default MAX_MEMPOOL_BYTES */
  readonly limit?: number
  /** Satoshis per 1,000 virtual bytes. @default MIN_RELAY_FEE_RATE */
  readonly minRelayFeeRate?: Sats
  /** Seconds that a transaction waits at most. @default MEMPOOL_EXPIRY_SECONDS */
  readonly expirySeconds?: number
  readonly observer?: MempoolObserver
}

/** How a transaction is offered. */
export interface OfferOptions {
  /** Satoshis per 1,000 virtual bytes above which the sender does not want it taken. */
  readonly maxFeeRate?: Sats | undefined
  /** Unix time in seconds at which it came, when that was before now. */
  readonly time?: number
}

/**
 * Transactions that wait for a block. What pays enough more replaces what spends the same coins, whether or not that
 * signalled it. Knows no clock and no chain of its own.
 */
export class Mempool {
  readonly parameters: ChainParameters
  /** Memory in bytes beyond which the transactions that pay least are dropped. */
  readonly limit: number
  /** Fee rate below which nothing is ever taken, in satoshis per 1,000 virtual bytes. */
  readonly minRelayFeeRate: Sats
  /** Seconds that a transaction waits at most. */
  readonly expirySeconds: number
  private readonly pool = new EntryPool()
  private readonly floor = new FeeFloor()
  private readonly observer: MempoolObserver
  /** No entry is older; Unix time in seconds. */
  private oldestTime = Number.POSITIVE_INFINITY
  private changes = 1

  constructor(options: MempoolOptions) {
    const { parameters, limit = MAX_MEMPOOL_BYTES, minRelayFeeRate = MIN_RELAY_FEE_RATE } = options
    this.parameters = parameters
    this.limit = limit
    this.minRelayFeeRate = minRelayFeeRate
    this.expirySeconds = options.expirySeconds ?? MEMPOOL_EXPIRY_SECONDS
    this.observer = options.observer ?? {}
  }

  /** Transactions. */
  get size(): number {
    return this.pool.size
  }

  /** Memory that the transactions are charged. */
  get bytes(): number {
    return this.pool.usedBytes
  }

  /** Virtual bytes of all transactions. */
  get virtualSize(): number {
    return this.pool.virtualSize
  }

  /** Satoshis that all transactions pay. */
  get totalFee(): Sats {
    return this.pool.totalFee
  }

  /** Grows by one with each transaction that comes, or goes otherwise than with a block (`mempool_sequence`). */
  get sequence(): number {
    return this.changes
  }

  /** Fee rate below which nothing is taken, since memory ran out; satoshis per 1,000 virtual bytes, mostly 0. */
  feeFloor(nowSeconds: number): Sats {
    return this.floor.at(nowSeconds, this.pool.usedBytes / this.limit)
  }

  get(txid: TxId): Transaction | undefined {
    return this.pool.get(txid)?.transaction
  }

  getByWtxid(wtxid: Wtxid): Transaction | undefined {
    return this.pool.getByWtxid(wtxid)?.transaction
  }

  has(txid: TxId): boolean {
    return this.pool.get(txid) !== undefined
  }

  entry(txid: TxId): MempoolEntry | undefined {
    return this.pool.get(txid)
  }

  /** In the order in which they came: parents before children, but for what a reorganisation brought back. */
  entries(): IterableIterator<MempoolEntry> {
    return this.pool.entries()
  }

  /** The transaction here that spends the output. */
  spenderOf(outPoint: OutPoint): Transaction | undefined {
    return this.pool.spenderOf(outPoint)?.transaction
  }

  /** Whether {@link accept} would take it. Changes nothing. */
  check(transaction: Transaction, context: MempoolContext, options: OfferOptions = {}): Result<Accepted> {
    const evaluated = this.evaluate(transaction, context, { ...ALONE, maxFeeRate: options.maxFeeRate })
    return evaluated.ok ? { ok: true, value: acceptedAlone(evaluated.value) } : evaluated
  }

  /** Takes the transaction, or says why not. What pays least may have to go for it. */
  accept(transaction: Transaction, context: MempoolContext, options: OfferOptions = {}): Result<Accepted> {
    const { maxFeeRate, time = context.now } = options
    const mode = maxFeeRate === undefined ? ALONE : { ...ALONE, maxFeeRate }
    const evaluated = this.evaluate(transaction, context, mode)
    if (!evaluated.ok) return evaluated
    const { candidate, leaving } = evaluated.value
    if (leaving.size > 0) this.removeEntries(leaving, 'replaced')
    const entry = this.add(candidate, context, time)
    this.announce([entry], context.now)
    return entry.hasLeft ? refused('mempool full') : { ok: true, value: acceptedAlone(evaluated.value) }
  }

  /** Whether {@link acceptPackage} would take all of these, if each has to pay for itself and replaces nothing. */
  checkPackage(transactions: readonly Transaction[], context: MempoolContext): PackageOutcome {
    return testPackage(transactions, this.policyContext(context))
  }

  /**
   * Takes a transaction with its parents, parents first: the child's fee may pay for them too. What can be taken by itself
   * stays also when others are refused.
   */
  acceptPackage(
    transactions: readonly Transaction[],
    context: MempoolContext,
    { maxFeeRate }: OfferOptions = {},
  ): PackageOutcome {
    const newcomers: MempoolEntry[] = []
    const destination = {
      context: this.policyContext(context),
      take: (candidates: readonly Candidate[], leaving: ReadonlySet<MempoolEntry>) => {
        if (leaving.size > 0) this.removeEntries(leaving, 'replaced')
        for (const candidate of candidates) {
          // Members may be parents of those after them, which nobody could know when they were judged.
          const parents = this.pool.parentsOf(candidate.transaction)
          newcomers.push(this.add(candidate, context, context.now, parents))
        }
      },
      makeRoom: () => this.announce(newcomers, context.now),
    }
    return acceptPackage(transactions, destination, maxFeeRate)
  }

  /** A block was connected: its transactions leave, and whatever spends a coin that it spent. */
  onBlockConnected(block: Block, nowSeconds: number): void {
    for (const transaction of block.transactions) {
      const included = this.pool.get(transaction.txid)
      if (included !== undefined) this.pool.remove(new Set([included]))
      this.pool.clearDelta(transaction.txid)
      const conflicting = new Set<MempoolEntry>()
      for (const { previousOutput } of transaction.inputs) {
        const spender = this.pool.spenderOf(previousOutput)
        if (spender !== undefined) conflicting.add(spender)
      }
      if (conflicting.size > 0) this.removeEntries(this.pool.withDescendants(conflicting), 'conflict')
    }
    this.floor.onBlock(nowSeconds)
  }

  /**
   * The chain was reorganised: takes the disconnected blocks' transactions back where the new chain allows it, and drops
   * what it does not allow any more (`MaybeUpdateMempoolForReorg`). Pauses after each transaction, for those who have
   * other work too; nothing else may be asked of the mempool until it has come to its end but what only reads.
   * @param returned lowest block first, coinbases included, without those that the new chain has.
   */
  *reorganise(returned: readonly Transaction[], context: MempoolContext): Generator<void, void> {
    const policy = this.policyContext(context)
    const back: MempoolEntry[] = []
    for (const transaction of returned) {
      const entry = this.takeBack(transaction, context, policy)
      if (entry !== undefined) back.push(entry)
      yield
    }
    this.adopt(back)
    for (const entry of [...this.pool.timeBound]) {
      if (entry.hasLeft || isTimely(entry.transaction, policy)) continue
      this.removeEntries(this.pool.withDescendants([entry]), 'reorg')
    }
    this.announce(back, context.now)
  }

  /** All of {@link reorganise} at once. */
  onReorganised(returned: readonly Transaction[], context: MempoolContext): void {
    const steps = this.reorganise(returned, context)
    while (!steps.next().done);
  }

  /** The transaction is in no block any more, and does not come back: what spends its outputs cannot stay. */
  removeSpendersOf({ txid, outputs }: Transaction): void {
    const spenders = new Set<MempoolEntry>()
    for (let index = 0; index < outputs.length; index++) {
      const spender = this.pool.spenderOf({ txid, index })
      if (spender !== undefined) spenders.add(spender)
    }
    if (spenders.size > 0) this.removeEntries(this.pool.withDescendants(spenders), 'reorg')
  }

  /** Drops what waits for longer than {@link expirySeconds}, and what depends on it. */
  expire(nowSeconds: number): void {
    const oldestAllowed = nowSeconds - this.expirySeconds
    if (this.oldestTime >= oldestAllowed) return
    const old: MempoolEntry[] = []
    this.oldestTime = Number.POSITIVE_INFINITY
    for (const entry of this.pool.entries()) {
      if (entry.time < oldestAllowed) old.push(entry)
      else this.oldestTime = Math.min(this.oldestTime, entry.time)
    }
    this.removeEntries(this.pool.withDescendants(old), 'expiry')
  }

  /** All that lasts over a restart. */
  saved(): SavedMempool {
    const entries = [...this.pool.entries()].sort((a, b) => a.ancestorCount - b.ancestorCount)
    return {
      transactions: entries.map(({ transaction, time, feeDelta }) => ({ transaction, time, feeDelta })),
      feeDeltas: [...this.pool.feeDeltas()].filter(({ txid }) => !this.has(txid)),
    }
  }

  /** Adds so many satoshis (or takes them, below zero) to what the transaction's fee counts for here. */
  prioritise(txid: TxId, by: Sats): void {
    this.pool.prioritise(txid, by)
  }

  /** What {@link prioritise} left, also for transactions that are not here. */
  feeDeltas(): IterableIterator<FeeDelta> {
    return this.pool.feeDeltas()
  }

  private takeBack(
    transaction: Transaction,
    context: MempoolContext,
    policy: PolicyContext,
  ): MempoolEntry | undefined {
    const evaluated = evaluateTransaction(transaction, policy, RETURNED)
    if (!evaluated.ok) {
      this.removeSpendersOf(transaction)
      return undefined
    }
    const { candidate, leaving } = evaluated.value
    if (leaving.size > 0) this.removeEntries(leaving, 'replaced')
    return this.add(candidate, context, context.now)
  }

  private evaluate(
    transaction: Transaction,
    context: MempoolContext,
    mode: AcceptanceMode,
  ): Result<Evaluated> {
    return evaluateTransaction(transaction, this.policyContext(context), mode)
  }

  private policyContext({ coins, tip, now, verifier, scriptCache }: MempoolContext): PolicyContext {
    const { pool, parameters, minRelayFeeRate } = this
    const feeFloor = this.feeFloor(now)
    return { coins, tip, now, verifier, scriptCache, pool, parameters, minRelayFeeRate, feeFloor }
  }

  private add(
    candidate: Candidate,
    { tip }: MempoolContext,
    time: number,
    parents: Iterable<MempoolEntry> = candidate.parents,
  ): MempoolEntry {
    const { transaction, coins, fee, sigopsCost } = candidate
    const bound = isTimeBound(transaction, coins)
    if (time < this.oldestTime) this.oldestTime = time
    const fields = { transaction, fee, time, height: tip.height, sigopsCost, isTimeBound: bound }
    return this.pool.add(fields, parents)
  }

  /** Makes room, and tells of the newcomers that are still here then. */
  private announce(newcomers: readonly MempoolEntry[], nowSeconds: number): void {
    this.expire(nowSeconds)
    if (this.pool.usedBytes > this.limit) this.evictToLimit()
    else if (this.pool.usedBytes < this.limit / 2) this.pool.forgetCheapest()
    for (const entry of newcomers) {
      if (entry.hasLeft) continue
      entry.isAnnounced = true
      this.changes += 1
      this.observer.onAdded?.(entry.transaction)
    }
  }

  /** Drops those that pay least for themselves and their descendants until the memory suffices (`TrimToSize`). */
  private evictToLimit(): void {
    while (this.pool.usedBytes > this.limit) {
      const worst = this.pool.cheapest()
      if (worst === undefined) return
      this.floor.raiseAbove(feeRateOf({ fee: worst.descendantFees, size: worst.descendantSize }))
      this.removeEntries(this.pool.withDescendants([worst]), 'sizelimit')
    }
  }

  /** Links what came back with what spends it here, and drops what has too many ancestors then. */
  private adopt(back: readonly MempoolEntry[]): void {
    this.pool.adoptSpenders(back)
    for (const entry of closure(back, each => each.children)) {
      const { ancestorCount, ancestorSize } = entry
      const fits = ancestorCount <= CHAIN_LIMITS.ancestorCount && ancestorSize <= CHAIN_LIMITS.ancestorSize
      if (!fits && !entry.hasLeft) this.removeEntries(this.pool.withDescendants([entry]), 'sizelimit')
    }
  }

  private removeEntries(leaving: ReadonlySet<MempoolEntry>, reason: RemovalReason): void {
    this.pool.remove(leaving)
    for (const entry of leaving) {
      if (!entry.isAnnounced) continue
      this.changes += 1
      this.observer.onRemoved?.(entry.transaction, reason)
    }
  }
}

function acceptedAlone({ candidate, leaving }: Evaluated): Accepted {
  const { transaction, fee, virtualSize } = candidate
  return {
    transaction,
    fee,
    virtualSize,
    effectiveRate: rateOf(candidate),
    effectiveIncludes: [transaction.wtxid],
    replaced: leaving.size === 0 ? [] : Array.from(leaving, entry => entry.transaction),
  }
}
