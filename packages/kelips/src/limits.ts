/** Most affinity groups: with √N groups that is four billion nodes, and tables by group stay small. */
export const MAX_GROUPS = 65_536

/** Most bits of a prefix that names a group: as many groups as with a fixed number of them. */
export const MAX_DEPTH = 16

/** Statements of different peers of which the median estimates how large the network is: a third may lie. */
export const ESTIMATORS = 31

/** Looks at the depth during which a statement counts: some 30 gossip rounds, each with a statement. */
export const STATEMENT_REVIEWS = 10

/** Largest number of nodes or filetuples that a peer can state: what four bytes hold. */
export const MAX_STATED_COUNT = 0xffff_ffff

/** Most known peers considered for one key, however large its group is. */
export const MAX_CANDIDATES = 64

/** Levels by which a joiner may choose to be deeper than those through whom it enters. */
export const MAX_DEPTH_AHEAD = 2

/** Gossip rounds between two looks at whether another depth suits better. */
export const ROUNDS_PER_REVIEW = 3

/** Looks in a row that must agree before a node splits from half of its group. */
export const CONFIRMATIONS_TO_SPLIT = 2

/** Looks in a row that must agree before a node merges with the sibling group. */
export const CONFIRMATIONS_TO_MERGE = 3

/** Looks in a row that must agree before a node takes over what nobody else keeps. */
export const CONFIRMATIONS_TO_WIDEN = 2

/** Part of the nodes that merge at one look when all of them want to: each pulls its sibling's filetuples. */
export const MERGE_CHANCE = 0.3

/** Rounds for which a node goes on holding what it held before a split. */
export const GRACE_ROUNDS = 10

/** Contacts kept in each half of the sibling group, with which the own one merges. */
export const KIN_CONTACTS_PER_BUCKET = 4

/** Largest message in bytes: a large first share for a joiner, a few milliseconds of a home line. */
export const MAX_MESSAGE_BYTES = 65_536

/** Most bytes of entries in one share: leaves room for the rest of the message. */
export const MAX_SHARE_BYTES = 48_000

/** Most bytes of one gossip message: what still goes in few packets. */
export const MAX_GOSSIP_BYTES = 8_192

/** Least bytes of one gossip message: our own record and one entry beside it. */
export const MIN_GOSSIP_BYTES = 700

/** Most members in the affinity group view: ten times what √N gives for a million nodes. */
export const MAX_VIEW_MEMBERS = 10_000

/** Most contacts kept per foreign group, whatever the options say. */
export const MAX_CONTACTS_PER_GROUP = 16

/** Most departed peers remembered: to keep old news of them out, and to look for them after a partition. */
export const MAX_DEPARTED = 256

/** A departed peer is looked for this long, in ms: a partition that lasts longer needs an introducer. */
export const MAX_ABSENCE_MS = 3_600_000

/** Most introducers kept to come back through. */
export const MAX_INTRODUCERS = 16

/** Most pointers under one key: a popular file needs no more providers in one answer. */
export const MAX_POINTERS_PER_KEY = 128

/** Most pointers of one provider under one key (a name or a word that leads to several contents). */
export const MAX_POINTERS_PER_KEY_AND_PROVIDER = 16

/** Most pointers of one provider in the table, so that one peer cannot fill it. */
export const MAX_POINTERS_PER_PROVIDER = 20_000

/** Most pointers in the table: some 60 MB. */
export const MAX_POINTERS = 200_000

/** Most publications of this node. */
export const MAX_PUBLICATIONS = 20_000

/** Most member records in one message, beyond which it is malformed. */
export const MAX_MEMBERS_PER_MESSAGE = 512

/** Most pointers in one message, beyond which it is malformed. */
export const MAX_POINTERS_PER_MESSAGE = 512

/** Most pointers put in one store message: at their longest they still fit in a message. */
export const STORE_BATCH = 24

/** Most signatures waiting for their verification; what comes beyond is dropped and comes again by gossip. */
export const MAX_PENDING_VERIFICATIONS = 4_096

/** Most of them that one peer sent: two full pages of what a joiner pulls. */
export const MAX_PENDING_VERIFICATIONS_PER_PEER = 1_024

