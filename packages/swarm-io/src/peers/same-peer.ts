import type { WireConnection } from '@onehop/swarm'
import { SIMULTANEOUS_DIAL_MS } from '../limits.ts'

/** What tells whether two connections lead to the same peer, and which of them stays. */
export interface Established {
  readonly connection: WireConnection
  readonly isOutbound: boolean
  /** BitTorrent's peer id in hex: what the other end says of itself. */
  readonly peerIdHex: string
  readonly sinceMs: number
}

/**
 * Which of two connections stays, the same on both sides; undefined when they lead to different peers.
 *
 * Two peers may dial each other at the same moment: the connection that the lower peer id opened stays. Of two that the
 * same side opened to the same place, the newer one: whoever opened it knows that the older is dead. Of a libp2p
 * stream and a TCP connection, the stream. A peer id is only said, so that it takes nothing from a connection that has
 * been there for a while.
 */
export function survives(
  older: Established,
  newer: Established,
  ourIdHex: string,
): 'older' | 'newer' | undefined {
  const isSamePlace = older.connection.remotePeer === newer.connection.remotePeer
  if (!isSamePlace && older.peerIdHex !== newer.peerIdHex) return undefined
  const isSameOpener = older.isOutbound === newer.isOutbound
  if (isSameOpener && hostOf(older) === hostOf(newer)) return 'newer'
  return isSamePlace ? byOpener(newer, ourIdHex) : bySaidId(older, newer, ourIdHex)
}

function bySaidId(older: Established, newer: Established, ourIdHex: string): 'older' | 'newer' {
  if (newer.sinceMs - older.sinceMs > SIMULTANEOUS_DIAL_MS) return 'older'
  const [wasTcp, isTcp] = [isTcpConnection(older), isTcpConnection(newer)]
  if (wasTcp !== isTcp) return isTcp ? 'older' : 'newer'
  return older.isOutbound === newer.isOutbound ? 'older' : byOpener(newer, ourIdHex)
}

function byOpener(newer: Established, ourIdHex: string): 'older' | 'newer' {
  const ourIdIsLower = ourIdHex < newer.peerIdHex
  return newer.isOutbound === ourIdIsLower ? 'newer' : 'older'
}

function isTcpConnection({ connection }: Established): boolean {
  return connection.transport === 'tcp'
}

/** Where the other end is: a TCP address without its port, which differs with each connection, or the libp2p id. */
function hostOf({ connection }: Established): string {
  return connection.address?.host ?? connection.remotePeer
}
