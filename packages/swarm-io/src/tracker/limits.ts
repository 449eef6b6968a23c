/** Time for saying `stopped` to all trackers when a torrent ends: one that does not answer must not hold it up. */
export const MAX_STOP_MS = 2000

/** Time for an HTTP tracker's answer, redirections included. */
export const HTTP_TIMEOUT_MS = 30_000

/** Redirections followed: trackers that moved have one or two. */
export const MAX_REDIRECTS = 5

/** Announces of one session under way at once; the others wait, so that a thousand torrents do not flood a tracker. */
export const MAX_ANNOUNCES_AT_ONCE = 32

/** Addresses of one tracker's name that are tried. */
export const MAX_TRACKER_ADDRESSES = 4

/** Bytes of a packet from a UDP tracker that we read; an answer with 250 IPv6 peers has 4520. */
export const MAX_UDP_ANSWER_BYTES = 8192

/** HTTP connections that our tracker holds open. */
export const MAX_TRACKER_CONNECTIONS = 1000

/** Time for a request's headers to arrive at our tracker: a slow-loris is gone after it. */
export const TRACKER_HEADERS_TIMEOUT_MS = 10_000

/** How long our tracker keeps an idle connection open. */
export const TRACKER_KEEP_ALIVE_MS = 5000

/** Bytes of a request's headers at our tracker: a scrape of 74 torrents has some 6 KiB. */
export const TRACKER_HEADER_BYTES = 16 * 1024

/** How often our tracker forgets peers that are gone. */
export const EXPIRY_INTERVAL_MS = 60_000

/** Ports tried when any free one will do: TCP and UDP must both be free. */
export const FREE_PORT_ATTEMPTS = 10

/** How often it is looked whether the local network is to be told of something. */
export const LOCAL_STEP_MS = 1000

/** How long a fetch waits for somebody on the local network: a message may have to wait 6 s for its turn. */
export const LOCAL_ANSWER_MS = 10_000
