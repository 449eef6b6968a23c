/** Connections that a node tries to keep: enough for a gossip mesh (6) and two to spare. */
export const TARGET_CONNECTIONS = 8

/**
 * Connections at most; a first node of a local testnet is everybody's introducer. About 80 KB
 * each. More only where the overlay wants them because this node serves others (an index server, a supernode).
 */
export const MAX_CONNECTIONS = 256

/** Connections a second that one host may open to us: all nodes of a testnet share one address. */
export const INBOUND_CONNECTIONS_PER_SECOND = 100

/** Inbound connections in the middle of their handshake. */
export const MAX_PENDING_INBOUND = 64

/** One dial, in ms. */
export const DIAL_TIMEOUT_MS = 8_000

/** For a swarm stream: a dial of a provider's own addresses, and one through its relays, in ms. */
export const DIRECT_DIAL_MS = 5_000
export const RELAYED_DIAL_MS = 5_000

/** Peers that a node which listens nowhere has relay to it: when one goes, the other still leads there. */
export const RELAYS_WANTED = 2

/** How long such a node waits for the first of them before it enters the overlay, in ms: its records tell where it is. */
export const RELAY_WAIT_MS = 3_000

/** Peers that one node relays to: each is a connection that stays, some 80 KB. */
export const MAX_RELAY_RESERVATIONS = 64

/** How long a place at a relay stands until it is renewed, in ms. libp2p renews 5 minutes before the end. */
export const RELAY_RESERVATION_MS = 30 * 60_000

/** Relayed connections that one peer opens, or that lead to it. */
export const MAX_RELAYED_CONNECTIONS_PER_PEER = 64

/** One relayed connection: how long it may last, in ms, and what it may carry, in bytes both ways together. A fetch goes on over a new one. */
export const RELAYED_CONNECTION_MS = 60 * 60_000
export const RELAYED_CONNECTION_BYTES = 128 * 1024 * 1024

/** Attempts to turn a relayed connection into a direct one, and the time of each in ms (DCUtR). */
export const HOLE_PUNCH_ATTEMPTS = 2
export const HOLE_PUNCH_MS = 5_000

/** How often missing connections are looked for, in ms. */
export const KEEP_INTERVAL_MS = 1_000

/** Dials begun at once to reach the target. */
export const DIALS_PER_ROUND = 4

/** First and longest delay before a failed dial is repeated, in ms. It doubles in between. */
export const FIRST_REDIAL_MS = 1_000
export const LAST_REDIAL_MS = 60_000

/** After `disconnect`, and for peers of another chain: not dialled by us for this many ms. */
export const SHUN_MS = 60_000

/** Peers remembered to be dialled again. */
export const MAX_KNOWN_PEERS = 1_024

/** Peers written to disk for the next start, and addresses of each. */
export const MAX_SAVED_PEERS = 64
export const MAX_SAVED_ADDRESSES_PER_PEER = 8

/** Addresses in one answer about peers, the bytes of each, and of all. */
export const MAX_TOLD_ADDRESSES = 32
export const MAX_TOLD_ADDRESS_BYTES = 255
export const MAX_PEER_LIST_BYTES = MAX_TOLD_ADDRESSES * (MAX_TOLD_ADDRESS_BYTES + 4)

/** A node that has too few connections asks the same peer about others again after so many ms. */
export const PEER_LIST_INTERVAL_MS = 20_000

/** Who asks again within so many ms is given no answer. */
export const PEER_LIST_ANSWER_INTERVAL_MS = 5_000

/** How long an answer about peers may take, in ms. */
export const PEER_LIST_TIMEOUT_MS = 5_000

/** Receive window of one stream, in bytes: what a peer may send before we read it. */
export const MAX_STREAM_WINDOW_BYTES = 4 * 1024 * 1024

/** Wtxids in one announcement: 32 KB of gossip. */
export const MAX_ANNOUNCED_TRANSACTIONS = 1_000

/** Announcements of one moment are joined for this many ms. */
export const ANNOUNCEMENT_DELAY_MS = 10

/** Tips are announced this many ms apart: blocks that follow each other faster are those of a node that catches up. */
export const TIP_ANNOUNCEMENT_INTERVAL_MS = 50

/** Transactions that we know to have been announced and do not announce again. */
export const MAX_REMEMBERED_ANNOUNCEMENTS = 50_000

/**
 * Largest gossip frame in bytes. One frame may carry many messages (what a peer asked for by IWANT) and 5,000 message
 * ids; a message of its own is an announcement at most.
 */
export const MAX_GOSSIP_FRAME_BYTES = 2 * 1024 * 1024

/** Messages of gossip from one peer: a second on average, and at once. More are dropped: each is remembered for 2 minutes. */
export const GOSSIP_MESSAGES_PER_SECOND = 500
export const GOSSIP_MESSAGES_BURST = 10_000

