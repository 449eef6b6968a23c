import type { RpcDispatcher } from './dispatcher.ts'
import { RPC_CODE, RpcError } from './errors.ts'
import { serializeJson } from './json.ts'
import { MAX_BATCH_REQUESTS } from './limits.ts'
import type { RpcContext } from './method.ts'
import type { RawParams } from './params.ts'

/** What goes back over HTTP: no body for notifications. */
export interface HttpReply {
  readonly status: number
  readonly body: string | undefined
}

interface Request {
  readonly id: unknown
  readonly isVersion2: boolean
  /** JSON-RPC 2.0 without an id: nobody waits for the answer. */
  readonly isNotification: boolean
  readonly method: string
  readonly params: RawParams
}

interface Answer {
  readonly status: number
  readonly reply: object | undefined
}

/**
 * Answers a request body as bitcoind does (its doc/JSON-RPC-interface.md): JSON-RPC 1.0 and 1.1 errors come with an HTTP
 * error status, 2.0 errors with 200, notifications of 2.0 with 204, and batches with 200.
 */
export async function answerJsonRpc(
  body: string,
  dispatcher: RpcDispatcher,
  context: RpcContext,
): Promise<HttpReply> {
  const request = parseBody(body)
  if (request === undefined || typeof request !== 'object' || request === null) {
    const what = request === undefined ? 'Parse error' : 'Top-level object parse error'
    return httpReply(legacyFailure(null, new RpcError(RPC_CODE.parseError, what)))
  }
  return Array.isArray(request)
    ? answerBatch(request, dispatcher, context)
    : httpReply(await answerOne(request, dispatcher, context))
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}

async function answerBatch(
  requests: readonly unknown[],
  dispatcher: RpcDispatcher,
  context: RpcContext,
): Promise<HttpReply> {
  if (requests.length > MAX_BATCH_REQUESTS) {
    const error = new RpcError(
      RPC_CODE.invalidRequest,
      `A batch holds at most ${MAX_BATCH_REQUESTS} requests`,
    )
    return httpReply(legacyFailure(null, error))
  }
  const replies: object[] = []
  for (const request of requests) {
    const { reply } = await answerOne(request, dispatcher, context)
    if (reply !== undefined) replies.push(reply)
  }
  const onlyNotifications = requests.length > 0 && replies.length === 0
  return onlyNotifications
    ? { status: 204, body: undefined }
    : { status: 200, body: `${serializeJson(replies)}\n` }
}

async function answerOne(value: unknown, dispatcher: RpcDispatcher, context: RpcContext): Promise<Answer> {
  const { id = null, jsonrpc } = (typeof value === 'object' && value !== null ? value : {}) as {
    id?: unknown
    jsonrpc?: unknown
  }
  const isVersion2 = jsonrpc === '2.0'
  try {
    const request = parseRequest(value)
    const result = (await dispatcher.call(request.method, request.params, context)) ?? null
    if (request.isNotification) return { status: 204, reply: undefined }
    return { status: 200, reply: isVersion2 ? { jsonrpc, result, id } : { result, error: null, id } }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    if (!isVersion2) return legacyFailure(id, error)
    const isNotification = !Object.hasOwn(value as object, 'id')
    const { code, message } = error
    if (isNotification && code !== RPC_CODE.invalidRequest) return { status: 204, reply: undefined }
    return { status: 200, reply: { jsonrpc, error: { code, message }, id } }
  }
}

function parseRequest(value: unknown): Request {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RpcError(RPC_CODE.invalidRequest, 'Invalid Request object')
  }
  const { id, jsonrpc, method, params } = value as Record<string, unknown>
  if (jsonrpc !== undefined && jsonrpc !== null && !['1.0', '1.1', '2.0'].includes(jsonrpc as string)) {
    throw new RpcError(
      RPC_CODE.invalidRequest,
      typeof jsonrpc === 'string' ? 'JSON-RPC version not supported' : 'jsonrpc field must be a string',
    )
  }
  if (method === undefined || method === null) throw new RpcError(RPC_CODE.invalidRequest, 'Missing method')
  if (typeof method !== 'string') throw new RpcError(RPC_CODE.invalidRequest, 'Method must be a string')
  const isVersion2 = jsonrpc === '2.0'
  return {
    id,
    isVersion2,
    isNotification: isVersion2 && !Object.hasOwn(value, 'id'),
    method,
    params: checkParams(params),
  }
}

function checkParams(params: unknown): RawParams {
  if (params === undefined || params === null) return undefined
  if (typeof params === 'object') return params as NonNullable<RawParams>
  throw new RpcError(RPC_CODE.invalidRequest, 'Params must be an array or object')
}

function legacyFailure(id: unknown, { code, message }: RpcError): Answer {
  return { status: legacyStatus(code), reply: { result: null, error: { code, message }, id } }
}

function legacyStatus(code: number): number {
  if (code === RPC_CODE.invalidRequest) return 400
  return code === RPC_CODE.methodNotFound ? 404 : 500
}

function httpReply({ status, reply }: Answer): HttpReply {
  return { status, body: reply === undefined ? undefined : `${serializeJson(reply)}\n` }
}
