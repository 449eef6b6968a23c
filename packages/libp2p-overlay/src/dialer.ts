import type { Connection, PeerId, Stream } from '@libp2p/interface'
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
 * The connection to the peer, dialled if there is none: at the given addresses first, then at those in the peer store.
 * @throws when no address answers.
 */
export async function connectTo(
  components: OverlayComponents,
  peerId: PeerId,
  addresses: readonly Multiaddr[],
  signal: AbortSignal,
): Promise<Connection> {
  const open = openConnectionTo(components, peerId)
  if (open !== undefined) return open
  const known = [...addresses, ...(await storedAddresses(components, peerId))]
  if (known.length === 0) throw new Error(`no address of ${peerId.toString()} is known`)
  const targets = known.map(address => withPeerId(address, peerId))
  return components.connectionManager.openConnection(targets, { signal })
}

/** A stream of the protocol to the peer, over a new connection if there is none. @throws when it cannot be had. */
export async function openStreamTo(
  components: OverlayComponents,
  peerId: PeerId,
  addresses: readonly Multiaddr[],
  protocol: string,
  signal: AbortSignal,
): Promise<Stream> {
  const connection = await connectTo(components, peerId, addresses, signal)
  return openStreamOn(connection, protocol, signal)
}

/** A stream of the protocol over the connection. @throws {Error} always an error, where libp2p may throw an event. */
export async function openStreamOn(
  connection: Connection,
  protocol: string,
  signal: AbortSignal,
): Promise<Stream> {
  try {
    return await connection.newStream(protocol, { signal })
  } catch (cause) {
    throw cause instanceof Error ? cause : new Error('the peer closed the stream', { cause })
  }
}
