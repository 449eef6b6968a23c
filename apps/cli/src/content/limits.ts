/** Longest .torrent file that is looked into, in bytes: what a node makes and takes. */
export const MAX_TORRENT_FILE_BYTES = 16 * 1024 * 1024
