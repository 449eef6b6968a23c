/** Largest request body in bytes: bitcoind's MAX_SIZE, room for a `submitblock` of the largest block in hex. */
export const MAX_REQUEST_BYTES = 0x02000000

/** Largest reply a client reads, in bytes: the largest block at verbosity 2 stays far below. */
export const MAX_REPLY_BYTES = 256 * 1024 * 1024

/** Requests in one batch: electrs sends some hundreds; more only keeps the others waiting. */
export const MAX_BATCH_REQUESTS = 10_000

/** Open connections to the server: each command of a person needs one, a program a few. */
export const MAX_CONNECTIONS = 256

/** Time in ms that a client may take to send its request (bitcoind's `-rpcservertimeout`). */
export const RECEIVE_TIMEOUT_MS = 30_000

/** Time in ms that calls still running get to answer when the server closes, before their sockets are cut. */
export const CLOSE_GRACE_MS = 1_000

/** Random bytes in a cookie's password: 256 bits, as bitcoind. */
export const COOKIE_BYTES = 32

/** Time in ms that a client waits for an answer when the caller names none. */
export const DEFAULT_CALL_TIMEOUT_MS = 60_000

/** Files read over `GET /content/…` at once: each holds a chunk or two, and pieces that are fetched first for it. */
export const MAX_CONTENT_STREAMS = 64
