/** Largest message in bytes: a refresh list of 200 supernodes takes some 20 kB, a page of pointers less. */
export const MAX_MESSAGE_BYTES = 65_536

/** Supernodes in a host cache, and in a refresh list: KaZaA and Skype keep so many. */
export const MAX_HOSTS = 200

/** Of those in a host cache that may be ordinary nodes (deputies): supernodes are what it is for. */
export const MAX_DEPUTIES_CACHED = 50

/** Hosts that an answer to a ping carries. */
export const PONG_HOSTS = 8

/** Hosts believed of an answer to a ping: deputies, and some others. */
export const MAX_HOSTS_PER_PONG = 24

/** Most workload that a host can state: what two bytes hold. */
export const MAX_STATED_CHILDREN = 0xffff

/** Oldest age of a host that is believed, in ms: a day; older ones are not worth a try. */
export const MAX_HOST_AGE_MS = 86_400_000

/** A host that does not answer is looked for this long, in ms: a partition that lasts longer needs an introducer. */
export const MAX_ABSENCE_MS = 3_600_000

/** Supernodes probed side by side by who looks for one: KaZaA's clients try five. */
export const PROBED_AT_ONCE = 5

/** Times that a request is sent to a peer that lets its time pass: messages get lost. */
export const TRIES_PER_PEER = 3

/** The same for introducers: there may be no others. */
export const TRIES_PER_INTRODUCER = 6

/** Rounds in which nobody was found, after which an orphan that was in the network becomes a supernode itself. */
export const ROUNDS_TO_SELF_PROMOTION = 2

/** Introducers kept to come back through. */
export const MAX_INTRODUCERS = 16

/** Time in ms for which a joiner that is answered, and turned away because all are full, goes on trying before it says so. */
export const JOIN_PATIENCE_MS = 120_000

/** Time in ms after which a joiner that was turned away tries again, if it is not to be sooner. */
export const JOIN_RETRY_MS = 3_000

/** Most links of a supernode, whatever the options say: live, a node has 64 connections. */
export const MAX_LINKS = 64

/** Links that others may open beyond the number aimed at: a newcomer must find somebody to link with. */
export const SPARE_LINKS = 8

/** Least links aimed at: a random graph of this degree is connected, and stays so when some fail. */
export const LEAST_LINKS = 5

/** Links that are being opened at a time. */
export const LINKS_OPENED_AT_ONCE = 4

/** Hosts asked at a time whether they are (still, or again) there. */
export const HOSTS_PROBED_AT_ONCE = 4

/** Link ping intervals after which a supernode of which nobody tells is looked at: it is gone, or cut off. */
export const STALE_PINGS = 20

/** Links above the number aimed at that a supernode keeps; beyond, one at a time goes. */
export const LINKS_TOLERATED = 2

/** Most children of a supernode, whatever the options say. */
export const MAX_CHILDREN = 1_000

/** Former children whose level a supernode remembers. */
export const MAX_STANDINGS = 1_024

/** Participation level: KazaaLite's range, and what everybody begins with. */
export const MAX_LEVEL = 1_000
export const FIRST_LEVEL = 10

/** Of the level, what uploads can make at most: others confirm them, who may be friends; time cannot be had from friends. */
export const MAX_LEVEL_FROM_UPLOADS = 300

/** Confirmed uploads that count of one reporter. */
export const MAX_UPLOADS_PER_REPORTER = 2

/** Reporters remembered of one child. */
export const MAX_REPORTERS = 64

/** What vanishing without a word costs. */
export const LEVEL_PER_LOSS = 50

/** Most pointers under one key at a supernode. */
export const MAX_POINTERS_PER_KEY = 512

/** Most pointers that one child registers: some 800 files with their words. */
export const MAX_POINTERS_PER_CHILD = 5_000

/** Most pointers at one supernode: some 100 MB, and 80 children at their most. */
export const MAX_POINTERS = 400_000

/** Pointers in one registration: at their longest they still fit in a message. */
export const REGISTER_BATCH = 24

/** Registrations under way at a time. */
export const REGISTRATIONS_AT_ONCE = 4

/** Most pointers in one message, beyond which it is malformed. */
export const MAX_POINTERS_PER_MESSAGE = 256

