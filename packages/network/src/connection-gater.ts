import type { ConnectionGater } from '@libp2p/interface'
import type { PenaltyLedger } from '@onehop/libp2p-overlay'

/** Keeps banned peers out, whoever dials. On the way in a peer is known once the handshake has proven its key. */
export function banGater(penalties: PenaltyLedger): ConnectionGater {
  return {
    denyDialPeer: peerId => penalties.isBanned(peerId.toString()),
    // libp2p's default refuses private addresses in browsers only; a testnet lives on them.
    denyDialMultiaddr: () => false,
    denyInboundEncryptedConnection: peerId => penalties.isBanned(peerId.toString()),
    denyOutboundEncryptedConnection: peerId => penalties.isBanned(peerId.toString()),
  }
}
