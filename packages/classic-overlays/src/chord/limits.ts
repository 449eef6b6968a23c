/** Bits of SHA-1: identifiers have no more. */
export const MOST_IDENTIFIER_BITS = 160

/** Fewer bits make no ring worth the name: two nodes would meet in one place. */
export const LEAST_IDENTIFIER_BITS = 3

/** Bytes of the longest identifier. */
export const IDENTIFIER_BYTES = 20

/** Shortest successor list where its length follows the network's: what 16 nodes need by 2 log₂ N. */
export const LEAST_SUCCESSORS = 8

/** Longest successor list: 2 log₂ N of sixteen million nodes. */
export const MOST_SUCCESSORS = 48

/** Most positions that one machine has on the ring: a peer is believed to stand at so many places, not more. */
export const MOST_VIRTUAL_NODES = 64

/** Most copies of a pointer, its owner's included. */
export const MOST_REPLICAS = 16

/** Identifiers of predecessors in a notice: those of the replicas, twice as many where peers stand in several places. */
export const MOST_CHAIN = 2 * MOST_REPLICAS

/** Largest message in bytes: what a page of pointers at their longest needs. */
export const MAX_MESSAGE_BYTES = 65_536

/** Most peers in one message: the longest successor list, and who tells it. */
export const MAX_ENTRIES_PER_MESSAGE = MOST_SUCCESSORS + 1

/** Most pointers in one message. */
export const MAX_POINTERS_PER_MESSAGE = 256

/** Most pointers' bytes put in one message of a transfer. */
export const MAX_TRANSFER_BYTES = 32_768

/** Peers named in an answer that is not the last: if the first is dead, there are two more. */
export const CLOSER_PEERS = 3

/** Where more successors are wanted than usually, because many are dead, more peers are named too: so many for each. */
export const CLOSER_PART = 0.75

/** Most peers asked on the way to one identifier: half of a large network may be dead. */
export const MAX_STEPS = 64

/** Most peers remembered on the way to one identifier. */
export const MAX_CANDIDATES = 256

/** Times that a peer is asked in one operation where nobody else can be: of messages a tenth may be lost. */
export const MAX_TRIES = 5

/** Most hops of a recursive route: four times the logarithm of any network's size. */
export const MAX_ROUTE_HOPS = 64

/** Most recursive routes that pass through a node at a time. */
export const MAX_RELAYS = 1_024

/** Most of them that one peer sent. */
export const MAX_RELAYS_PER_PEER = 64

/** A route that has not been answered within so many usual time-outs is given up: a hop may have been lost on the way. */
export const ROUTE_TIMEOUTS = 4

/** Requests that wait for an answer at most. */
export const MAX_PENDING_REQUESTS = 2_048

/** Peers whose round-trip time is remembered. */
export const MAX_TIMES = 128

/** Round trips of a dial before the first message leaves (libp2p-overlay's README). */
export const DIAL_ROUND_TRIPS = 4

/** Most lookups and publications that wait for a join, or are under way. */
export const MAX_OPERATIONS = 1_024

/** Peers that are gone and looked for: a partition may have taken them. */
export const MAX_DEPARTED = 32

/** So long, in ms, a peer that is gone is looked for. */
export const MAX_ABSENCE_MS = 3_600_000

/** Most introducers kept to come back through. */
export const MAX_INTRODUCERS = 16

/** Peers remembered for having been silent lately, so that nobody waits for them twice. */
export const MAX_SILENT_PEERS = 64

/** Times in a row that a neighbour lets its time pass before it counts as gone: messages get lost. */
export const SILENCES_TO_BE_GONE = 3

/** Times that a stabilisation follows a successor's predecessor to a nearer successor. */
export const MAX_STEPS_PER_STABILISATION = 16

/** Most hops of a hint: a ring's news is handed on towards the place that it is about. */
export const MAX_HINT_HOPS = 32

/** Most candidates that others may name as successors between two rounds. */
export const MAX_HINTS_PER_ROUND = 32

/** Most pointers of others: some 60 MB. */
export const MAX_POINTERS = 200_000

/** Most pointers under one key: a popular file needs no more providers. */
export const MAX_POINTERS_PER_KEY = 128

/** Most pointers of one provider under one key (a name or a word that leads to several contents). */
export const MAX_POINTERS_PER_KEY_AND_PROVIDER = 16

/** Most pointers of one provider, so that one peer cannot fill the table. */
export const MAX_POINTERS_PER_PROVIDER = 20_000

/** Time between two looks at what has expired, in ms: each goes through the whole table. */
export const SWEEP_INTERVAL_MS = 10_000

/** Most publications of this node. */
export const MAX_PUBLICATIONS = 20_000

/** Publications signed anew in one round at most. */
export const MAX_REFRESHES_PER_ROUND = 64

/** Most signatures waiting for their check; what comes beyond is dropped, and comes again. */
export const MAX_PENDING_VERIFICATIONS = 4_096

/** Most of them that one peer sent. */
export const MAX_PENDING_VERIFICATIONS_PER_PEER = 1_024

/** Settled holders without a pointer after which a key counts as not there: one may lie, or may have come just now. */
export const NEGATIVES_TO_CONCLUDE = 2

/** Pages that are pulled in one transfer: some two million bytes. */
export const MAX_PULL_PAGES = 64

/**
 * Where all holders that were told are silent, more are asked for: so many of the successors that a list has, for half of
 * the nodes may have died at once. A list's first quarter is left to who is a little before the key's predecessor.
 */
export const WIDER_PARTS = [0.5, 0.75]

/** Bytes of pointers served to those who pull, a second: joins are rare. */
export const TRANSFER_BYTES_PER_SECOND = 262_144

/** The same at once. */
export const TRANSFER_BURST_BYTES = 2_097_152

/** Rounds for which a node goes on holding what it is no longer responsible for. */
export const GRACE_ROUNDS = 4

/** Nodes beyond which nobody believes that the network has grown: 2⁴⁰. */
export const MAX_ESTIMATED_NODES = 2 ** 40

/** Rows of a list in an inspection. */
export const INSPECTED_ROWS = 256

/**
 * The way from a point to its successor is believed up to so many times the mean: an honest gap is longer once in
 * e³² times, and once in e¹⁶ when half of the nodes have just died.
 */
export const MOST_PLAUSIBLE_GAP = 32
