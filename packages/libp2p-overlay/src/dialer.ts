import { type Connection, ConnectionClosedError, type PeerId, type Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { withoutPeerId } from './address-book.ts'
import type { OverlayComponents } from './components.ts'

/** The address with the peer's id at its end. */
export function withPeerId(address: Multiaddr, peerId: PeerId): Multiaddr {
  return withoutPeerId(address).encapsulate(`/p2p/${peerId.toString()}`)
}

async function storedAddresses(components: OverlayComponents, peerId: PeerId): Promise<Multiaddr[]> {
  try {
    const peer = await components.peerStore.get(peerId)
    return peer.addresses.map(address => address.multiaddr)
  } catch {
    return []
  }
}

/** An open connection to the peer that may carry long-lived streams. */
export function openConnectionTo(components: OverlayComponents, peerId: PeerId): Connection | undefined {
  return components.connectionManager
    .getConnections(peerId)
    .find(connection => connection.status === 'open' && connection.limits === undefined)
}

/**
 * A new connection to the peer, at the given addresses first, then at those in the peer store. Where somebody else has
 * just dialled it, that one.
 * @throws when no address answers.
 */
export async function dialTo(
  components: OverlayComponents,
  peerId: PeerId,
  addresses: readonly Multiaddr[],
  signal: AbortSignal,
): Promise<Connection> {
  const isClosing = openConnectionTo(components, peerId) !== undefined
  const known = [...addresses, ...(await storedAddresses(components, peerId))]
  if (known.length === 0) throw new Error(`no address of ${peerId.toString()} is known`)
  const targets = known.map(address => withPeerId(address, peerId))
  return components.connectionManager.openConnection(targets, { signal, force: isClosing })
}

/** A stream of the protocol to the peer, over a new connection if there is none. @throws when it cannot be had. */
export async function openStreamTo(
  components: OverlayComponents,
  peerId: PeerId,
  addresses: readonly Multiaddr[],
  protocol: string,
  signal: AbortSignal,
): Promise<Stream> {
  const open = openConnectionTo(components, peerId)
  const connection = open ?? (await dialTo(components, peerId, addresses, signal))
  return openStreamOn(connection, protocol, signal)
}

/**
 * A stream of the protocol over the connection.
 * @throws {Error} always an error, where libp2p may throw an event.
 */
export async function openStreamOn(
  connection: Connection,
  protocol: string,
  signal: AbortSignal,
): Promise<Stream> {
  // Not in the turn in which a message came: the connection's end may have come with it. Yamux does not know of it yet,
  // and would throw later, where nobody catches it (libp2p-yamux 8: `onCreateStream` writes in a microtask).
  await new Promise(setImmediate)
  signal.throwIfAborted()
  try {
    return await connection.newStream(protocol, { signal })
  } catch (cause) {
    throw cause instanceof Error ? cause : new ConnectionClosedError('the peer closed the stream')
  }
}
