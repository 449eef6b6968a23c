/** Time in ms after which a node that could not join tries again through others. */
export const JOIN_RETRY_MS = 10_000

/** Time in ms that a lookup may take. Whatever has not been found by then has failed. */
export const LOOKUP_DEADLINE_MS = 10_000

/** Time in ms over which a node that comes spreads the publication of its files. */
export const PUBLISH_SPREAD_MS = 20_000

/** Time in ms after which a publication that nobody confirmed is asked for again. */
export const PUBLISH_RETRY_MS = 30_000

/** Files published at once by a node that has many: what goes in few messages. */
export const PUBLISH_BATCH = 16

/** Times that a file is drawn anew because the drawn one is just not there. */
export const MAX_REDRAWS = 50

/** Files whose holders are compared with the truth after each interval. */
export const CHECKED_FILES = 200

/** Nodes whose view is compared with the truth after each interval. */
export const CHECKED_VIEWS = 100

/** Nodes whose tables are compared with their limits after each interval. */
export const CHECKED_TABLES = 2_000

/** Nodes whose tables are packed as a live node's, to be measured. */
export const MEASURED_NODES = 5

/** Virtual time in ms between looks at the interruption flag and reports of progress. */
export const SLICE_MS = 200

/** Length in ms of the window in which enough lookups must succeed for the network to have recovered. */
export const RECOVERY_WINDOW_MS = 5_000

/** Share of the lookups of a window that must succeed for the network to have recovered. */
export const RECOVERED_SHARE = 0.99

/** Time in ms between looks at who knows a new filetuple. */
export const SPREAD_LOOK_MS = 50

/** Time in ms after which a new filetuple is not followed any longer. */
export const SPREAD_TIMEOUT_MS = 120_000
