/** Time for saying `stopped` to all trackers when a torrent ends: one that does not answer must not hold it up. */
export const MAX_STOP_MS = 3000
