import { type Connection, ConnectionClosedError, type PeerId, type Stream } from '@libp2p/interface'
import { CODE_P2P_CIRCUIT, type Multiaddr } from '@multiformats/multiaddr'
import { withoutPeerId } from './address-book.ts'
import type { OverlayComponents } from './components.ts'

/** The address with the peer's id at its end. */
export function withPeerId(address: Multiaddr, peerId: PeerId): Multiaddr {
  return withoutPeerId(address).encapsulate(`/p2p/${peerId.toString()}`)
}

/** How a peer is reached: by a connection to it, or through another peer that both are connected to. */
export type Way = 'direct' | 'relayed'

/** Whether the address leads through a relay (libp2p's circuit relay). */
export function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(({ code }) => code === CODE_P2P_CIRCUIT)
}

function leads(address: Multiaddr, way: Way | undefined): boolean {
  return way === undefined || isRelayed(address) === (way === 'relayed')
}

async function storedAddresses(components: OverlayComponents, peerId: PeerId): Promise<Multiaddr[]> {
  try {
    const peer = await components.peerStore.get(peerId)
    return peer.addresses.map(address => address.multiaddr)
  } catch {
    return []
  }
}

/** An open connection to the peer, a direct one where there is one. @param way only one of this kind. */
export function openConnectionTo(
  components: OverlayComponents,
  peerId: PeerId,
  way?: Way,
): Connection | undefined {
  const open = components.connectionManager
    .getConnections(peerId)
    .filter(({ status, remoteAddr }) => status === 'open' && leads(remoteAddr, way))
  return open.find(({ remoteAddr }) => !isRelayed(remoteAddr)) ?? open[0]
}

/**
 * A new connection to the peer, at the given addresses first, then at those in the peer store. Where somebody else has
 * just dialled it, that one.
 * @param way only at addresses of this kind; without it, at the direct ones first.
 * @throws when no address answers.
 */
export async function dialTo(
  components: OverlayComponents,
  peerId: PeerId,
  addresses: readonly Multiaddr[],
  signal: AbortSignal,
  way?: Way,
): Promise<Connection> {
  const isClosing = openConnectionTo(components, peerId) !== undefined
  const all = [...addresses, ...(await storedAddresses(components, peerId))]
  const known = all.filter(address => leads(address, way))
  if (known.length === 0) throw new Error(`no address of ${peerId.toString()} is known`)
  const targets = known.map(address => withPeerId(address, peerId))
  return components.connectionManager.openConnection(targets, { signal, force: isClosing })
}

/**
 * A stream of the protocol to the peer, over a new connection if there is none.
 * @param way only over connections of this kind.
 * @throws when it cannot be had.
 */
export async function openStreamTo(
  components: OverlayComponents,
  peerId: PeerId,
  addresses: readonly Multiaddr[],
  protocol: string,
  signal: AbortSignal,
  way?: Way,
): Promise<Stream> {
  const open = openConnectionTo(components, peerId, way)
  const connection = open ?? (await dialTo(components, peerId, addresses, signal, way))
  return openStreamOn(connection, protocol, signal)
}

/**
 * A stream of the protocol over the connection, also where it is limited because a relay carries it.
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
    return await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
  } catch (cause) {
    throw cause instanceof Error ? cause : new ConnectionClosedError('the peer closed the stream')
  }
}
