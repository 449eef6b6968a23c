/** Nodes of one testnet: each is a process of some 100 MB. */
export const MAX_NODES = 50

/** Seconds between blocks: a day; more is a slip of the keyboard. */
export const MAX_BLOCK_TIME_SECONDS = 86_400

/** The first RPC port that is tried, as bitcoind on regtest; busy ones are skipped. */
export const DEFAULT_RPC_PORT = 18_443

/** Ports above the first one that are tried before giving up. */
export const PORTS_TRIED = 1_000

/** Blocks that a coinbase must be buried under before it can be spent (Bitcoin's COINBASE_MATURITY). */
export const COINBASE_MATURITY = 100

/** Time in ms for one node to start and answer, on a slow machine that starts all of them at once. */
export const START_TIMEOUT_MS = 90_000

/** Time in ms until all nodes know each other and have the same tip. */
export const SYNC_TIMEOUT_MS = 90_000

/** Time in ms that nodes get to stop by themselves; with what follows, all are gone within 5 s. */
export const STOP_GRACE_MS = 3_500

/** Time in ms that a node gets to accept the call that stops it, before it is sent a signal. */
export const STOP_CALL_TIMEOUT_MS = 1_000

/** Time in ms between two looks at whether something has come about. */
export const POLL_MS = 100

/** Time in ms between two looks at the tip while the testnet runs. */
export const WATCH_MS = 500
