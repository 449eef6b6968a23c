import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuseForeignPage } from './browser-guard.ts'
import { asksForContent, type ContentFinder, serveContent } from './content/content-endpoint.ts'
import { type Credentials, createCredentials, isAuthorized, removeCookie, writeCookie } from './cookie.ts'
import { RpcDispatcher } from './dispatcher.ts'
import { PortInUseError } from './errors.ts'
import { answerJsonRpc } from './json-rpc.ts'
import { CLOSE_GRACE_MS, MAX_CONNECTIONS, MAX_REQUEST_BYTES, RECEIVE_TIMEOUT_MS } from './limits.ts'
import type { RpcMethod } from './method.ts'

/** What {@link createRpcServer} takes. */
export interface RpcServerOptions {
  /** Methods to serve (`help` is added), or the dispatcher that has them. */
  readonly methods: readonly RpcMethod[] | RpcDispatcher
  /** 0 for any free port. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Where other processes of this user find the credentials; absent: only the caller knows them. */
  readonly cookiePath?: string
  /** Host names that requests may name besides the loopback's. */
  readonly hostNames?: readonly string[]
  /** Text of `GET /metrics` (with credentials); absent: 404. */
  readonly metrics?: () => Promise<string>
  /** What `GET /content/<id>/<path>` (without credentials) shows; absent: 404. */
  readonly content?: ContentFinder
  /** Why the node does not answer yet; undefined once it does. Only with a list of methods. */
  readonly warmUp?: () => string | undefined
  /** Told of exceptions that are bugs. Only with a list of methods. */
  readonly onInternalError?: (error: unknown, method: string) => void
}

/** A server that listens. */
export interface RpcServer {
  /** `http://127.0.0.1:18443` */
  readonly url: string
  readonly port: number
  readonly credentials: Credentials
  /** Lets calls that run answer for a moment, then cuts them; removes the cookie. */
  close(): Promise<void>
}

/**
 * Starts JSON-RPC over HTTP as bitcoind serves it: `POST /` and `/wallet/NAME` with cookie authentication, and
 * `GET /health` and `GET /content/<id>/<path>` without. The cookie is written once the port is ours.
 * @throws {PortInUseError} when another process has the port.
 */
export async function createRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { port, host = '127.0.0.1', cookiePath } = options
  const dispatcher = dispatcherOf(options)
  const credentials = createCredentials()
  const closing = new AbortController()
  const app = await createApp()
  guard(app, credentials, options.hostNames)
  serveCalls(app, dispatcher, closing.signal)
  servePages(app, dispatcher, options.metrics)
  if (options.content !== undefined) serveContent(app, options.content)
  await listen(app, host, port)
  if (cookiePath !== undefined) writeCookie(cookiePath, credentials)
  const { port: actualPort } = app.server.address() as AddressInfo
  return {
    url: `http://${host}:${actualPort}`,
    port: actualPort,
    credentials,
    close: async () => {
      if (cookiePath !== undefined) removeCookie(cookiePath, credentials)
      await close(app, closing)
    },
  }
}

function dispatcherOf({ methods, warmUp, onInternalError }: RpcServerOptions): RpcDispatcher {
  if (methods instanceof RpcDispatcher) return methods
  return new RpcDispatcher({
    methods,
    ...(warmUp === undefined ? {} : { warmUp }),
    ...(onInternalError === undefined ? {} : { onInternalError }),
  })
}

/** Fastify is imported here, so that programs that only call others do not load it. */
async function createApp(): Promise<FastifyInstance> {
  const { fastify } = await import('fastify')
  const app = fastify({
    bodyLimit: MAX_REQUEST_BYTES,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  })
  app.server.maxConnections = MAX_CONNECTIONS
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, _request, reply) => {
    const { statusCode = 500 } = error as { statusCode?: number }
    return sendText(reply, statusCode, statusCode === 413 ? 'The request is too large.' : 'Bad request.')
  })
  app.setNotFoundHandler((_request, reply) => sendText(reply, 404, 'There is nothing here.'))
  return app
}

function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`)
}

/** Foreign pages are refused first, then whoever lacks the credentials, before a body is read. */
function guard(app: FastifyInstance, credentials: Credentials, hostNames?: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const refusal = refuseForeignPage(request.headers, hostNames)
    if (refusal !== undefined) return sendText(reply, 403, refusal)
    if (request.url === '/health' || asksForContent(request)) return
    if (isAuthorized(request.headers.authorization, credentials)) return
    return reply.code(401).header('www-authenticate', 'Basic realm="jsonrpc"').send()
  })
}

function serveCalls(app: FastifyInstance, dispatcher: RpcDispatcher, closing: AbortSignal): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const { name: wallet } = request.params as { name?: string }
    const signal = AbortSignal.any([closing, signalOfDeparture(reply)])
    const body = typeof request.body === 'string' ? request.body : ''
    const answered = await answerJsonRpc(body, dispatcher, { signal, wallet })
    if (closing.aborted) reply.header('connection', 'close')
    reply.code(answered.status)
    return answered.body === undefined ? reply.send() : reply.type('application/json').send(answered.body)
  }
  app.post('/', answer)
  app.post('/wallet/:name', answer)
  app.get('/', (_request, reply) => sendText(reply, 405, 'JSONRPC server handles only POST requests'))
}

/** Aborts when the client has hung up, or has its answer. */
function signalOfDeparture(reply: FastifyReply): AbortSignal {
  const departure = new AbortController()
  reply.raw.once('close', () => departure.abort())
  return departure.signal
}

function servePages(app: FastifyInstance, dispatcher: RpcDispatcher, metrics?: () => Promise<string>): void {
  app.get('/health', (_request, reply) => {
    const reason = dispatcher.warmUpReason()
    return reason === undefined
      ? reply.send({ status: 'ready' })
      : reply.code(503).send({ status: 'warming up', reason })
  })
  if (metrics === undefined) return
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()),
  )
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortInUseError(`Port ${port} of ${host} is in use by another process.`)
  }
}

async function close(app: FastifyInstance, closing: AbortController): Promise<void> {
  closing.abort()
  const { server } = app
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(cut)
  await app.close()
}