/** Most bytes of pointers in one message: leaves room for the rest. */
export const MAX_POINTER_BYTES_PER_MESSAGE = 48_000

/** Most pointers asked for in one query. */
export const MAX_WANTED = 256

/** Pointers that a search by words asks for: what is common to all words may stand anywhere. */
export const SEARCH_POINTERS = 256

/** Most keys in one query: the words of a search. */
export const MAX_KEYS = 8

/** Time to live beyond which a query is malformed: Gnutella's 7, doubled for networks that are set up otherwise. */
export const MAX_TTL = 15

/** Queries and hits taken from one neighbour a second, and at once: 100,000 nodes that look up once a minute cause 1,700. */
export const LINK_MESSAGES_PER_SECOND = 5_000
export const LINK_BURST = 20_000

/** What a word of a search counts in messages: a list of pointers is looked through for each, some 0.2 ms. */
export const MESSAGES_PER_WORD = 8

/** Queries taken from one child a second, and at once. */
export const CHILD_QUERIES_PER_SECOND = 20
export const CHILD_BURST = 200

/** Queries taken a second, and at once, from all who are no children: they look for a second opinion, or lost their supernode. */
export const GUEST_QUERIES_PER_SECOND = 200
export const GUEST_BURST = 1_000

/** Searches that a supernode makes for others and itself at a time. */
export const MAX_SEARCHES = 4_096

/** Lookups of this node at a time. */
export const MAX_INQUIRIES = 1_024

/** Requests that wait for an answer. */
export const MAX_PENDING_REQUESTS = 4_096

/** Peers whose round-trip time is remembered. */
export const MAX_ROUND_TRIP_TIMES = 512

/** Round trips of a dial before the first message leaves (see the simulator's `LIVE_CONNECTIONS`). */
export const DIAL_ROUND_TRIPS = 4

/** Query ids remembered in one generation of the table; two generations are kept. */
export const MAX_QUERY_SLOTS = 16_384

/** Places in which an id may stand: whoever chooses ids cannot make a chain longer. */
export const QUERY_PROBES = 16

/** A generation of query ids lasts so long at least, in ms: longer than a flood is under way. */
export const QUERY_GENERATION_MS = 20_000

/** Round trips over the slowest link that a flood, with its hits, is given. */
export const FLOOD_ROUND_TRIPS = 8

/** Signatures waiting for their verification, in all and of one peer. */
export const MAX_PENDING_VERIFICATIONS = 4_096
export const MAX_PENDING_VERIFICATIONS_PER_PEER = 1_024

/** Pointers remembered as verified, so that nothing is verified twice. */
export const MAX_VERIFIED_POINTERS = 2_048

/** Contradictions and silences after which a child leaves its supernode. */
export const STRIKES_TO_LEAVE = 3

/** Time in ms for which a supernode that was left for its silence is not taken again. */
export const DISTRUST_MS = 600_000

/** Supernodes asked by a child whether its own publications can be found: both must miss them. */
export const AUDITORS = 2

/** Former supernodes that a child tells of what it takes back. */
export const MAX_FORMER_PARENTS = 4

/** Supernodes remembered of where pointers were found, for deliveries. */
export const MAX_ORIGINS = 1_024

/** Deliveries that a supernode passes on a second, and at once. */
export const DELIVERIES_PER_SECOND = 50
export const DELIVERY_BURST = 200

/** Most publications of this node. */
export const MAX_PUBLICATIONS = MAX_POINTERS_PER_CHILD

/** Publications signed anew in one tick. */
export const RENEWALS_PER_TICK = 100

/** Entries of a list in an inspection. */
export const INSPECTED_ENTRIES = 200

/** Hosts that a farewell carries: enough to choose another supernode among. */
export const FAREWELL_HOSTS = 24

/** Time in ms after somebody was turned away, within which a child below the promotion level is made a supernode too. */
export const PRESSED_MS = 60_000

/** Time in ms for which a child that cannot be dialled, or does not want to, is not asked again. */
export const UNSUITABLE_MS = 300_000

/** Time in ms for which a supernode that becomes an ordinary node goes on answering: its children register elsewhere. */
export const DRAIN_MS = 5_000
