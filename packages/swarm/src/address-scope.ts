import { parseIpAddress } from './peer-address.ts'

/**
 * How far an address reaches.
 * - `loopback`: this machine. `private`: this network. `public`: everywhere.
 * - `unusable`: nobody can be dialled there (multicast, broadcast, unspecified, or no IP address at all).
 */
export type AddressScope = 'loopback' | 'private' | 'public' | 'unusable'

/** Of an IP address in its usual text. A host name is `unusable`: nobody knows where it leads. */
export function addressScope(host: string): AddressScope {
  const bytes = parseIpAddress(host)
  if (bytes === undefined) return 'unusable'
  return bytes.length === 4 ? scopeOfIpv4(bytes) : scopeOfIpv6(bytes)
}

function scopeOfIpv4(bytes: Uint8Array): AddressScope {
  const first = bytes[0]!
  const second = bytes[1]!
  if (first === 127) return 'loopback'
  if (first === 0 || first >= 224) return 'unusable'
  // RFC 1918, link-local (RFC 3927), carriers' NAT (RFC 6598)
  const isPrivate =
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    (first === 100 && second >= 64 && second < 128)
  return isPrivate ? 'private' : 'public'
}

function scopeOfIpv6(bytes: Uint8Array): AddressScope {
  const isSmall = bytes.subarray(0, 15).every(byte => byte === 0)
  if (isSmall && bytes[15]! <= 1) return bytes[15] === 1 ? 'loopback' : 'unusable'
  const first = bytes[0]!
  if (first === 0xff) return 'unusable'
  // Link-local fe80::/10 and unique local fc00::/7 (RFC 4193)
  const isLinkLocal = first === 0xfe && (bytes[1]! & 0xc0) === 0x80
  return isLinkLocal || (first & 0xfe) === 0xfc ? 'private' : 'public'
}
