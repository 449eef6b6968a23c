/** Events that one run may process before it is taken for a loop without end. */
export const MAX_EVENTS_PER_RUN = 500_000_000

/** Longest virtual time that a wait for a condition may take, in ms: ten virtual days. */
export const MAX_WAIT_MS = 864_000_000

/** Most nodes of a simulation: the count that issue 4's experiments end with, ten times over. */
export const MAX_NODES = 1_000_000
