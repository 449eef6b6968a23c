import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { addressScope, MAX_HTTP_ANSWER_BYTES } from '@onehop/swarm'
import { HTTP_TIMEOUT_MS, MAX_REDIRECTS } from './limits.ts'
import { type ResolvedAddress, resolveTracker } from './tracker-address.ts'

const unpack = promisify(gunzip)

/** An HTTP tracker's answer. */
export interface HttpTrackerAnswer {
  readonly status: number
  readonly body: Uint8Array
  /** The tracker's address. */
  readonly host: string
}

/**
 * Asks an HTTP or HTTPS tracker. Follows redirections, takes gzip, reads no more than a bounded answer in a bounded time.
 * @throws {Error} with a sentence for people.
 */
export async function askHttpTracker(url: string, signal: AbortSignal): Promise<HttpTrackerAnswer> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(HTTP_TIMEOUT_MS)])
  let next = new URL(url)
  let isFromOutside = false
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const addresses = await resolveTracker(next, isFromOutside)
    isFromOutside = addresses.every(({ address }) => addressScope(address) === 'public')
    const answer = await ask(next, addresses, over)
    if (!('location' in answer)) return answer
    next = redirection(answer.location, next)
  }
  throw new Error('it redirects again and again')
}

function redirection(location: string, from: URL): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const isHttp = target?.protocol === 'http:' || target?.protocol === 'https:'
  if (!target || !isHttp) throw new Error('it redirects to what is no HTTP address')
  return target
}

async function ask(
  url: URL,
  addresses: readonly ResolvedAddress[],
  signal: AbortSignal,
): Promise<HttpTrackerAnswer | { readonly location: string }> {
  const response = await respond(url, addresses, signal)
  const status = response.statusCode ?? 0
  const { location } = response.headers
  if (status >= 300 && status < 400 && location !== undefined) {
    response.destroy()
    return { location }
  }
  const host = response.socket.remoteAddress ?? ''
  const body = await readBody(response)
  const isPacked = response.headers['content-encoding'] === 'gzip'
  return {
    status,
    host,
    body: isPacked ? await unpack(body, { maxOutputLength: MAX_HTTP_ANSWER_BYTES }) : body,
  }
}

function respond(
  url: URL,
  addresses: readonly ResolvedAddress[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // The addresses that were looked at are those that are dialled: a name may lead elsewhere a moment later.
  const dialled: LookupFunction = (_host, options, callback) => {
    if (options.all) callback(null, [...addresses])
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  }
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const headers = { 'user-agent': 'onehop/0.1.0', 'accept-encoding': 'gzip' }
  return new Promise((resolve, reject) => {
    request(url, { headers, signal, agent: false, lookup: dialled }, resolve).on('error', reject).end()
  })
}

async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_HTTP_ANSWER_BYTES) {
      response.destroy()
      throw new Error('its answer is too long')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