/** Verified pointers remembered beyond the table, so that repeated lookups verify nothing twice. */
export const MAX_VERIFIED_POINTERS = 2_048

/** Most requests that wait for an answer. */
export const MAX_PENDING_REQUESTS = 4_096

/** Most lookups at a time; one more fails at once. */
export const MAX_PENDING_LOOKUPS = 1_024

/** Most peers asked in one lookup: enough to come round a third of liars (see README, hostile members). */
export const MAX_LOOKUP_ATTEMPTS = 24

/** Most peers asked side by side once somebody said that there is nothing: the others are to confirm it, or not. */
export const WIDE_PARALLELISM = 8

/** Members of the own group whose contacts are asked for when the own ones are of no use. */
export const LOOKUP_HELPERS = 8

/** Of those that one of them names, so many are asked before the next is. */
export const TAUGHT_PER_HELPER = 2

/** A peer that is silent for so many times its usual time has another asked beside it. */
export const HEDGE_FACTOR = 1.5

/** Least time in ms before another is asked: near peers on busy machines are late by more than their round trip. */
export const LEAST_HEDGE_MS = 20

/** Round trips of a dial before the first message leaves: TCP, Noise, and the streams' negotiation (libp2p-overlay). */
export const DIAL_ROUND_TRIPS = 4

/** Most peers remembered for answers that others contradicted. */
export const MAX_DOUBTED_PEERS = 256

/**
 * Holders to which a new publication goes at least, where so many are found, by ways that are independent: of a third of
 * liars in league hardly ever all of 8 drop it.
 */
export const INDEPENDENT_HOLDERS = 8

/** Contradicted answers in a row that count: three put a peer behind any that is connected. */
export const MAX_DOUBTS = 3

/** Added in ms for each to the time that a peer is expected to take, where peers are compared. */
export const DOUBT_COST_MS = 200

/** Most peers remembered for what they were to blame for. */
export const MAX_DISTRUSTED_PEERS = 1_024

/** Time in ms for which a peer that was to blame for something is not listened to. */
export const DISTRUST_MS = 600_000

/** Most records of others believed from one answer of a lookup. */
export const MAX_TAUGHT_PER_ANSWER = 8

/** Records that a negative answer carries: members of the key's group, to ask next. */
export const TAUGHT_MEMBERS = 4

/** Times that a peer which stays silent is asked in one operation: messages get lost. */
export const MAX_TRIES_PER_PEER = 3

/** Answers with pointers from members that are not settled, after which no fuller answer is waited for. */
export const UNSETTLED_ANSWERS_TO_CONCLUDE = 2

/**
 * Denials of settled members that cover the key after which it counts as not there, each by a different way from this
 * node: of a third of liars in league, 7 in 7 are met once in 2,187 times; of ways half of which lead to liars, in 128.
 */
export const NEGATIVES_TO_CONCLUDE = 7

/** Known nodes that the groups responsible for a key must have together (see README: small networks). */
export const MIN_HOLDERS = 2

/** Holders without room for a pointer after which nobody else is asked to take it. */
export const REFUSALS_TO_GIVE_UP = 2

/** Most peers pinged for their silence in one round. */
export const MAX_PROBES_PER_ROUND = 8

/** A silent peer without a connection is probed this often at most, in ms: each costs a dial. */
export const COLD_PROBE_INTERVAL_MS = 20_000

/** Rounds in which a node goes once through its tables to see who is silent. */
export const TICKS_PER_TABLE = 8

/** Rows of the tables looked at in one round at least. */
export const LEAST_ROWS_PER_TICK = 32

/** Peers drawn from which the ones are taken through whom a silent one is probed. */
export const SAMPLED_PROXIES = 24

/** Peers through which a silent one is probed (SWIM's k). */
export const INDIRECT_PROBES = 2

/** What a dial costs each side, in bytes, without any message: measured by libp2p-overlay (see its README). */
export const DIAL_COST_BYTES = 2_000

/** What a message costs beside its own bytes: Yamux 12, Noise 18, a length prefix. */
export const FRAME_BYTES = 32

