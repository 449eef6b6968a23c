import type { IncomingHttpHeaders } from 'node:http'

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Why a request is refused before anything else is looked at; undefined when it is not.
 * A page that was reached by DNS rebinding names its own host; a page of another origin says so in `Origin`.
 * @param names host names that the server goes by besides the loopback's.
 */
export function refuseForeignPage(
  headers: IncomingHttpHeaders,
  names: readonly string[] = [],
): string | undefined {
  const { host, origin } = headers
  if (host === undefined || ![...LOOPBACK_NAMES, ...names].includes(hostName(host))) {
    return 'This host name is not served here.'
  }
  if (origin !== undefined && origin !== `http://${host}`) return 'Pages of other origins are not served.'
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return 'Pages of other sites are not served.'
  }
  return undefined
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}
