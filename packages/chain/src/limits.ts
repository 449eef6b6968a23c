/** Bytes. A block or undo file is closed and the next one begun when a record would make it longer (Core's size). */
export const MAX_RECORD_FILE_BYTES = 128 * 1024 * 1024

/**
 * Bytes. The longest record that is read back: undo data of a block of 24,390 inputs (1,000,000 bytes / 41), each of
 * which spends a script of 10,000 bytes, are some 244,000,000. A node that could not read them would be stuck on the block.
 */
export const MAX_RECORD_BYTES = 256 * 1024 * 1024

/**
 * Blocks. A body this much higher than the tip is not stored yet (Core's download window): it could not be
 * connected soon, and anyone could fill the disk with such.
 */
export const MAX_BLOCKS_AHEAD = 1024

/** Bodies that are stored before their parent's body. As many as the download window has. */
export const MAX_WAITING_BLOCKS = 1024

/** Headers in one call of `acceptHeaders` (Core's MAX_HEADERS_RESULTS). */
export const MAX_HEADERS_PER_CALL = 2000

/** Blocks below the tip that pruning keeps, so that reorganisations work (Core's MIN_BLOCKS_TO_KEEP: two days). */
export const MIN_KEPT_BLOCKS = 288

/** Height below which a chain is not pruned (Core's nPruneAfterHeight; 100,000 on mainnet, which no node here runs). */
export const PRUNE_AFTER_HEIGHT = 1000

/**
 * Bytes of new blocks after which it is seen whether old ones must go, and which are kept free under the target for
 * them (Core: the size in which files grow).
 */
export const PRUNE_STEP_BYTES = 17 * 1024 * 1024

/**
 * Blocks that `invalidateblock` disconnects and whose transactions go back to the mempool; those of deeper ones are gone
 * (as in Core's `InvalidateBlock`).
 */
export const MAX_INVALIDATED_BLOCKS_RETURNED = 10

/**
 * Bytes of disconnected transactions that a reorganisation keeps in memory to return them to the mempool; the
 * oldest go first (Core's MAX_DISCONNECTED_TX_POOL_BYTES).
 */
export const MAX_DISCONNECTED_BYTES = 20_000_000

/** Bytes that a small transaction takes as an object beside those that it is written in, roughly. */
export const DISCONNECTED_OVERHEAD_BYTES = 1_000

/** Time in ms for which a reorganisation gives transactions back to the mempool before other work has its turn. */
export const MEMPOOL_SLICE_MS = 10

/**
 * Coins that `verifychain` changes in memory at levels 3 and 4, at some 300 bytes each; a check that needs more ends as
 * failed (Core: its coins cache's size).
 */
export const MAX_VERIFICATION_COINS = 2_000_000

/**
 * Inputs that a thread claims at once when it checks a block's scripts: about a millisecond of work, which is how long
 * threads may wait for the last one.
 */
export const INPUTS_PER_RUN = 32

/** Inputs that are given to other threads at once, while more of the block's are still found: a few milliseconds of work. */
export const INPUTS_PER_WAVE = 256

/** Inputs. Fewer are checked sooner by one thread than they are told to others. */
export const MIN_INPUTS_FOR_WORKERS = 128

/** Milliseconds of script checks after which other events get their turn. */
export const SCRIPT_SLICE_MS = 10

/** Threads that check scripts, unless an option says otherwise; more would wait for the rest of the work (Core: 16). */
export const MAX_SCRIPT_THREADS = 16

/** Bytes of memory for coins, clean and dirty, unless an option says otherwise (Core's default for `-dbcache`). */
export const DEFAULT_COINS_CACHE_BYTES = 450 * 1024 * 1024

/** Bytes. A smaller coins cache would be flushed at every block (Core's least `-dbcache`). */
export const MIN_COINS_CACHE_BYTES = 4 * 1024 * 1024

/** Bytes. The records of a larger coins cache would not all have an address of 32 bits (and Core has this limit too). */
export const MAX_COINS_CACHE_BYTES = 16 * 1024 * 1024 * 1024

/**
 * Bytes of coins in one batch of the key-value store. While it is written, it takes some ten times as much: larger ones
 * were measured to leave hundreds of megabytes of garbage behind, and save few of the syncs.
 */
export const MAX_COINS_BATCH_BYTES = 512 * 1024

/**
 * Steps of the tip after which coins are flushed although there is room for them: what a process that was killed has
 * to do again when it is opened, a second or so for 50 full blocks.
 */
export const MAX_UNFLUSHED_STEPS = 500

/** Steps of the tip that share one commit when many blocks wait: their blocks are kept in memory until then. */
export const MAX_UNCOMMITTED_STEPS = 128

/** Bytes of blocks that share one commit. */
export const MAX_UNCOMMITTED_BYTES = 16 * 1024 * 1024

/**
 * Blocks that an index takes in with one write while it catches up. A stop waits for no more than these, and whoever asks
 * an index that is that near to the tip waits for it.
 */
export const MAX_INDEX_BATCH_BLOCKS = 256

/** Bytes of changes after which an index writes, whatever the number of blocks: what it holds in memory. */
export const MAX_INDEX_BATCH_BYTES = 4 * 1024 * 1024

/** Blocks below the tip at which a branch is still worth keeping although it has less work: a day (Bitcoin Core's). */
export const MAX_BRANCH_DEPTH_BLOCKS = 144

/** Headers of one branch that are kept ahead of the active chain's work, each some 1 kB: twice are in flight at most. */
export const MAX_HEADERS_AHEAD = 8_000

/** Headers without blocks that one peer may announce; more are not looked at until blocks have come. */
export const MAX_ANNOUNCED_HEADERS_PER_SOURCE = 1_000

/** Headers without blocks that are kept in all, some 50 MB; above it, those of the peer that sent most are dropped. */
export const MAX_UNPROVEN_HEADERS = 50_000
