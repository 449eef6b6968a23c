import { bytesToHex } from '@onehop/primitives'
import { addressScope, type WireConnection } from '@onehop/swarm'

/**
 * What a peer is banned by. A libp2p peer id is proven; of others the public address counts, whatever they call
 * themselves. On loopback and in private ranges many share one address, so that the BitTorrent peer id goes with it:
 * one liar does not shut out a whole machine.
 */
export function peerIdentity(connection: WireConnection, peerId: Uint8Array): string {
  const { address, remotePeer } = connection
  if (address === undefined) return remotePeer
  const scope = addressScope(address.host)
  const isShared = scope === 'loopback' || scope === 'private'
  return isShared ? `${address.host}#${bytesToHex(peerId)}` : address.host
}
