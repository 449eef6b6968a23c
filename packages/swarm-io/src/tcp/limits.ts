/** Time for a TCP connection to be there: a host that drops packets is not waited for longer. */
export const TCP_CONNECT_TIMEOUT_MS = 10_000

/**
 * Time for what stands before BitTorrent's own handshake, both directions together: enough for three round trips of a
 * second each, and a slow-loris is gone after it.
 */
export const TCP_GREETING_TIMEOUT_MS = 8_000

/** Connections that came in and have not said yet what they are, of all hosts. Each keeps less than 2 KiB. */
export const MAX_TCP_GREETINGS = 128

/** The same of one host, loopback and private ranges included: what a NAT's peers open at once fits in. */
export const MAX_TCP_GREETINGS_PER_HOST = 32

/** Connections of one host in a second: an encrypted greeting costs a quarter of a millisecond. */
export const MAX_TCP_ACCEPTS_PER_SECOND = 200

/** Connections that came in and are open. The session's own limit is lower; this one holds before it is asked. */
export const MAX_TCP_INBOUND = 256

/** Connections that wait in the kernel to be accepted. */
export const TCP_BACKLOG = 128

/** How long what was sent may take to leave after `close`. */
export const TCP_CLOSE_GRACE_MS = 2_000

/** Read from a socket at a time, into memory that all dialled connections share. */
export const TCP_READ_BYTES = 256 * 1024

/** Bytes that a socket takes before it asks to wait: some gathered sends, so that the kernel never runs dry. */
export const TCP_WRITE_AHEAD_BYTES = 512 * 1024

/** Attempts to find a port that is free on several addresses. */
export const PORT_TRIES = 10

/** Sent to a peer that has not sent anything, and sent again if it hangs up on plain text: a handshake and a bit. */
export const MAX_REPLAYED_BYTES = 1024
