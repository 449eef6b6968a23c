/** Time for a connection's handshake, both ways: a slow-loris is gone after it. */
export const HANDSHAKE_TIMEOUT_MS = 10_000

/** Connections of all torrents, those still shaking hands included. */
export const MAX_CONNECTIONS = 200

/** Connections of one peer that have not shaken hands: a few silent peers must not take all there are. */
export const MAX_GREETINGS_PER_PEER = 32

/** Connections of one torrent. */
export const MAX_CONNECTIONS_PER_TORRENT = 50

/** A peer that neither gives nor takes may keep its place for so long when others want it. */
export const IDLE_BEFORE_EVICTION_MS = 60_000

/** Connections that a torrent opens by itself; the rest of its own are for those who come to us. */
export const MAX_OUTBOUND_PER_TORRENT = 30

/** Dials of one torrent under way at once. */
export const MAX_DIALS = 8

/** Dials of all torrents under way at once: routers of old forget connections when many are half open. */
export const MAX_DIALS_IN_ALL = 32

/** Time for one dial. */
export const DIAL_TIMEOUT_MS = 15_000

/** Dials of one provider in a row that lead to nothing, before it has to be named again. */
export const MAX_DIAL_ATTEMPTS = 4

/** Pause before a provider is dialled again; doubles with every failure. */
export const REDIAL_DELAY_MS = 500

/** Pause after that for one that was of use, or was given by hand; doubles with every failure, up to the next. */
export const LATE_REDIAL_DELAY_MS = 15_000

/** Longest pause before such a peer is dialled again. */
export const MAX_REDIAL_DELAY_MS = 30 * 60_000

/** As long as a torrent is complete, those who had everything too are left alone for so long. */
export const SEED_REDIAL_DELAY_MS = 10 * 60_000

/** Two connections between the same peers that begin within so long of each other were dialled at once, from both sides. */
export const SIMULTANEOUS_DIAL_MS = 10_000

/** Peers remembered by one torrent. */
export const MAX_CANDIDATES = 1000

/** Of those, peers that other peers named: anyone may name whom he likes, and trackers' are not to be crowded out. */
export const MAX_EXCHANGED_CANDIDATES = 500

/** A torrent that fetches asks its trackers again when it has fewer peers than these, as often as they allow. */
export const NEED_PEERS_BELOW = 3

/** How often that is looked at. */
export const NEED_PEERS_INTERVAL_MS = 5_000

/** Addresses of links and users kept for one torrent. */
export const MAX_GIVEN_PEERS = 100

/** A fetch without a verified piece (or the info dictionary) for so long has failed. */
export const FETCH_STALL_TIMEOUT_MS = 60_000

/** How often a fetch looks at how far it is. */
export const FETCH_INTERVAL_MS = 100

/** How often progress is reported, at most. */
export const PROGRESS_INTERVAL_MS = 250

/** Messages are gathered into one `send` up to so many bytes: single ones of 16 KiB make libp2p streams slow. */
export const GATHER_BYTES = 128 * 1024

/** Bytes handed to a connection that is full, before it counts as one that does not read. */
export const MAX_UNREAD_BYTES = 4 * 1024 * 1024

/** Blocks taken from a peer's queue before they are sent, so that the disk reads ahead of the network. */
export const UPLOAD_READ_AHEAD_BLOCKS = 32

/** Bytes read from disk at a time for uploads; blocks next to each other come from one read. */
export const READ_CHUNK_BYTES = 256 * 1024

/** Bytes kept of what was read for uploads, for all torrents. */
export const READ_CACHE_BYTES = 16 * 1024 * 1024

/** Reads for uploads under way at once, for all torrents; with the cache, what uploads keep in memory. */
export const MAX_PENDING_READS = 16

/** How often newly stored pieces are synced to disk and noted in the resume file. */
export const CHECKPOINT_INTERVAL_MS = 2000

/** What is handed to someone who reads content, at a time. */
export const READER_CHUNK_BYTES = 128 * 1024

/** What is fetched first of what lies before a reader: some seconds of a film. */
export const READER_AHEAD_BYTES = 8 * 1024 * 1024

/** Those who may read one torrent at once. */
export const MAX_CONTENT_READERS = 64

/** Contents opened side by side after a restart: each may have to be hashed. */
export const RESTORES_AT_ONCE = 8
