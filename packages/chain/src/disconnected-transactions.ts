import type { Block, Transaction } from '@onehop/ledger'

/** Transactions of disconnected blocks, kept to be given back to the mempool when the reorganisation is over. */
export class DisconnectedTransactions {
  private readonly limitBytes: number
  /** Latest block first; within a block, in its order. */
  private readonly blocks: { readonly transactions: readonly Transaction[]; readonly bytes: number }[] = []
  private bytes = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /**
   * Blocks come from the tip downwards.
   * @returns what cannot be kept: over the limit, those of the highest blocks go.
   */
  add({ transactions }: Block): readonly Transaction[] {
    const bytes = transactions.reduce((sum, transaction) => sum + transaction.totalSize, 0)
    this.blocks.push({ transactions, bytes })
    this.bytes += bytes
    const forgotten: Transaction[] = []
    while (this.bytes > this.limitBytes) {
      const highest = this.blocks.shift()
      this.bytes -= highest?.bytes ?? 0
      forgotten.push(...(highest?.transactions ?? []))
    }
    return forgotten
  }

  /** Hands all over, in the order in which they can be accepted again: lowest block first. */
  take(): Transaction[] {
    const transactions = this.blocks.toReversed().flatMap(block => block.transactions)
    this.blocks.length = 0
    this.bytes = 0
    return transactions
  }
}