/** Dropped messages of one peer: a second on average, and at once, before it counts as a flood. */
export const DROPPED_GOSSIP_PER_SECOND = 10
export const DROPPED_GOSSIP_BURST = 1_000

/** Largest sync frame in bytes: a block of 4,000,000 bytes (its weight limit) and its envelope. */
export const MAX_SYNC_FRAME_BYTES = 4_100_000

/** What may wait for one peer to read its answers, in bytes: two full blocks. */
export const MAX_SYNC_QUEUED_BYTES = 2 * MAX_SYNC_FRAME_BYTES + 1024 * 1024

/** Headers in one answer, as Bitcoin's `headers` message. */
export const MAX_HEADERS_PER_REQUEST = 2_000

/** Hashes in a locator: one per doubling of the distance, and the first ten. */
export const MAX_LOCATOR_HASHES = 101

/** Blocks in one request: one slow answer holds up no more. */
export const MAX_BLOCKS_PER_REQUEST = 16

/** Transactions in one request. */
export const MAX_TRANSACTIONS_PER_REQUEST = 256

/** Mempool ids in one answer: 320 KB. */
export const MAX_MEMPOOL_IDS = 10_000

/** Requests of one peer that wait to be served; a client of ours never has more under way. */
export const MAX_QUEUED_REQUESTS = 32

/** Items (headers count 1/100) served to one peer: a second on average, and at once. Beyond it: `busy`. */
export const SERVED_ITEMS_PER_SECOND = 2_000
export const SERVED_ITEMS_BURST = 10_000

/** What a compact block, or transactions of a block, cost of these: the block is read, parsed and hashed for it. */
export const COMPACT_BLOCK_COST_ITEMS = 50

/** Requests answered `busy`: a second on average, and at once. Who asks on in spite of it floods us. */
export const BUSY_ANSWERS_PER_SECOND = 50
export const BUSY_ANSWERS_BURST = 2_000

/** `busy` answers that wait for the peer to read; more are left out. */
export const MAX_WAITING_BUSY_ANSWERS = 64

/** Streams with one peer on which it is told of others. */
export const MAX_PEER_LIST_STREAMS = 2

/** Streams of the sync protocol with one peer; see `MAX_STREAMS_PER_PEER` of the overlay. */
export const MAX_SYNC_STREAMS = 4

/** Without a single item for this many ms, a request has failed. */
export const REQUEST_TIMEOUT_MS = 10_000

/** A peer that has sent this many bytes meanwhile is slow, not silent: 10 kB a second. */
export const REQUEST_PROGRESS_BYTES = 100_000

/** Requests that got no answer in time and whose answers may still come; more than one peer can leave open. */
export const MAX_ABANDONED_REQUESTS = 256

/** The first status of a new stream must come within this many ms. */
export const HANDSHAKE_TIMEOUT_MS = 10_000

/** Failed requests in a row after which the peer is disconnected. */
export const MAX_FAILURES_IN_A_ROW = 3

/** How often tips are compared with every peer, in ms: heals announcements that were missed. */
export const STATUS_INTERVAL_MS = 3_000

/** How often the mempool is compared with one peer, in ms. */
export const MEMPOOL_INTERVAL_MS = 10_000

/** Blocks ahead of the validated chain that are asked for. */
export const DOWNLOAD_WINDOW_BLOCKS = 128

/** Bytes of blocks that wait for an earlier one; above it no more are asked for. */
export const MAX_WAITING_BLOCK_BYTES = 64 * 1024 * 1024

/**
 * Blocks that are handed to the chain before the first of them is connected, and their bytes: enough that small ones are
 * stored together, and a large one is parsed while the scripts of another run.
 */
export const MAX_OFFERED_BLOCKS = 16
export const MAX_OFFERED_BYTES = 4_000_000

/** Blocks asked of one peer at once. */
export const MAX_BLOCKS_IN_FLIGHT_PER_PEER = 32

/** When the block that all others wait for has not come after this many ms, it is asked of a second peer. */
export const HEAD_STALL_MS = 2_000

/** Blocks and transactions that one peer is known not to have; forgotten oldest first. */
export const MAX_REMEMBERED_MISSING = 512

/** A peer that had not got a block is not asked for it again for this many ms. */
export const MISSING_RETRY_MS = 1_000

/**
 * A block is asked for in its short form when no more than this many are missing on its way: further behind, its
 * transactions are not in the mempool.
 */
export const MAX_COMPACT_PATH_BLOCKS = 3

/**
 * Blocks in their short form from one peer: a second on average, and at once; beyond it whole ones are asked for. Opening
 * one takes some 0.7 µs for each transaction of the mempool.
 */