/** Most probes that we make for others at a time. */
export const MAX_PROBES_FOR_OTHERS = 64

/** What the refresh of a publication costs about, in bytes: by this a round's refreshes are counted. */
export const REFRESH_COST_BYTES = 400

/** Peers that a farewell is sent to. */
export const MAX_FAREWELLS = 64

/** Peers to which a joiner introduces itself directly. */
export const MAX_ANNOUNCEMENTS = 24

/** Peers to which a joiner introduces itself where k tunes itself: each costs a dial, and they pass it on. */
export const ANNOUNCEMENTS_IN_CROWD = 6

/** Pages pulled from one source while joining: with 48,000 bytes each, some 200,000 filetuples. */
export const MAX_PULL_PAGES = 1_024

/** Sources tried for a share of the tables while joining. */
export const MAX_PULL_SOURCES = 4

/** Times that a peer is asked for a page of its tables: without an answer nobody enters. */
export const MAX_PULL_TRIES = 5

/** Sources that have served enough and named others, after which a joiner waits before it goes on. */
export const MAX_BUSY_SOURCES = 12

/** Members asked for what they know of others before a joiner fills its tables: contacts from one alone are its choice. */
export const VIEW_SOURCES = 2

/** Gossip rounds after which a node that has entered or split looks whether another pull fills its tables further. */
export const FIRST_REFILL_ROUNDS = 2

/** Gossip rounds between two such looks at most, each with two pulls: they take a twentieth of the budget then. */
export const MOST_REFILL_ROUNDS = 16

/** Members asked for in each of these pulls. */
export const REFILL_MEMBERS = 24

/** Gossip rounds after which a node that could not complete its tables tries again. */
export const ROUNDS_PER_JOIN_TRY = 3

/** Member records in a page of a share. */
export const FIRST_SHARE_MEMBERS = 200

/** Member records in the answer of a peer that has served enough: whom to ask instead. */
export const BUSY_SHARE_MEMBERS = 8

/**
 * A new publication is sent again after this, in ms, and then after twice, four times, … as long, until it is the usual
 * time: all who took it first may be liars, or gone, and later its owner knows others.
 */
export const FIRST_REFRESH_MS = 120_000

/** So often at most until the usual time. */
export const EARLY_REFRESHES = 7

/** Most publications that one tick refreshes for want of time, whatever the budget says. */
export const MAX_REFRESHES_PER_TICK = 500

/** Publications refreshed at once at most for each of which holders are sought that others know. */
export const SPREAD_REFRESHES = 4

/** Group members to which news is passed on at once. */
export const EAGER_FANOUT = 4

/**
 * Times that each node tells a new filetuple. Of an epidemic in which everybody tells f others a part e^-f never hears,
 * however large the group is: a quarter of a percent, whom the turns reach.
 */
export const NEWS_TELLINGS = 6

/** Times that each node tells a refreshed filetuple: most know it already, and it comes again. */
export const REFRESH_TELLINGS = 3

/** Times that each node tells of a new member, or one that left: the turns go through the whole view besides. */
export const MEMBER_TELLINGS = 4

/** Most bytes of one message of news that is passed on at once; what does not fit waits for the next round. */
export const MAX_EAGER_BYTES = 2_048

/** News is collected this long (ms) before it is passed on, so that many publications share a message. */
export const EAGER_DELAY_MS = 10

/** News for which there is no budget waits this long, in ms. */
export const EAGER_RETRY_MS = 500

/** Time (ms) in which changes of the groups are collected before publications move. */
export const REPUBLISH_DELAY_MS = 50

/** Time (ms) over which publications are sent again when the network has shrunk. */
export const REPLACE_SPREAD_MS = 20_000

/** How far two honest clocks are believed to be apart, in ms. */
export const MAX_CLOCK_SKEW_MS = 600_000

/** Largest age that a relay may state, in ms; beyond it an entry has expired anyway. */
export const MAX_AGE_MS = 86_400_000

/** Bytes of a member's entry in a message, usually: what lifetimes and budgets are reckoned with. */
export const RECORD_BYTES = 136

