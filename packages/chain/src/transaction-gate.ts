import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Accepted,
  MAX_BLOCK_WEIGHT,
  MAX_PACKAGE_TRANSACTIONS,
  type Mempool,
  type MempoolContext,
  type OfferOptions,
  type Orphan,
  type PackageOutcome,
  parseTransaction,
  type SavedTransaction,
  type Transaction,
  type TransactionIntake,
  type TxId,
  type Wtxid,
} from '@onehop/ledger'
import { attemptDecode, invalid, type Rejection, type Result, refused } from '@onehop/primitives'
import { ChainClosedError, ChainHaltedError } from './errors.ts'

/** What the gate needs of the chain. */
export interface TransactionGateOptions {
  readonly mempool: Mempool
  readonly intake: TransactionIntake
  /** The chain as it is now. */
  readonly context: () => MempoolContext
  /** Runs alone, after all that came before. */
  readonly enqueue: <T>(job: () => Promise<T>) => Promise<T>
}

/** How a transaction comes. */
export interface TransactionSource extends OfferOptions {
  /** The peer that sent it. Without one it is ours: it is never an orphan, and looked at anew each time. */
  readonly from?: string | undefined
}

/** The way of transactions into the mempool: from users and from peers, alone and in packages. */
export class TransactionGate {
  private readonly options: TransactionGateOptions
  private retrying = false

  constructor(options: TransactionGateOptions) {
    this.options = options
  }

  /** Takes a transaction into the mempool. */
  async accept(bytes: Uint8Array, source: TransactionSource = {}): Promise<Result<Accepted>> {
    const parsed = parse(bytes)
    if (!parsed.ok) return parsed
    return this.enqueue(() => this.acceptParsed(parsed.value, source))
  }

  /** Takes a transaction with its parents, parents first; the child may pay for them. */
  async acceptPackage(
    members: readonly Uint8Array[],
    { from, ...offer }: TransactionSource = {},
  ): Promise<PackageOutcome> {
    if (members.length === 0 || members.length > MAX_PACKAGE_TRANSACTIONS)
      return { verdict: refused('package-too-many-transactions'), members: new Map() }
    const transactions: Transaction[] = []
    for (const bytes of members) {
      const parsed = parse(bytes)
      if (!parsed.ok) return { verdict: parsed, members: new Map() }
      transactions.push(parsed.value)
    }
    const { intake, context } = this.options
    return this.enqueue(() => intake.acceptPackage(transactions, from, context(), offer))
  }

  /** Takes in what was saved before a restart, with the times at which it came. @returns how many were taken. */
  restore(saved: readonly SavedTransaction[]): Promise<number> {
    const { mempool, context } = this.options
    return this.enqueue(() => {
      let taken = 0
      for (const { transaction, time, feeDelta } of saved) {
        if (feeDelta !== 0n) mempool.prioritise(transaction.txid, feeDelta)
        if (time <= context().now - mempool.expirySeconds) continue
        if (this.acceptParsed(transaction, { time }).ok) taken += 1
      }
      return taken
    })
  }

  /** Whether {@link accept} would take it now. Changes nothing. */
  test(transaction: Transaction): Result<Accepted> {
    return this.options.mempool.check(transaction, this.options.context())
  }

  /** Whether the mempool would take all of these, if each has to pay for itself and replaces nothing. Changes nothing. */
  testPackage(transactions: readonly Transaction[]): PackageOutcome {
    return this.options.mempool.checkPackage(transactions, this.options.context())
  }

  /** Whether it is in the mempool, waits for its parents, or was refused since the tip last changed. */
  hasSeen(wtxid: Wtxid): boolean {
    return this.options.intake.hasSeen(wtxid)
  }

  /** Ids of the parents for which the transaction waits; none when it does not wait. */
  missingParents(wtxid: Wtxid): TxId[] {
    return this.options.intake.missingParents(wtxid, this.options.context())
  }

  /** Transactions that wait for their parents. */
  orphans(): readonly Orphan[] {
    return [...this.options.intake.orphanage.entries()]
  }

  /** One more peer has the orphan. */
  addAnnouncer(wtxid: Wtxid, peer: string): void {
    const { intake, context } = this.options
    const orphan = intake.orphanage.get(wtxid)
    if (orphan !== undefined) intake.orphanage.add(orphan.transaction, peer, context().now)
  }

  /** The peer is gone: what only it had is forgotten. */
  forgetPeer(peer: string): void {
    this.options.intake.onPeerLeft(peer)
  }

  /** Tries again the orphans of which a parent has come, one after the other, beside other work. */
  async retryOrphans(): Promise<void> {
    const { intake, context, enqueue } = this.options
    if (this.retrying) return
    this.retrying = true
    try {
      while (intake.hasWork) {
        await enqueue(async () => intake.retryNext(context()))
        await nextTurn()
      }
    } catch (error) {
      // Whatever else is asked of a chain that is closed or halted tells why.
      if (!(error instanceof ChainClosedError || error instanceof ChainHaltedError)) throw error
    } finally {
      this.retrying = false
    }
  }

  private acceptParsed(transaction: Transaction, { from, ...offer }: TransactionSource): Result<Accepted> {
    const { mempool, intake, context } = this.options
    if (from !== undefined) return intake.accept(transaction, from, context())
    const result = mempool.accept(transaction, context(), offer)
    if (result.ok) intake.onArrived(transaction)
    return result
  }

  private async enqueue<T>(job: () => T): Promise<T> {
    const result = await this.options.enqueue(async () => job())
    if (this.options.intake.hasWork) void this.retryOrphans()
    return result
  }
}

function parse(bytes: Uint8Array): Result<Transaction> | Rejection {
  if (bytes.length > MAX_BLOCK_WEIGHT) return invalid('bad-txns-oversize')
  // What is kept are views: a message of many transactions must not stay for the sake of one.
  const own = bytes.buffer.byteLength === bytes.length ? bytes : bytes.slice()
  return attemptDecode('tx-decode-failed', () => parseTransaction(own))
}
