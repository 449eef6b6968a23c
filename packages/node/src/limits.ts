/** Time in ms after which a lookup gives up: ten times what a cold contact on another continent takes. */
export const CONTENT_LOOKUP_DEADLINE_MS = 10_000

/** Time in ms between lookups during a fetch: new providers appear within seconds, and a lookup costs one message. */
export const PROVIDER_LOOKUP_INTERVAL_MS = 2_000

/** The same of what nobody has been found to have: it may be another network's alone. */
export const MAX_PROVIDER_LOOKUP_INTERVAL_MS = 30_000

/** Providers that one lookup asks for: more than a fetch connects to at once. */
export const MAX_PROVIDERS = 50

/** Time in ms that a lookup or a publication waits for a node that has just started to enter the overlay. */
export const JOIN_WAIT_MS = 10_000

/** The same when all its peers run other overlays: one that does not may be about to tell. */
export const ISOLATED_WAIT_MS = 2_000

/**
 * Time in ms that the start of a node waits for the content that it had before: whoever asks for a list at once sees it.
 * What has changed on the disk is verified first, which may take longer.
 */
export const RESTORE_WAIT_MS = 3_000

/** Contents announced side by side after a restart, each with some ten pointers: what requests under way allow. */
export const ANNOUNCEMENTS_AT_ONCE = 16

/** Pointers that one node announces, for all its contents together: what the overlay keeps of one provider. */
export const MAX_ANNOUNCEMENTS = 20_000

/** Contents that one node announces under the same word: Kelips keeps no more of one provider under one key. */
export const MAX_ANNOUNCEMENTS_PER_WORD = 16

/** Contents that a search shows unless told otherwise, and at most. */
export const DEFAULT_SEARCH_LIMIT = 20
export const MAX_SEARCH_LIMIT = 1_000

/** Trackers of one call, peers of one call, and patterns for files: more than a person gives. */
export const MAX_TRACKERS_GIVEN = 100
export const MAX_PEERS_GIVEN = 200
export const MAX_FILE_PATTERNS = 1_000

/** Headers that one request asks a node for: some 200 kB of hexadecimal text. */
export const HEADERS_PER_REQUEST = 1_000

/** How often a light client starts over when the node that gives it headers changes its chain meanwhile. */
export const MAX_HEADER_ROUNDS = 3

/** How far below the tip a block may be that is served in its short form, in blocks (Core's `MAX_CMPCTBLOCK_DEPTH`). */
export const MAX_COMPACT_BLOCK_DEPTH = 5

/** The same for single transactions of a block (Core's `MAX_BLOCKTXN_DEPTH`). */
export const MAX_BLOCK_TRANSACTIONS_DEPTH = 10

/** Transactions outside the mempool that compact blocks are put together from (Core's `-blockreconstructionextratxn`). */
export const MAX_EXTRA_TRANSACTIONS = 100

/** Longest of them, in bytes: all together stay below 10 MB. */
export const MAX_EXTRA_TRANSACTION_BYTES = 100_000

/** Time in ms after which a miner takes a new template: as long as a transaction that has just come may have to wait. */
export const TEMPLATE_REFRESH_MS = 30_000

/** Longest file of a saved mempool that is read, in bytes: some ten times what the largest usual mempool takes. */
export const MAX_MEMPOOL_FILE_BYTES = 1_000_000_000

/** Saved transactions that are taken in at once, before other work has its turn. */
export const TRANSACTIONS_PER_SLICE = 64

/** Smallest memory for the mempool, in MB (Core's: forty of the longest chains of transactions). */
export const MIN_MEMPOOL_MEGABYTES = 5

/** Largest, in MB: what a process's heap can be made to hold. */
export const MAX_MEMPOOL_MEGABYTES = 16_000
