import type { IncomingMessage } from 'node:http'
import { invalid } from '@onehop/primitives'
import {
  encodeHttpAnnounce,
  encodeHttpFailure,
  encodeHttpScrape,
  parseAnnounceQuery,
  parseScrapeQuery,
  type TrackerRegistry,
} from '@onehop/swarm'
import { clientHost, mayClaimAddress } from './tracker-sender.ts'

/** What goes back to an HTTP client. */
export interface HttpAnswer {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array
}

/** Answers one request to our tracker: `/announce`, `/scrape`, and `/` for people. */
export function answerHttp(registry: TrackerRegistry, request: IncomingMessage, nowMs: number): HttpAnswer {
  const { method, url = '', socket } = request
  if (method !== 'GET') return plain(405, 'A tracker takes GET only.')
  const [path = '', query = ''] = url.split('?', 2)
  const host = clientHost(socket.remoteAddress ?? '')
  if (path === '/announce') return bencoded(announce(registry, query, host, nowMs))
  if (path === '/scrape') return bencoded(scrape(registry, query))
  if (path !== '/') return plain(404, 'This is a BitTorrent tracker: see /announce and /scrape.')
  const { torrents, peers } = registry.size
  return plain(200, `A BitTorrent tracker: ${torrents} torrents, ${peers} peers.`)
}

function announce(registry: TrackerRegistry, query: string, host: string, nowMs: number): Uint8Array {
  const parsed = parseAnnounceQuery(query)
  if (!parsed.ok) return encodeHttpFailure(parsed)
  const { request, claimedHost } = parsed.value
  const at = claimedHost !== undefined && mayClaimAddress(host) ? claimedHost : host
  const answer = registry.announce(request, at, nowMs)
  return answer.ok ? encodeHttpAnnounce(answer.value, parsed.value) : encodeHttpFailure(answer)
}

function scrape(registry: TrackerRegistry, query: string): Uint8Array {
  const parsed = parseScrapeQuery(query)
  if (!parsed.ok) return encodeHttpFailure(parsed)
  if (parsed.value.length > 0) return encodeHttpScrape(registry.scrape(parsed.value))
  return encodeHttpFailure(invalid('bad-scrape', 'info_hash is missing'))
}

/** Clients of old look at the status before the body, so that a refusal goes out as 200, too. */
function bencoded(body: Uint8Array): HttpAnswer {
  return { status: 200, type: 'text/plain', body }
}

function plain(status: number, sentence: string): HttpAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(`${sentence}\n`) }
}
