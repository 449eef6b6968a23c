import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Block,
  type Mempool,
  type MempoolContext,
  parseTransaction,
  serializeTransaction,
  type Transaction,
  type TransactionIntake,
} from '@onehop/ledger'
import { bytesKey } from '@onehop/primitives'
import { DisconnectedTransactions } from './disconnected-transactions.ts'
import { MAX_DISCONNECTED_BYTES, MEMPOOL_SLICE_MS } from './limits.ts'

/** What the relay needs, and whom it tells. */
export interface MempoolRelayOptions {
  readonly mempool: Mempool
  readonly intake: TransactionIntake
  /** The chain as it is now. */
  readonly context: () => MempoolContext
  /** A transaction of a disconnected block is in no block any more, and the mempool does not take it. */
  readonly onDropped: (transaction: Transaction) => void
}

/** Tells the mempool what happens to the chain. */
export class MempoolRelay {
  private readonly options: MempoolRelayOptions
  private readonly disconnected = new DisconnectedTransactions(MAX_DISCONNECTED_BYTES)
  private hasDisconnected = false
  private hasMoved = false
  /** Those of the disconnected transactions that a block has again. */
  private readonly reconnected = new Set<string>()
  private returnsLeft = Number.POSITIVE_INFINITY

  constructor(options: MempoolRelayOptions) {
    this.options = options
  }

  /** Whether the mempool has still to learn that blocks are gone: what it holds may spend from nowhere. */
  get isUnsettled(): boolean {
    return this.hasDisconnected
  }

  onConnected(block: Block): void {
    const { mempool, intake, context } = this.options
    mempool.onBlockConnected(block, context().now)
    intake.onBlockConnected(block)
    this.hasMoved = true
    if (!this.hasDisconnected) return
    for (const { txid } of block.transactions)
      if (this.disconnected.has(txid)) this.reconnected.add(bytesKey(txid))
  }

  onDisconnected(block: Block): void {
    this.hasDisconnected = true
    this.hasMoved = true
    const forgotten = this.returnsLeft > 0 ? this.disconnected.add(block) : block.transactions
    this.returnsLeft -= 1
    for (const { txid } of block.transactions) this.reconnected.delete(bytesKey(txid))
    for (const transaction of forgotten) this.drop(transaction)
  }

  /** Until the next {@link settle}, transactions of so many disconnected blocks return and those of deeper ones do not. */
  limitReturns(blocks: number): void {
    this.returnsLeft = blocks
  }

  /** The tip rests: gives the mempool back what the disconnected blocks had and the connected ones have not. */
  async settle(): Promise<void> {
    this.returnsLeft = Number.POSITIVE_INFINITY
    if (this.hasMoved) this.options.intake.onTip()
    this.hasMoved = false
    if (this.hasDisconnected) await this.takeBack()
  }

  private async takeBack(): Promise<void> {
    const { mempool, context, onDropped } = this.options
    const returning = this.disconnected
      .take()
      .filter(({ txid }) => !this.reconnected.has(bytesKey(txid)))
      .map(withOwnBytes)
    this.reconnected.clear()
    let sliceStartMs = performance.now()
    for (const _ of mempool.reorganise(returning, context())) {
      if (performance.now() - sliceStartMs < MEMPOOL_SLICE_MS) continue
      await nextTurn()
      sliceStartMs = performance.now()
    }
    this.hasDisconnected = false
    for (const transaction of returning)
      if (!transaction.isCoinbase && !mempool.has(transaction.txid)) onDropped(transaction)
  }

  private drop(transaction: Transaction): void {
    this.options.mempool.removeSpendersOf(transaction)
    if (!transaction.isCoinbase) this.options.onDropped(transaction)
  }
}

/** A transaction of a block is a view of the block's bytes, which must not stay for its sake. */
function withOwnBytes(transaction: Transaction): Transaction {
  return parseTransaction(serializeTransaction(transaction))
}
