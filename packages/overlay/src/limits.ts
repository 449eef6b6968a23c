/** Length of a key: SHA-256. */
export const KEY_BYTES = 32

/** Length of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64

/** Longest peer id in bytes: an identity multihash of 38 today; a SHA-256 multihash has 34. Room for longer keys. */
export const MAX_PEER_ID_BYTES = 64

/** Shortest peer id in bytes: a multihash with some digest in it. */
export const MIN_PEER_ID_BYTES = 2

/** Most addresses in a pointer or a record: a host has a few interfaces, and everybody stores them. */
export const MAX_ADDRESSES = 8

/** Longest address in bytes: a relayed multiaddr names two peers and stays below 150. */
export const MAX_ADDRESS_BYTES = 192

/** Longest multihash in bytes: 64-byte digests and their prefix. */
export const MAX_MULTIHASH_BYTES = 68

/** Longest display name in bytes of UTF-8: what file systems allow. */
export const MAX_DISPLAY_NAME_BYTES = 255

/** Longest life of a pointer in seconds, counted by the receiver's clock: two days, clocks out of step included. */
export const MAX_POINTER_LIFETIME_S = 48 * 3600

/** Longest pointer on the wire in bytes: everything above at its longest, rounded up. */
export const MAX_POINTER_BYTES = 2_560

/** Longest text in characters that is looked at as a content reference (magnet links carry trackers). */
export const MAX_REFERENCE_CHARACTERS = 8_192

/** Shortest word in bytes of UTF-8: a single Latin letter or digit would lead to everything; one ideograph is a word. */
export const MIN_WORD_BYTES = 2

/** Longest word in bytes of UTF-8: a SHA-256 in hex. Nobody types longer ones. */
export const MAX_WORD_BYTES = 64

/** Most words that one content is published under: each costs a pointer in the tables of a whole group. */
export const MAX_WORDS_PER_CONTENT = 16

/** Most words of one search: each costs a lookup. */
export const MAX_SEARCH_WORDS = 8

/** Longest text in characters that is taken apart into words: the words of a publication at their longest. */
export const MAX_WORD_TEXT_CHARACTERS = 2_048
