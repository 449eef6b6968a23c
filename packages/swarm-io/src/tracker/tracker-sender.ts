import { addressScope, formatIpAddress, parseIpAddress } from '@onehop/swarm'

/** A client's address as the tracker names it to others: an IPv4 address in IPv6's clothes is the IPv4 address. */
export function clientHost(address: string): string {
  const [withoutZone = address] = address.split('%')
  const bytes = parseIpAddress(withoutZone)
  return bytes ? formatIpAddress(bytes) : withoutZone
}

/** Who is on this machine may say that he is elsewhere (a proxy, a test); anyone else would have others dialled. */
export function mayClaimAddress(host: string): boolean {
  return addressScope(host) === 'loopback'
}
