import type { Block, Transaction, TxId } from '@onehop/ledger'
import { bytesKey } from '@onehop/primitives'
import { DISCONNECTED_OVERHEAD_BYTES } from './limits.ts'

/** Transactions of disconnected blocks, kept to be given back to the mempool when the reorganisation is over. */
export class DisconnectedTransactions {
  private readonly limitBytes: number
  /** Latest block first; within a block, in its order. */
  private readonly blocks: { readonly transactions: readonly Transaction[]; readonly bytes: number }[] = []
  private readonly ids = new Set<string>()
  private bytes = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /**
   * Blocks come from the tip downwards.
   * @returns what cannot be kept: over the limit, those of the highest blocks go.
   */
  add(block: Block): readonly Transaction[] {
    // A transaction may have been in blocks of two branches that were tried.
    const transactions = block.transactions.filter(({ txid }) => !this.has(txid))
    const overhead = transactions.length * DISCONNECTED_OVERHEAD_BYTES
    const bytes = transactions.reduce((sum, transaction) => sum + transaction.totalSize, overhead)
    this.blocks.push({ transactions, bytes })
    this.bytes += bytes
    for (const { txid } of transactions) this.ids.add(bytesKey(txid))
    const forgotten: Transaction[] = []
    while (this.bytes > this.limitBytes) {
      const highest = this.blocks.shift()
      this.bytes -= highest?.bytes ?? 0
      for (const transaction of highest?.transactions ?? []) {
        forgotten.push(transaction)
        this.ids.delete(bytesKey(transaction.txid))
      }
    }
    return forgotten
  }

  /** Whether the transaction is kept. */
  has(txid: TxId): boolean {
    return this.ids.has(bytesKey(txid))
  }

  /** Hands all over, in the order in which they can be accepted again: lowest block first. */
  take(): Transaction[] {
    const transactions = this.blocks.toReversed().flatMap(block => block.transactions)
    this.blocks.length = 0
    this.ids.clear()
    this.bytes = 0
    return transactions
  }
}
