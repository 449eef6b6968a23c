/** Files of one torrent, padding included: 64 times what large collections have, and no more than a restart can open. */
export const MAX_FILES = 64 * 1024

/** Names on the way to a file, the torrent's own name included: real ones have 3 to 8. */
export const MAX_PATH_DEPTH = 32

/** Bytes of a path (UTF-8, with its separators): half of what Linux takes, so that there is room for where it is put. */
export const MAX_PATH_BYTES = 2048

/** Values in one bencoded value, 16 for each of {@link MAX_FILES}: bounds what decoding costs in memory. */
export const MAX_BENCODE_VALUES = 1024 * 1024

/** Bytes of a dictionary's key: the longest real ones are file names (BEP 52). */
export const MAX_BENCODE_KEY_BYTES = 1024

/** Bytes of a .torrent: an info dictionary, a SHA-256 for each of the most pieces (BEP 52), and room for the rest. */
export const MAX_TORRENT_FILE_BYTES = 16 * 1024 * 1024

/** Peers taken from a magnet link (`x.pe`, BEP 9). */
export const MAX_MAGNET_PEERS = 64

/** Characters of a comment or of a program's name in a .torrent; the rest is cut off. */
export const MAX_COMMENT_CHARACTERS = 4096

/** Hashes of a layer in one message (BEP 52: more should not be asked for); 16 KiB. */
export const MAX_HASHES_PER_MESSAGE = 512

/** Requests for hashes outstanding at one peer. */
export const HASH_REQUESTS_PER_PEER = 4

/** A peer that does not send hashes for so long is passed over, and not asked for as long again. */
export const HASH_TIMEOUT_MS = 10_000

/** How long new hashes may wait before the pieces that they verify are asked for, where more hashes are to come. */
export const HASH_NEWS_INTERVAL_MS = 500

/** How often one peer may fetch all hashes from us. */
export const HASH_SERVINGS_PER_PEER = 4
