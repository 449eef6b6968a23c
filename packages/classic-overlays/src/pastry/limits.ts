/** Length of an id in bits (Pastry §2: 128-bit nodeIds). */
export const ID_BITS = 128

/** Length of an id in bytes. */
export const ID_BYTES = ID_BITS / 8

/**
 * Most hops of a routed message. In a settled network of a million nodes it takes six; while tables are wrong the leaf
 * sets carry it on. What has come this far is driven in a circle by somebody.
 */
export const MAX_ROUTE_HOPS = 40

/** Next hops tried at one node before the message is given up: whoever asked asks again. */
export const MAX_HOP_TRIES = 8

/** Times that a message is sent to a next hop for which there is no other. */
export const MAX_FIRST_HOP_TRIES = 3

/** Equally good next hops among which a repeated request draws, so that it does not run into the same hole (§2.4). */
export const RANDOM_HOPS = 3

/** Most peers in one message: rows of a routing table with 2^b = 16, six of them at once, and a leaf set. */
export const MAX_MEMBERS_PER_MESSAGE = 128

/** Most pointers in one message: some 16 KB. */
export const MAX_POINTERS_PER_MESSAGE = 64

/** Most pointers in one answer to a lookup: all of a key's. */
export const MAX_POINTERS_PER_ANSWER = 256

/** Largest message in bytes: an answer with {@link MAX_POINTERS_PER_ANSWER} pointers of ordinary length. */
export const MAX_MESSAGE_BYTES = 262_144

/** Largest payload of a multicast in bytes: what still goes in a few packets to every child. */
export const MAX_PAYLOAD_BYTES = 16_384

/** Length of the number that names a multicast, in bytes. */
export const MULTICAST_ID_BYTES = 16

/** Requests under way at most, those that wait for the next hop's acknowledgement included. */
export const MAX_PENDING_REQUESTS = 4_096

/** Peers whose round-trip time is remembered: those in the tables, and some more. */
export const MAX_ROUND_TRIP_TIMES = 512

/** A dial takes so many round trips more: what `libp2p-overlay`'s connections were measured to cost. */
export const DIAL_ROUND_TRIPS = 4

/** Peers heard of that are asked at the same time whether they are there. */
export const MAX_PENDING_PROBES = 48

/** Pings that a silent peer is sent before it is taken for dead. */
export const PINGS_BEFORE_DEATH = 2

/** Most departed peers remembered: they are kept out for a while, and looked for after a partition. */
export const MAX_DEPARTED = 32

/** Departed peers that are looked for at a time. */
export const DEPARTED_PER_ROUND = 4

/** Most introducers kept to come back through. */
export const MAX_INTRODUCERS = 16

/** Steps towards a nearby node that a newcomer takes before it asks to be let in. */
export const MAX_NEARBY_STEPS = 3

/** Peers that a newcomer measures at each of these steps. */
export const NEARBY_CANDIDATES = 8

/** Times that a join is tried through one introducer after the other, before it has failed. */
export const MAX_JOIN_TRIES = 6

/** Operations that wait for a join to end. */
export const MAX_WAITING_OPERATIONS = 4_096

/** Lookups that a newcomer holds back until it has fetched the pointers that it is asked for. */
export const MAX_DEFERRED_LOOKUPS = 256

/** Most pointers under one key: a popular file needs no more providers in one answer. */
export const MAX_POINTERS_PER_KEY = 256

/** Most pointers of one provider in the table, so that one peer cannot fill it. */
export const MAX_POINTERS_PER_PROVIDER = 4_096

/** Most pointers in the table: some 16 MB. */
export const MAX_POINTERS = 65_536

/** Most publications of one node. */
export const MAX_PUBLICATIONS = 20_000

/** Publications renewed, or published after a failure, at one tick. */
export const MAX_RENEWALS_PER_TICK = 64

/** Places beyond the k closest at which a pointer is still taken in: leaf sets differ for a while. */
export const HOLDER_SLACK = 2

/** Signatures that wait for their check: in all, and of what one peer has sent. */
export const MAX_PENDING_VERIFICATIONS = 2_048
export const MAX_PENDING_VERIFICATIONS_PER_PEER = 512

/** Times that a request from end to end is made: by another way each time. */
export const MAX_TRIES = 4

/** Answers that there is nothing, without the names of others who should know, before that is believed. */
export const DENIALS_TO_CONCLUDE = 3

/** Times that pointers are offered to a node that has become responsible for them. */
export const MAX_MOVE_TRIES = 3

/** Pages that a newcomer fetches from one neighbour: all that a full table has. */
export const MAX_PULL_PAGES = MAX_POINTERS / MAX_POINTERS_PER_MESSAGE

/** Newcomers that are handed their pointers at the same time, and how long a list of them is kept, in ms. */
export const MAX_HANDOUTS = 8
export const HANDOUT_MS = 60_000

/** Pointers that are looked at to find those of newcomers: a second on average (some 5 % of a core), and at once. */
export const HANDOUT_POINTERS_PER_SECOND = 20_000
export const HANDOUT_POINTERS_AT_ONCE = 4 * MAX_POINTERS

/**
 * Answers to askers to whom there is no connection: a second on average, and at once. The asker is who a message says it
 * is, so nobody is to make us dial whomever it names, as often as it likes.
 */
export const STRANGERS_PER_SECOND = 20
export const STRANGERS_AT_ONCE = 200

/** Groups that a node forwards multicasts of. */
export const MAX_GROUPS = 1_024

/** Children of a node in one multicast tree: as many as its routing table and leaf set could have. */
export const MAX_CHILDREN_PER_GROUP = 128

/** Links to children that a node keeps in all of its trees together: each costs a heartbeat a tick. */
export const MAX_CHILDREN = 1_024

/** Trees in which one peer may be our child. */
export const MAX_GROUPS_PER_CHILD = 256

/** Heartbeats that a child may miss, and a parent may send in vain. */
export const MISSED_BEATS = 3

/** Multicasts remembered by their numbers, so that none is delivered twice. */
export const MAX_REMEMBERED_MULTICASTS = 1_024

/** Members listed by an inspection. */
export const INSPECTED_MEMBERS = 256