export const COMPACT_BLOCKS_PER_SECOND = 1
export const COMPACT_BLOCKS_BURST = 30

/** Blocks whose short form was asked for and is not asked for again. */
export const MAX_REMEMBERED_COMPACT_BLOCKS = 256

/** Branches that are downloaded side by side. More than one is rare, and one peer adds at most two. */
export const MAX_DOWNLOAD_PATHS = 8

/** Different tips of peers that are looked at to find the branches; the next time it may be others. */
export const MAX_TIPS_LOOKED_AT = 32

/** A block that nobody is to blame for refusing is tried again after this many ms. */
export const REFUSED_BLOCK_RETRY_MS = 30_000

/** How long a request for one block waits at the server when the block is being downloaded there, in ms. */
export const BLOCK_ARRIVAL_WAIT_MS = 2_000

/** After headers of a peer could not be had or used, it is asked again in this many ms. */
export const HEADERS_RETRY_MS = 5_000

/**
 * After this many ms, fetching a peer's headers is slow, or they are many and of no use: others are asked beside it, up
 * to so many in all. Headers that wait for their chain to show its work are up to 10 MB each.
 */
export const SLOW_HEADERS_MS = 5_000
export const MAX_HEADER_SYNCS = 3

/** Header batches of one synchronisation: 10 million headers. */
export const MAX_HEADER_BATCHES = 5_000

/** Peers asked for one transaction. */
export const MAX_TRANSACTION_SOURCES = 4

/** Transactions whose bodies are being fetched; announcements beyond it are ignored. */
export const MAX_TRANSACTIONS_IN_FLIGHT = 10_000

/** Of these, transactions announced by one peer: two full announcements. */
export const MAX_TRANSACTIONS_IN_FLIGHT_PER_PEER = 2_000

/** Bytes of transactions that have come and wait for their checks; more are dropped and asked for again. */
export const MAX_WAITING_TRANSACTION_BYTES = 32 * 1024 * 1024

/**
 * Bytes of transactions that one peer may offer in vain: a second on average, and at once. A signature check is some
 * 150 bytes of a transaction; beyond the limit the peer's announcements are passed over for a while.
 */
export const REFUSED_BYTES_PER_SECOND = 10_000
export const REFUSED_BYTES_BURST = 800_000

/** Parents that one transaction may wait for and be asked for: the mempool takes none with more unconfirmed ancestors. */
export const MAX_ORPHAN_PARENTS = 24

/** Parents asked of one peer at once: more of its orphans wait until others are served. */
export const MAX_PARENTS_IN_FLIGHT_PER_PEER = 100

/** Points (of `BAN_THRESHOLD_POINTS`) for a header or block that breaks consensus: nobody honest sends one. */
export const INVALID_BLOCK_POINTS = 100

/** Points for a chain of headers that has less work than the peer claimed, and so much less than ours that it is of no use. */
export const LOW_WORK_POINTS = 25

/** Points for a transaction that breaks consensus. */
export const INVALID_TRANSACTION_POINTS = 50

/** Points for sending without end, against all limits. */
export const FLOOD_POINTS = 100

/** Points for misbehaviour in another protocol of the node, such as the swarm's. */
export const FOREIGN_MISBEHAVIOUR_POINTS = 50

/** Points for what is no message of the protocol. */
export const MALFORMED_POINTS = 100

/** Swarm streams with one peer: one for each infohash. */
export const MAX_SWARM_STREAMS = 256

/** Bytes that a swarm stream queues beyond what `send` allowed, before it is cut off. */
export const MAX_SWARM_QUEUED_BYTES = 8 * 1024 * 1024

/** Memory of one send of a swarm session, in bytes: 128 KiB, and what its last message goes beyond them. */
export const SEND_BUFFER_BYTES = 148 * 1024

/** Such buffers that are kept to be used again: 1.2 MB. Streams take turns, and each needs one at a time. */
export const MAX_SPARE_SEND_BUFFERS = 8

/** Bytes that are joined into one write to a socket; longer sends (some megabytes at once) go out in parts. */
export const MAX_WHOLE_WRITE_BYTES = 256 * 1024

/** Memory that is given back at once rather than left to V8, in bytes: less lies in pools that others share. */
export const MIN_RELEASED_BYTES = 16 * 1024

/** How long a peer may read the rest of a swarm stream that we have closed, and leave its own side open, in ms. */
export const SWARM_CLOSE_GRACE_MS = 30_000

/** How long connections may take to close in good order when the node disconnects or stops, in ms. */
export const STOP_GRACE_MS = 200

/** Longest delay between attempts to join the overlay, in ms: somebody must answer for the node to be of use. */
export const LAST_REJOIN_MS = 10_000

/** The side that dialled has this many ms to open the sync stream before the other does. */
export const SYNC_OPEN_GRACE_MS = 5_000
