/** Hashes between two looks at the clock: some 3 ms of work. */
export const HASHES_PER_LOOK = 1024

/** Milliseconds of search before the event loop gets its turn. */
export const SLICE_MS = 20

/** Nonces of a header: 32 bits. When they are exhausted, the coinbase gets another extra nonce. */
export const NONCES_PER_HEADER = 2 ** 32
