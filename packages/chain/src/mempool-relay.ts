import type { Block, Mempool, MempoolContext, Transaction } from '@onehop/ledger'
import type { Verdict } from '@onehop/primitives'
import { bytesKey } from '@onehop/primitives'
import { DisconnectedTransactions } from './disconnected-transactions.ts'
import { MAX_DISCONNECTED_BYTES } from './limits.ts'

/** What the relay needs, and whom it tells. */
export interface MempoolRelayOptions {
  readonly mempool: Mempool
  /** The chain as it is now. */
  readonly context: () => MempoolContext
  /** The mempool took the transaction. */
  readonly onAdded: (transaction: Transaction) => void
  /** The mempool lost the transaction, and no block has it. */
  readonly onRemoved: (transaction: Transaction) => void
}

/** Tells the mempool what happens to the chain, and the chain's listeners what happens to the mempool. */
export class MempoolRelay {
  private readonly options: MempoolRelayOptions
  private readonly disconnected = new DisconnectedTransactions(MAX_DISCONNECTED_BYTES)
  /** Transactions of blocks connected since the last disconnected one. */
  private readonly reconnected = new Set<string>()
  private returnsLeft = Number.POSITIVE_INFINITY

  constructor(options: MempoolRelayOptions) {
    this.options = options
  }

  accept(transaction: Transaction): Verdict {
    const { mempool, context, onAdded } = this.options
    const verdict = mempool.accept(transaction, context())
    if (verdict.ok) onAdded(transaction)
    return verdict
  }

  /** Whether {@link accept} would take it. */
  test(transaction: Transaction): Verdict {
    const { mempool, context } = this.options
    return mempool.check(transaction, context())
  }

  onConnected(block: Block): void {
    const { mempool, onRemoved } = this.options
    const dropped = mempool.onBlockConnected(block)
    if (!this.disconnected.isEmpty)
      for (const { txid } of block.transactions) this.reconnected.add(bytesKey(txid))
    for (const transaction of dropped) onRemoved(transaction)
  }

  onDisconnected(block: Block): void {
    const returns = this.returnsLeft > 0
    this.returnsLeft -= 1
    this.disconnected.add(block, returns)
  }

  /** Until the next {@link settle}, transactions of so many disconnected blocks return and those of deeper ones do not. */
  limitReturns(blocks: number): void {
    this.returnsLeft = blocks
  }

  /** The tip rests: gives the mempool back what the disconnected blocks had and the connected ones have not. */
  settle(): void {
    this.returnsLeft = Number.POSITIVE_INFINITY
    if (this.disconnected.isEmpty) return
    const { mempool, context, onAdded, onRemoved } = this.options
    const returning = this.disconnected.take().filter(({ txid }) => !this.reconnected.has(bytesKey(txid)))
    this.reconnected.clear()
    const dropped = mempool.onReorganised(returning, context())
    for (const transaction of dropped) onRemoved(transaction)
    for (const transaction of returning) {
      if (mempool.has(transaction.txid)) onAdded(transaction)
      else onRemoved(transaction)
    }
  }
}
