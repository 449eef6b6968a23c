/** What the driver counted since it was created. */
export interface OverlayStats {
  messagesSent: number
  messagesReceived: number
  /** Encoded messages, without frame prefixes and what libp2p adds. */
  bytesSent: number
  bytesReceived: number
  /** The same as they go over the wire: with framing, and an estimate for dials and the streams that begin with them. */
  trafficSent: number
  trafficReceived: number
  /** Messages lost to a full queue or a rate limit, in either direction. */
  messagesDropped: number
  /** Dials for lack of a connection. */
  dials: number
  /** Peers to which no stream could be opened. */
  openFailures: number
}

/** All zero. */
export function createOverlayStats(): OverlayStats {
  return {
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    trafficSent: 0,
    trafficReceived: 0,
    messagesDropped: 0,
    dials: 0,
    openFailures: 0,
  }
}
