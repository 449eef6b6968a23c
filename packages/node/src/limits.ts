/** Time in ms after which a lookup gives up: ten times what a cold contact on another continent takes. */
export const CONTENT_LOOKUP_DEADLINE_MS = 10_000

/** Time in ms between lookups during a fetch: new providers appear within seconds, and a lookup costs one message. */
export const PROVIDER_LOOKUP_INTERVAL_MS = 2_000

/** Providers that one lookup asks for: more than a fetch connects to at once. */
export const MAX_PROVIDERS = 50

/** Time in ms that a lookup or a publication waits for a node that has just started to enter the overlay. */
export const JOIN_WAIT_MS = 10_000
