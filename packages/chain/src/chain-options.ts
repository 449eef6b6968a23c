import { accelerate } from '@onehop/accelerators'
import type { BlockHash, ChainParameters, MempoolOptions } from '@onehop/ledger'
import type { SignatureVerifier } from '@onehop/primitives'
import type { ChainStoreOptions } from './chain-store.ts'
import type { ChainIndex } from './indexes/chain-index.ts'
import type { IndexFailureListener } from './indexes/indexes.ts'
import type { PruneOptions } from './pruning.ts'
import { defaultScriptThreads, ScriptChecker } from './script-checks/script-checker.ts'
import { DiskStorage } from './storage/disk-storage.ts'
import { MemoryStorage } from './storage/memory-storage.ts'
import type { Storage } from './storage/port.ts'

/** What a chain is opened with. */
export interface ChainOptions extends ChainStoreOptions {
  readonly parameters: ChainParameters
  /** Folder of the chain's files. Without it, the chain lives in memory. */
  readonly datadir?: string
  /** Another place for the chain to live in, instead of `datadir`. The chain closes it. */
  readonly storage?: Storage
  /** Unix time in seconds. */
  readonly nowSeconds: () => number
  /** @default the fastest that runs here */
  readonly verifier?: SignatureVerifier
  /** Threads that check the scripts of large blocks, the main thread included. @default one for each core, at most {@link MAX_SCRIPT_THREADS} */
  readonly threads?: number
  /** Told of a thread for script checks that ended before its time: one sentence for the log. */
  readonly onThreadTrouble?: (message: string) => void
  /**
   * A block whose scripts somebody trustworthy has run: they need not be run again up to there, once two weeks of work
   * are known to be on top (Core's `assumevalid`). @default none
   */
  readonly assumedValid?: BlockHash | undefined
  /** Bounds of the mempool. @default Bitcoin Core's */
  readonly mempool?: Pick<MempoolOptions, 'limit' | 'minRelayFeeRate' | 'expirySeconds'>
  /** Deletes old blocks. An index of transactions cannot be kept beside it. @default keeps all */
  readonly prune?: PruneOptions | undefined
  /** Tables that follow the active chain; what is switched on later is built in the background. @default none */
  readonly indexes?: readonly ChainIndex[]
  /** Told of an index that follows the chain no more, for its own or the store's failure. */
  readonly onIndexFailure?: IndexFailureListener
}

/** Where the chain lives. @throws {DatadirInUseError} */
export async function openStorage({ storage, datadir }: ChainOptions): Promise<Storage> {
  if (storage !== undefined) return storage
  return datadir === undefined ? MemoryStorage.open() : DiskStorage.open(datadir)
}

/** Who checks scripts. */
export function scriptCheckerOf(options: ChainOptions): ScriptChecker {
  const { verifier = accelerate().verifier, onThreadTrouble: onTrouble = () => undefined } = options
  const { threads = defaultScriptThreads() } = options
  return new ScriptChecker({ verifier, threads, onTrouble })
}
