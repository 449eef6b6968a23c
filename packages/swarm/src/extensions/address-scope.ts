import { parseIpAddress } from '../peer-address.ts'

/** From where an address can be reached. `none`: from nowhere, or it is no IP address. */
export type AddressScope = 'none' | 'public' | 'private' | 'loopback'

const REACH: Readonly<Record<AddressScope, number>> = { none: 0, public: 1, private: 2, loopback: 3 }

/** RFC 6890: what is for special purposes; RFC 6598: carriers' own addresses count as private. */
export function scopeOf(host: string): AddressScope {
  const bytes = parseIpAddress(host)
  if (bytes === undefined) return 'none'
  return bytes.length === 4 ? scopeOfIpv4(bytes[0]!, bytes[1]!) : scopeOfIpv6(bytes)
}

function scopeOfIpv4(a: number, b: number): AddressScope {
  if (a === 0 || a >= 224) return 'none'
  if (a === 127) return 'loopback'
  const isPrivate = a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168)
  return isPrivate || (a === 169 && b === 254) || (a === 100 && (b & 0xc0) === 64) ? 'private' : 'public'
}

function scopeOfIpv6(bytes: Uint8Array): AddressScope {
  const [a, b] = [bytes[0]!, bytes[1]!]
  if (bytes.subarray(0, 15).every(byte => byte === 0)) return bytes[15] === 1 ? 'loopback' : 'none'
  if (a === 0xff) return 'none'
  return (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80) ? 'private' : 'public'
}

/**
 * Whether someone at `source` may tell of `host`: nobody may send us into a network that he is not in himself.
 * @param source undefined where he has no IP address: then public addresses only.
 */
export function isPlausibleFrom(host: string, source: string | undefined): boolean {
  const scope = scopeOf(host)
  const sourceScope = source === undefined ? 'public' : scopeOf(source)
  return scope !== 'none' && REACH[scope] <= Math.max(REACH[sourceScope], REACH.public)
}
