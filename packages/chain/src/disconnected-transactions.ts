import type { Block, Transaction } from '@onehop/ledger'

/** Transactions of disconnected blocks, kept to be given back to the mempool when the reorganisation is over. */
export class DisconnectedTransactions {
  private readonly limitBytes: number
  /** Latest block first; within a block, in its order. */
  private readonly blocks: { readonly transactions: readonly Transaction[]; readonly bytes: number }[] = []
  private bytes = 0
  private blocksAdded = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Whether no block was added since the last {@link take}. */
  get isEmpty(): boolean {
    return this.blocksAdded === 0
  }

  /**
   * Blocks come from the tip downwards. Over the limit, those of the highest blocks are forgotten.
   * @param returns whether the block's transactions are to go back at all.
   */
  add({ transactions }: Block, returns = true): void {
    this.blocksAdded += 1
    if (!returns) return
    const returning = transactions.slice(1)
    const bytes = returning.reduce((sum, transaction) => sum + transaction.totalSize, 0)
    this.blocks.push({ transactions: returning, bytes })
    this.bytes += bytes
    while (this.bytes > this.limitBytes) this.bytes -= this.blocks.shift()?.bytes ?? 0
  }

  /** Hands all over, in the order in which they can be accepted again: lowest block first. */
  take(): Transaction[] {
    const transactions = this.blocks.toReversed().flatMap(block => block.transactions)
    this.blocks.length = 0
    this.bytes = 0
    this.blocksAdded = 0
    return transactions
  }
}
