/** Most runs that one comparison may have: six overlays at four sizes under four churns, and some. */
export const MAX_COMPARED_RUNS = 100

/** Virtual time in ms in which a network that comes up doubles. */
export const JOIN_DOUBLING_MS = 60_000

/** Virtual time in ms over which all publish what they have. */
export const PUBLISH_MS = 60_000

/** Virtual time in ms between the last publication and the measurement; churn goes on in it. */
export const SETTLE_MS = 240_000

/** Virtual time in ms after the last lookup began, in which the messages of its flood are still counted. */
export const DRAIN_MS = 20_000

/** Nodes that join a network in which otherwise nobody comes, so that what a join moves can be counted. */
export const LATE_JOINERS = 20

/** Virtual time in ms between two of them. */
export const LATE_JOIN_MS = 2_000

/** Virtual time in ms after the last of them, in which they are given what is theirs. */
export const LATE_JOIN_SETTLE_MS = 60_000

/** Members that whoever enters knows. */
export const COMPARED_INTRODUCERS = 3

/** Kelips nodes whose tables are packed as a live node's, to be measured. */
export const PACKED_NODES = 50
