/** Largest message in bytes: an answer full of pointers, each at its longest, stays below. */
export const MAX_MESSAGE_BYTES = 384 * 1024

/** Most pointers in an answer: more providers of one key, or hits of one search, nobody looks through. */
export const MAX_POINTERS_PER_ANSWER = 128

/** Most pointers of one upload: some 16 kB, and no more signatures to check at once than take a few ms. */
export const MAX_POINTERS_PER_UPLOAD = 64

/** Most bytes of the pointers of one upload. */
export const MAX_UPLOAD_BYTES = 48_000

/** Most clients of one server, whatever the options say: some 30 MB of sessions. */
export const MAX_CLIENTS = 100_000

/** Most pointers in a server's directory: some 150 MB. */
export const MAX_POINTERS = 500_000

/** Most pointers of one client in the directory: a thousand files with all their words. */
export const MAX_POINTERS_PER_CLIENT = 20_000

/** Most pointers under one key. */
export const MAX_POINTERS_PER_KEY = 1_024

/** Most pointers of one client under one key (a word that leads to several contents): an eighth of what there may be. */
export const MAX_POINTERS_PER_KEY_AND_CLIENT = 128

/** Most pointers under one word that a search looks through: some 6 ms. */
export const MAX_POINTERS_SEARCHED_PER_WORD = 512

/** Pointers that searches may look through a second: half of a core; of one client; of another server, for its clients. */
export const SEARCHED_PER_SECOND = 40_000
export const SEARCHED_PER_SECOND_AND_CLIENT = 2_000
export const SEARCHED_PER_SECOND_AND_SERVER = 20_000

/** The same at once: two searches for as many words as there may be, all of them popular. */
export const SEARCH_BURST = 8_192

/** Most publications of this node: what a server takes of one client. */
export const MAX_PUBLICATIONS = MAX_POINTERS_PER_CLIENT

/** Most servers that search their lists together: each search costs a message to each. Napster had some hundred. */
export const MAX_SERVERS = 32

/** Most servers remembered that were lost, to look for again. */
export const MAX_FORMER_SERVERS = 16

/** Most introducers kept to come back through. */
export const MAX_INTRODUCERS = 16

/** A lost server is looked for this long, in ms: after a longer absence somebody must introduce it again. */
export const MAX_ABSENCE_MS = 3_600_000

/** Most peers that one attempt to enter asks, those included that others name. */
export const MAX_PEERS_PER_ENTRY = 64

/** Requests under way at most: a server forwards each search to all other servers. */
export const MAX_PENDING_REQUESTS = 8_192

/** Peers whose round-trip time is remembered: all servers, and hosts that were probed. */
export const MAX_ROUND_TRIP_TIMES = 128

/** Signatures being checked at most, and of one peer: eight full answers of a server to several lookups. */
export const MAX_SIGNATURE_CHECKS = 8_192
export const MAX_SIGNATURE_CHECKS_PER_PEER = 1_024

/** Hosts that are pinged for one choice: as many as an answer names. */
export const MAX_PROBED_HOSTS = 32

/** Favours that make a server write to others (calls relayed, servers introduced) that a client has between two sweeps. */
export const MAX_FAVOURS_PER_SWEEP = 16

/** Times that a server is asked before it counts as silent: with a tenth of all messages lost, once in 4,000 times. */
export const TRIES_PER_SERVER = 5

/** Times that a server asks another on behalf of a client: the client waits. */
export const TRIES_BETWEEN_SERVERS = 2

/** Publications signed anew in one round, at most: an upload or two. */
export const MAX_RENEWALS_PER_ROUND = 128

/** Entries that an inspection lists of each table. */
export const INSPECTED_ENTRIES = 100

/** Dial, beside the round trip of the message itself (see the simulator's `LIVE_CONNECTIONS`), in round trips. */
export const DIAL_ROUND_TRIPS = 4
