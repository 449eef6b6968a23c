import type { PeerAddress } from '@onehop/overlay'

/** Multiaddr codes (multiformats/multicodec, table.csv). */
const IP4 = 4
const IP6 = 41

/**
 * The network that an address is in, roughly who runs it: the /16 of a public IPv4 address, the /32 of a public IPv6
 * one, as a number; undefined for any other address, of which nothing can be said.
 */
export function addressPrefix(address: PeerAddress): number | undefined {
  if (address.length < 5) return undefined
  const [code, a, b] = [address[0]!, address[1]!, address[2]!]
  if (code === IP4) return isPublicIp4(a, b) ? a * 256 + b : undefined
  const isGlobalIp6 = code === IP6 && address.length >= 17 && a >>> 5 === 1
  return isGlobalIp6 ? ((a * 256 + b) * 256 + address[3]!) * 256 + address[4]! : undefined
}

/** The network of the first address that tells one. */
export function prefixOfAll(addresses: readonly PeerAddress[]): number | undefined {
  for (const address of addresses) {
    const prefix = addressPrefix(address)
    if (prefix !== undefined) return prefix
  }
  return undefined
}

/** Neither private (RFC 1918, RFC 6598), loopback, link-local (RFC 3927), multicast nor reserved. */
function isPublicIp4(a: number, b: number): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false
  if (a === 169 && b === 254) return false
  if (a === 172 && b >= 16 && b < 32) return false
  if (a === 192 && b === 168) return false
  return !(a === 100 && b >= 64 && b < 128)
}
