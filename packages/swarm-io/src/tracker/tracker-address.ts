import { lookup } from 'node:dns/promises'
import { addressScope } from '@onehop/swarm'
import { MAX_TRACKER_ADDRESSES } from './limits.ts'

/** One address of a tracker's host. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: 4 | 6
}

/**
 * The addresses of a tracker's host, IPv4 first.
 *
 * A link from a stranger must not have us talk to services of this machine or its network: there a tracker's path has
 * to look like one (`…/announce`), and no redirection from outside leads there.
 * @param isRedirectedFromOutside whether a public tracker sent us there.
 * @throws {Error} with a sentence for people.
 */
export async function resolveTracker(url: URL, isRedirectedFromOutside = false): Promise<ResolvedAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const found = await lookup(host, { all: true, order: 'ipv4first' })
  const addresses = found.slice(0, MAX_TRACKER_ADDRESSES).map(({ address, family }): ResolvedAddress => {
    return { address, family: family === 6 ? 6 : 4 }
  })
  const isLocal = addresses.some(({ address }) => addressScope(address) !== 'public')
  if (isLocal && isRedirectedFromOutside) throw new Error('it redirects to a local address')
  if (isLocal && url.protocol !== 'udp:' && !/\/announce[^/]*$/.test(url.pathname)) {
    throw new Error('a tracker at a local address must be called …/announce')
  }
  return addresses
}