/** Shares served a second, in bytes, beyond the gossip budget: joins are rare, and wanted to be quick. */
export const SHARE_BYTES_PER_SECOND = 131_072

/** Shares served at once, in bytes. */
export const SHARE_BURST_BYTES = 1_048_576

/** Shares served a second to one peer, in bytes: who floods with requests gets no more. */
export const SHARE_BYTES_PER_SECOND_PER_PEER = 8_192

/** Shares served at once to one peer, in bytes: all of a member's tables with some thousand filetuples. */
export const SHARE_BURST_BYTES_PER_PEER = 1_048_576

/** Peers whose shares are counted one by one: as many as can be served in a minute or two. */
export const MAX_KNOWN_ASKERS = 256

/** Bytes of an answer that only names others, about. */
export const BUSY_SHARE_BYTES = 1_300

/** Least shares of the gossip budget that a round has, however much probes and refreshes took. */
export const LEAST_ROUND_SHARE = 0.5

/** Share of the budget that rounds spend by themselves; the rest answers those who ask for a share back. */
export const ROUND_SHARE = 0.6

/** Round-trip time in ms assumed of a peer that was never measured, where peers are compared. */
export const UNKNOWN_RTT_MS = 200

/** Members of the own group to whom gossip keeps connections: enough for an epidemic, and most are left for contacts. */
export const MAX_WARM_MEMBERS = 12

/** Contacts remembered for having said something lately. */
export const MAX_WARM_CONTACTS = 40

/** Peers looked at, beyond those wanted, when targets of gossip are drawn. */
export const SAMPLED_TARGETS = 4

/** Gossip goes to a peer without a connection this often, in ms, so that connections rotate slowly. */
export const COLD_TARGET_INTERVAL_MS = 60_000

/** The same for contacts, of whom lookups want many connected, in ms. */
export const COLD_CONTACT_INTERVAL_MS = 60_000

/** The same while that brings more connections, in ms. */
export const LEAST_COLD_CONTACT_MS = 6_000

/** Silence in ms that counts as much as that there is no connection to anybody in a contact's group. */
export const REACHED_GROUP_MS = 120_000

/** Part of a message to the own group that news of filetuples may fill. */
export const NEWS_PART = 0.5

/** Part of a message to the own group that filetuples may fill that are no news: their owners refresh them. */
export const TUPLES_IN_TURN_PART = 0.15

/** Part of what members get in a message to the own group that contacts get. */
export const CONTACT_PART = 0.4

/** Members of the own group told to a contact besides oneself: it keeps few of a group. */
export const OUTWARD_VIEW_MEMBERS = 3

/** Rows of the tables looked at for one message. */
export const MAX_ROWS_VISITED = 64

/** Added to round-trip times in ms where targets are weighted, so that the next peer does not get everything. */
export const PROXIMITY_FLOOR_MS = 20

/** Part of an age that counts against a contact beside its round-trip time (p2psim: RTT + age / 128). */
export const AGE_DIVISOR = 128

/** Filetuples listed by an inspection. */
export const INSPECTED_FILETUPLES = 1_000

/** Most peers in all tables of the roster together: slots are numbers of 16 bits. */
export const MAX_KNOWN_PEERS = 65_000

/** Most entries that are news at a time; the oldest make room, and take their turn with what is no news. */
export const MAX_NEWS = 4_096

/** Most pieces of news looked at for one message: many may not be for its receiver. */
export const MAX_NEWS_VISITS = 64

/**
 * Round-trip time in ms from which a fresh contact gives way to a fresh stranger: farther than most hosts are from
 * one another on the Internet, so that only bad contacts are exchanged.
 */
export const STRANGER_RTT_MS = 400

/** Added in ms to the distance of a contact when another of its bucket is in the same network: half of a lot at most. */
export const SAME_NETWORK_MS = 20_000

/** Age in ms from which a contact gives way to a fresh stranger, until the node has worked out what suits it. */
export const STALE_CONTACT_MS = 45_000

/** Bytes beyond which an entry that does not fit is passed over: whoever says much must not hold up the others. */
export const LONG_ENTRY_BYTES = 400
