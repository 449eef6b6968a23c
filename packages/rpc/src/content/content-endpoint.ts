import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MAX_CONTENT_STREAMS } from '../limits.ts'
import { type ByteRange, parseRange } from './byte-range.ts'
import { mediaTypeOf } from './media-type.ts'

/** A file that can be read, complete or still arriving. */
export interface ServedFile {
  readonly name: string
  readonly lengthBytes: number
  /** The same for the same bytes, on every node and for ever. */
  readonly entityTag: string
  /** The bytes in their order; waits for those that are still to come. Rejects when they will not. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>
}

/** What stands under an address: a file, or several, each with its path below that address. */
export type ServedContent =
  | { readonly kind: 'file'; readonly file: ServedFile }
  | { readonly kind: 'folder'; readonly name: string; readonly files: readonly ListedFile[] }

/** A file of several. */
export interface ListedFile {
  readonly path: readonly string[]
  readonly bytes: number
}

/**
 * Finds what is at `/content/<id>/<path>`. It starts nothing: what the node neither has nor fetches is not there.
 * @returns undefined when nothing is.
 */
export type ContentFinder = (id: string, path: readonly string[]) => ServedContent | undefined

const PREFIX = '/content/'

/** No script of what is shown may run, and nothing be loaded: it would come from the same origin as the RPC. */
const SANDBOX = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"

/** Whether the request is for content: read-only, and for everybody on this machine who knows the id, as in the swarm. */
export function asksForContent({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): boolean {
  return (method === 'GET' || method === 'HEAD') && url.startsWith(PREFIX)
}

/** Serves `GET` and `HEAD /content/<id>/<path>` with ranges, for players, browsers and curl. */
export function serveContent(app: FastifyInstance, find: ContentFinder): void {
  let streams = 0
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const segments = segmentsOf(request.url)
    const [id, ...path] = segments ?? []
    const found = id === undefined ? undefined : find(id, path)
    if (found === undefined) return refuse(reply, 404, 'This node has no such content.')
    reply.headers({ 'x-content-type-options': 'nosniff', 'content-security-policy': SANDBOX })
    reply.header('cross-origin-resource-policy', 'same-origin')
    if (found.kind === 'folder') return reply.send(listing(found, `${PREFIX}${segments!.join('/')}`))
    const range = describe(request, reply, found.file)
    if (range === undefined || request.method === 'HEAD') return reply.send()
    if (streams >= MAX_CONTENT_STREAMS) return refuse(reply, 503, 'Too many files are being read.')
    streams += 1
    reply.raw.once('close', () => {
      streams -= 1
    })
    return sendBytes(reply, bytesOf(reply, found.file, range))
  }
  app.route({ method: ['GET', 'HEAD'], url: `${PREFIX}*`, handler: answer })
}

/** Sets status and headers. @returns the bytes to send; undefined when there is nothing to send. */
function describe(
  { headers, method }: FastifyRequest,
  reply: FastifyReply,
  { name, lengthBytes, entityTag }: ServedFile,
): ByteRange | undefined {
  reply.headers({ 'accept-ranges': 'bytes', etag: entityTag, 'cache-control': 'private, no-cache' })
  if (headers['if-none-match']?.split(/,\s*/).includes(entityTag)) {
    reply.code(304)
    return undefined
  }
  const isSame = headers['if-range'] === undefined || headers['if-range'] === entityTag
  const range = parseRange(isSame && method === 'GET' ? headers.range : undefined, lengthBytes)
  if (range === 'unsatisfiable') {
    reply.code(416).header('content-range', `bytes */${lengthBytes}`)
    return undefined
  }
  const { start, end } = range ?? { start: 0, end: lengthBytes }
  reply.type(mediaTypeOf(name)).header('content-length', end - start)
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${lengthBytes}`)
  return { start, end }
}

/** Until the caller has gone. */
function bytesOf({ raw }: FastifyReply, file: ServedFile, range: ByteRange): AsyncIterator<Uint8Array> {
  const departure = new AbortController()
  raw.once('close', () => departure.abort())
  return file.read(range, departure.signal)[Symbol.asyncIterator]()
}

/**
 * Waits for the first bytes, so that there is an answer when none will come. When the rest does not, the connection is
 * cut: the length has been promised.
 */
async function sendBytes(reply: FastifyReply, bytes: AsyncIterator<Uint8Array>): Promise<FastifyReply> {
  try {
    const first = await bytes.next()
    return reply.send(Readable.from(resumed(first, bytes), { objectMode: false }))
  } catch (error) {
    for (const name of ['content-length', 'content-range', 'etag']) reply.removeHeader(name)
    return refuse(reply, 503, error instanceof Error ? error.message : 'The bytes cannot be read.')
  }
}

async function* resumed(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

function listing({ name, files }: Extract<ServedContent, { kind: 'folder' }>, address: string): object {
  return {
    name,
    files: files.map(({ path, bytes }) => ({
      path: path.join('/'),
      bytes,
      url: [address.replace(/\/$/, ''), ...path.map(encodeURIComponent)].join('/'),
    })),
  }
}

/** Undefined for an address that cannot be decoded. A last `/` means the folder. */
function segmentsOf(url: string): string[] | undefined {
  const path = url.slice(PREFIX.length).split(/[?#]/, 1)[0]!
  try {
    return path.replace(/\/$/, '').split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}

function refuse(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`)
}
