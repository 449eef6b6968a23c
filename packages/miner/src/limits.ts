/** Nonces between two looks at the clock: some 2 ms of work by the kernel, 12 ms without it. */
export const NONCES_PER_LOOK = 8192

/** Milliseconds of search before the event loop gets its turn. */
export const SLICE_MS = 20

/** Nonces of a header: 32 bits. When they are exhausted, the coinbase gets another extra nonce. */
export const NONCES_PER_HEADER = 2 ** 32

/** Nonces that a thread claims at once: some 17 ms of work by the kernel, and how long it takes to stop. */
export const NONCES_PER_CLAIM = 2 ** 17
