/** Largest frame of an overlay message, in bytes: a join answer with a first share of the tables. */
export const MAX_OVERLAY_FRAME_BYTES = 512 * 1024

/** Bytes waiting to be sent to one peer; above it messages are dropped, as the contract of `send` allows. */
export const MAX_QUEUED_BYTES_PER_PEER = 2 * 1024 * 1024

/** Messages waiting for a dial to one peer: overlays send few before the first answer. */
export const MAX_QUEUED_MESSAGES_PER_PEER = 64

/** Streams of one protocol with one peer. Two when both sides opened at once; the rest is slack for reconnects. */
export const MAX_STREAMS_PER_PEER = 4

/** Dial and protocol negotiation together, in ms. */
export const OPEN_TIMEOUT_MS = 10_000

/** After a failed dial, sends to the peer fail at once for this many ms instead of dialling each time. */
export const REDIAL_DELAY_MS = 3_000

/** A stream with no frame in either direction for this many ms is closed: idle streams cost memory on both sides. */
export const IDLE_STREAM_MS = 5 * 60_000

/** Inbound messages a second from one peer, on average; more are dropped like lost ones. */
export const MAX_MESSAGES_PER_SECOND = 500

/** Inbound messages from one peer at once. */
export const MAX_MESSAGE_BURST = 2_000

/**
 * Inbound bytes of messages from one peer: a second on average, and at once. Four times what a share of the tables may
 * take, and no more signatures to check than a fraction of a core can.
 */
export const MAX_MESSAGE_BYTES_PER_SECOND = 512 * 1024
export const MAX_MESSAGE_BYTES_BURST = 4 * 1024 * 1024

/** Peers with a handle. The machine releases those it drops, so only a flood of identities comes near. */
export const MAX_PEERS = 131_072

/** Peers whose ids are kept as text as well: those with links, and some that were lately written to. */
export const MAX_CACHED_PEER_TEXTS = 512

/** Peers whose learned addresses are remembered, the latest to be heard of. */
export const MAX_ADDRESS_BOOK_PEERS = 8_192

/** Addresses remembered of one peer. */
export const MAX_ADDRESSES_PER_PEER = 8

/** Length of one address in bytes: a DNS name and a peer id fit. */
export const MAX_ADDRESS_BYTES = 255

/** Signature checks in one turn of the event loop: about 5 ms, so that streams are served in between. */
export const VERIFICATIONS_PER_TURN = 32

/**
 * Pending signature checks: of one sender, above which its messages are dropped (a message carries up to 1,024); of all,
 * above which only those are heard who have none waiting; and above which nobody is. 4,096 take half a second.
 */
export const VERIFICATION_BACKLOG_PER_SENDER = 1_024
export const VERIFICATION_BACKLOG = 4_096
export const MAX_VERIFICATION_BACKLOG = 8_192

/** Signatures checked at once, in the middle of a message, while nothing waits: 0.4 ms at most in one turn. */
export const INSTANT_VERIFICATIONS = 4

/** Public keys kept ready for verification. */
export const MAX_CACHED_KEYS = 4_096

/** Penalty points at which a peer is banned. */
export const BAN_THRESHOLD_POINTS = 100

/** How long a ban for misbehaviour lasts, in ms. */
export const BAN_DURATION_MS = 10 * 60_000

/** Penalty points halve in this many ms, so that rare mistakes never add up. */
export const PENALTY_HALF_LIFE_MS = 10 * 60_000

/** Peers whose penalties or bans are remembered. */
export const MAX_PENALISED_PEERS = 4_096

/** Points for one verdict of the overlay machine that blames the sender. */
export const OVERLAY_PENALTY_POINTS = 25

/** Points for bytes that are no frame or no message: no version of ours sends them. */
export const MALFORMED_PENALTY_POINTS = 100

/** Default limit of pointers of a lookup. */
export const DEFAULT_LOOKUP_LIMIT = 16

/** Default deadline of a lookup, in ms. */
export const DEFAULT_LOOKUP_DEADLINE_MS = 10_000

/** A join that the machine has not answered after this many ms has failed. */
export const JOIN_TIMEOUT_MS = 30_000

/** How long a provider that was asked to come to us may take, in ms: the request's way, and one dial. */
export const DELIVERY_TIMEOUT_MS = 5_000

/** How long `stop` lets the goodbye of the machine travel, in ms. */
export const LEAVE_GRACE_MS = 150

/** Peers with an open stream of one overlay: gossip partners and warm contacts, at some 80 KB a connection. */
export const DEFAULT_MAX_CONNECTIONS = 64

/** The same for a node that serves others, and says so: an index server's clients, a supernode's children. */
export const MAX_SERVING_CONNECTIONS = 1_024

/** Fewer connections than this would leave no room for gossip partners beside lookups. */
export const LEAST_MAX_CONNECTIONS = 4

/** How long operations of a node that has just started wait until it has entered, in ms. */
export const DEFAULT_READY_TIMEOUT_MS = 5_000

/** Longest time that a timer of Node takes, in ms. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Providers of one CID that `findProviders` asks for. */
export const FIND_PROVIDERS_LIMIT = 64

/** Peers that `getClosestPeers` yields, as many as in a bucket of kad-dht. */
export const CLOSEST_PEERS = 20

/** Time between attempts to enter the overlay, in ms: the first, doubled up to the last. */
export const FIRST_JOIN_RETRY_MS = 500
export const LAST_JOIN_RETRY_MS = 30_000

/** Connected peers that speak the protocol, remembered to enter through. */
export const MAX_JOIN_CANDIDATES = 16

/** Discovered peers that a node which looks for a way in remembers, and that it dials in one attempt. */
export const MAX_DISCOVERED_PEERS = 64
export const DISCOVERED_DIALS = 4

/** A node that has entered greets newly connected strangers at most this often, in ms: they may be another network. */
export const GREETING_INTERVAL_MS = 30_000

/** Provided CIDs published again side by side after a restart. */
export const REPUBLISH_PARALLELISM = 32

/** Peers told to libp2p's discovery: so many a second on average, and at once. Each is a write to the peer store. */
export const MAX_DISCOVERIES_PER_SECOND = 10
export const MAX_DISCOVERY_BURST = 100

/**
 * What a connection costs each side on the wire, in bytes, beside the messages that it carries: measured 1,320 and
 * 1,246 bytes of TCP payload (Noise, Yamux, identify, negotiation of one stream, closing), and at most 13 packets.
 */
export const DIAL_TRAFFIC_BYTES = 2_000

/** What a message costs beside its bytes: Yamux 12, Noise 18, the length prefix 2. */
export const FRAME_TRAFFIC_BYTES = 32

/** A link that was used this short ago, in ms, may have an answer under way. */
export const BUSY_LINK_MS = 5_000

/** The tag that peers with a link have in libp2p's peer store, and its value: libp2p closes the untagged (0) before. */
export const LINK_TAG = 'onehop-overlay'
export const LINK_TAG_VALUE = 10

/** Longest time in ms that a connection may take to close in good order. */
export const CLOSE_TIMEOUT_MS = 2_000
