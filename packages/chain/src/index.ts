export { Chain } from './chain.ts'
export type { ChainEvents } from './chain-events.ts'
export type { ChainOptions } from './chain-options.ts'
export type { BlockStanding, ChainPruning, FoundTransaction } from './chain-reader.ts'
export type { CoinSetStatistics, CoinSnapshot } from './coin-snapshot.ts'
export {
  ChainClosedError,
  ChainHaltedError,
  DatadirInUseError,
  NewerFormatError,
  PrunedBlocksError,
  PrunedStoreError,
  StoreCorruptError,
  WrongNetworkError,
} from './errors.ts'
export type { HeaderIntake, HeaderProgress } from './header-intake.ts'
export { BlockFilterIndex, type StoredFilter } from './indexes/block-filter-index.ts'
export type * from './indexes/chain-index.ts'
export type { Indexes } from './indexes/indexes.ts'
export { TransactionIndex } from './indexes/transaction-index.ts'
export * from './limits.ts'
export type { PruneOptions } from './pruning.ts'
export { defaultScriptThreads } from './script-checks/script-checker.ts'
export * from './storage/disk-storage.ts'
export * from './storage/memory-storage.ts'
export type * from './storage/port.ts'
export type { TransactionGate, TransactionSource } from './transaction-gate.ts'
export type { ChainVerification, CheckLevel } from './verify-chain.ts'
