/** Blocks of a message, at most, for four lanes to be faster than Node's OpenSSL (measured with SHA instructions). */
export const MAX_LANE_BLOCKS = 6

/** Pairs of hashes that are copied into the module at once: 256 KiB of its memory. */
export const PAIRS_AT_ONCE = 4096
