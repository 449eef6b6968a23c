/** Blocks on the way over one connection, as sockets' buffers hold them: 512 KiB, 2 MB/s at a round trip of 250 ms. */
export const WINDOW_BLOCKS = 32

/** Peers that a node asks the tracker for, and dials, when it comes (the original client's 35, fewer than a tracker gives). */
export const CONTACTS = 35

/** With fewer connections it asks for more (the original client's 20). */
export const FEW_CONNECTIONS = 20

/** Connections that a node takes (the original client's 80); one of large view opens as many as there are nodes. */
export const MOST_CONNECTIONS = 80

/** Time in ms between two questions to the tracker. */
export const TRACKER_INTERVAL_MS = 60_000

/** Time in ms over which the nodes come: a crowd that all want the same at once. */
export const ARRIVAL_SPREAD_MS = 10_000

/** Virtual time in ms after which a run ends, whoever has not finished: hours where minutes are enough. */
export const RUN_LIMIT_MS = 6 * 3600 * 1000

/** Virtual time in ms between two looks at interruption and progress. */
export const LOOK_INTERVAL_MS = 5_000

/** BitTyrant: what reciprocation is thought to cost at first, and to bring, in bytes a second. */
export const TYRANT_FIRST_GUESS = 14_000

/** BitTyrant: a peer that does not reciprocate is offered so much more (δ). */
export const TYRANT_RAISE = 0.2

/** BitTyrant: one that has reciprocated for some rounds is offered so much less (γ). */
export const TYRANT_CUT = 0.1

/** BitTyrant: after so many rounds of reciprocation less is offered (r). */
export const TYRANT_ROUNDS = 3
