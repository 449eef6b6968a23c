import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { PenaltyLedger } from '@onehop/libp2p-overlay'
import type { TrafficMeter } from './traffic-meter.ts'
import { writeWhole } from './whole-writes.ts'

/**
 * Keeps banned peers out, whoever dials. On the way in a peer is known once the handshake has proven its key; from
 * there on its bytes are counted, and written in one piece.
 */
export function banGater(penalties: PenaltyLedger, traffic: TrafficMeter): ConnectionGater {
  const onHandshake = (peerId: PeerId, connection: MultiaddrConnection): boolean => {
    const isBanned = penalties.isBanned(peerId.toString())
    if (isBanned) return true
    writeWhole(connection)
    traffic.attach(peerId, connection)
    return false
  }
  return {
    denyInboundRelayReservation: peerId => penalties.isBanned(peerId.toString()),
    denyOutboundRelayedConnection: (from, to) => [from, to].some(each => penalties.isBanned(each.toString())),
    denyDialPeer: peerId => penalties.isBanned(peerId.toString()),
    // libp2p's default refuses private addresses in browsers only; a testnet lives on them.
    denyDialMultiaddr: () => false,
    denyInboundEncryptedConnection: onHandshake,
    denyOutboundEncryptedConnection: onHandshake,
  }
}
