import type { Block, HeaderNode, RemovalReason, Transaction } from '@onehop/ledger'

/** What listeners are told, always after it is stored. */
export interface ChainEvents {
  /** The tip has changed, and no further change is under way. */
  readonly tip: readonly [HeaderNode]
  readonly blockConnected: readonly [Block, HeaderNode]
  readonly blockDisconnected: readonly [Block, HeaderNode]
  /** The mempool took the transaction in, for the first time or back after a reorganisation. */
  readonly transaction: readonly [Transaction]
  /** The mempool dropped the transaction, but not because a block has it. */
  readonly transactionRemoved: readonly [Transaction, RemovalReason]
}
