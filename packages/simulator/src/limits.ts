/** Events of one virtual millisecond after which a run is taken for a loop without end. */
export const MAX_EVENTS_PER_MS = 100_000_000

/** Longest simulation in ms of virtual time: 24.8 days, which is what 31 bits of milliseconds hold. */
export const MAX_VIRTUAL_MS = 0x7fff_ffff

/** Longest virtual time that a wait for a condition may take, in ms: ten virtual days. */
export const MAX_WAIT_MS = 864_000_000

/** Most nodes of a simulation: the count that issue 4's experiments end with, ten times over. */
export const MAX_NODES = 1_000_000

/** Most open connections that a node may be given: a row of the table has twice as many places. */
export const MAX_CONNECTION_CAP = 4_096

/** Most files of a workload: ten million, as in issue 4's largest table. */
export const MAX_FILES = 10_000_000

/** Penalties remembered of one node: enough to see who is blamed and for what, under a flood too. */
export const MAX_PENALTIES_KEPT = 1_000
