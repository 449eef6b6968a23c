/** Length of a descriptor's header in bytes (Gnutella 0.4 §"Descriptor header"). */
export const HEADER_BYTES = 23

/** Length of descriptor ids and servent ids in bytes. */
export const ID_BYTES = 16

/** Longest descriptor in bytes, header included: 0.4's servents dropped connections that sent more than 64 KB. */
export const MAX_DESCRIPTOR_BYTES = 65_536

/** Highest TTL + hops that is no abuse: 0.6 tells servents to drop what exceeds 15. Lower ones are clamped, not blamed. */
export const MAX_TTL_AND_HOPS = 15

/** Longest search criteria in bytes: eight words of 64 bytes with the spaces between them, rounded up. */
export const MAX_CRITERIA_BYTES = 544

/** Most results of one QueryHit: with each pointer at its longest they still fit in one descriptor. */
export const MAX_RESULTS = 24

/** Longest private data of a QueryHit in bytes: its length is one byte. */
export const MAX_FILE_NAME_BYTES = 255

/** Longest reason of a Bye in bytes. */
export const MAX_REASON_BYTES = 128

/** Most peers that a Bye names for others to turn to. */
export const MAX_PEERS_TO_TRY = 8

/** Longest extension of a GGEP block in bytes: its length has three chunks of 6 bits. */
export const MAX_GGEP_DATA_BYTES = 0x3_ffff

/** Most extensions read from one GGEP block: ours have two, and every one costs an object. */
export const MAX_GGEP_EXTENSIONS = 16

/** Longest text of a handshake or a GIV in bytes: an entry with eight addresses at their longest, in hexadecimal. */
export const MAX_TEXT_BYTES = 4_096

/** Neighbours that a user can ask for at most: a node has 64 connections. */
export const MAX_NEIGHBOURS = 56

/** Hosts remembered at most: lists of this size fed a servent for days; at ~100 bytes each. */
export const MAX_HOSTS = 64

/** Connection attempts under way at a time. */
export const MAX_CONNECTING = 4

/** Introducers kept, to turn to when nobody else is left. */
export const MAX_INTRODUCERS = 8

/** Pings without an answer after which a neighbour is taken for dead: one lost message must not be enough. */
export const MISSED_PINGS = 3

/** Descriptors whose way back is remembered, at 8 bytes each: 65,536 in half a minute are more than 2,000 a second. */
export const MAX_ROUTES = 65_536

/** Servents to which the way is remembered for Pushes, at 8 bytes each. */
export const MAX_PUSH_ROUTES = 4_096

/** Peers remembered that flooded, and for how long they get no place: a bad evening, not a life. */
export const MAX_DISMISSED = 64
export const DISMISSED_MS = 600_000

/**
 * Floods (queries and pings) taken from one neighbour a second, and at once. A flood that reaches 10,000 nodes that
 * look something up once a minute passes every link some 100 times a second.
 */
export const FLOODS_PER_SECOND = 400
export const FLOOD_BURST = 4_000

/** Floods a second, and at once, that a neighbour may begin itself (0 hops): people type no faster, programs a little. */
export const OWN_FLOODS_PER_SECOND = 50
export const OWN_FLOOD_BURST = 1_000

/** Floods begun beyond that after which the neighbour is blamed and left. */
export const MAX_EXCESS_FLOODS = 1_000

/** Answers (QueryHits, Pongs) taken from one neighbour a second, and at once. */
export const ANSWERS_PER_SECOND = 800
export const ANSWER_BURST = 8_000

/** Pushes passed on for one neighbour a second, and at once: each makes somebody dial. */
export const PUSHES_PER_SECOND = 1
export const PUSH_BURST = 16

/** Deliveries that this node makes a second, and at once, whoever asks: each may be a dial, and Pushes can lie. */
export const GIVS_PER_SECOND = 0.5
export const GIV_BURST = 8

/** Queries of this node that are under way at most: one more ends the oldest. */
export const MAX_OWN_QUERIES = 1_024

/** Pointers that one query collects at most. */
export const MAX_FOUND_POINTERS = 1_024

/** Deliveries that this node waits for at most: one more ends the oldest. */
export const MAX_DELIVERIES = 64

/** Providers whose servent and file are remembered, to send a Push to. */
export const MAX_PUSHABLE = 256

/** Publications of one node: nobody else keeps them. */
export const MAX_PUBLICATIONS = 20_000

/** Publications signed anew in one tick at most. */
export const MAX_RENEWALS_PER_TICK = 64

/** Pointers in each of two generations of the query-hit cache. */
export const MAX_CACHED_POINTERS = 2_048
export const MAX_CACHED_POINTERS_PER_KEY = 16
export const MAX_CACHED_POINTERS_PER_PROVIDER = 256

/** Signatures that wait for their check: of all peers together. What comes beyond that is dropped. */
export const MAX_PENDING_SIGNATURES = 1_024
