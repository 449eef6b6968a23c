import { bytesToHex } from '@onehop/primitives'
import { parseIpAddress, type WireConnection } from '@onehop/swarm'

/**
 * What a peer is banned by. A libp2p peer id is proven; of others the public address counts, whatever they call
 * themselves. On loopback and in private ranges many share one address, so that the BitTorrent peer id goes with it:
 * one liar does not shut out a whole machine.
 */
export function peerIdentity(connection: WireConnection, peerId: Uint8Array): string {
  const { address, remotePeer } = connection
  if (address === undefined) return remotePeer
  return isPrivateHost(address.host) ? `${address.host}#${bytesToHex(peerId)}` : address.host
}

/** Whether an address is one of loopback, link-local or private ranges (RFC 1122, 1918, 3927, 4193, 4291, 6598). */
export function isPrivateHost(host: string): boolean {
  const bytes = parseIpAddress(host)
  if (bytes === undefined) return false
  const [a, b] = [bytes[0]!, bytes[1]!]
  if (bytes.length === 4) {
    if (a === 10 || a === 127 || (a === 192 && b === 168) || (a === 169 && b === 254)) return true
    return (a === 172 && b >= 16 && b <= 31) || (a === 100 && b >= 64 && b <= 127)
  }
  const isLoopback = bytes.every((byte, i) => byte === (i === 15 ? 1 : 0))
  return isLoopback || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80)
}
