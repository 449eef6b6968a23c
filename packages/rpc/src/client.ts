import { Agent, type IncomingMessage, request } from 'node:http'
import { basicAuthorization, type Credentials, parseCredentials, readCookie } from './cookie.ts'
import { AuthenticationError, CallTimeoutError, NodeUnreachableError, RPC_CODE, RpcError } from './errors.ts'
import { parseJsonExactly, serializeJson } from './json.ts'
import { DEFAULT_CALL_TIMEOUT_MS, MAX_REPLY_BYTES } from './limits.ts'
import type { RawParams } from './params.ts'
import type { OnehopResults } from './results.ts'

/** What a client needs to reach a node. */
export interface RpcClientOptions {
  /** `http://127.0.0.1:18443`; may carry `user:password@`. */
  readonly url: string
  /** The node's cookie file, read at each call since every start of the node makes a new one. */
  readonly cookiePath?: string
  readonly auth?: Credentials
}

/** How one call is made. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** Default 60 s; 0: as long as it takes. */
  readonly timeoutMs?: number
  /** Keep the digits of numbers as the node wrote them: for printing, not for arithmetic. */
  readonly exactNumbers?: boolean
}

interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** Calls a node's methods over HTTP. Connections are kept, and never hold the process open. */
export class RpcClient {
  /** Without credentials. */
  readonly url: string
  private readonly cookiePath: string | undefined
  private readonly auth: Credentials | undefined
  private readonly agent = new Agent({ keepAlive: true })
  private lastId = 0

  /** @throws {TypeError} when the URL is none. */
  constructor({ url, cookiePath, auth }: RpcClientOptions) {
    const { origin, pathname, username, password } = new URL(url)
    this.url = pathname === '/' ? origin : origin + pathname
    this.cookiePath = cookiePath
    const inUrl =
      username === '' ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    this.auth = auth ?? (inUrl === undefined ? undefined : parseCredentials(inUrl))
  }

  call<M extends keyof OnehopResults>(
    method: M,
    params?: RawParams,
    options?: CallOptions,
  ): Promise<OnehopResults[M]>
  /**
   * Calls a method and returns its result, which is not checked to be a `T`.
   * @throws {RpcError} when the method refuses.
   * @throws {NodeUnreachableError} when nobody answers.
   * @throws {AuthenticationError} when the node refuses the credentials.
   * @throws {CallTimeoutError} when the answer takes too long.
   * @throws the signal's reason when it is aborted.
   */
  call<T = unknown>(method: string, params?: RawParams, options?: CallOptions): Promise<T>
  async call(method: string, params: RawParams = [], options: CallOptions = {}): Promise<unknown> {
    const body = serializeJson({ jsonrpc: '2.0', id: ++this.lastId, method, params })
    const answer = await this.post(body, options)
    return this.resultOf(this.replyOf(answer, options.exactNumbers ?? false))
  }

  /**
   * Calls a method once for each list of parameters, in one request: results in the same order.
   * @param paramsList at most {@link MAX_BATCH_REQUESTS}.
   * @throws as {@link call}, for the first call that is refused.
   */
  async callMany<T = unknown>(
    method: string,
    paramsList: readonly RawParams[],
    options: CallOptions = {},
  ): Promise<T[]> {
    if (paramsList.length === 0) return []
    const batch = paramsList.map((params = [], id) => ({ jsonrpc: '2.0', id, method, params }))
    const answer = await this.post(serializeJson(batch), options)
    const replies = this.replyOf(answer, options.exactNumbers ?? false)
    const isComplete = Array.isArray(replies) && replies.length === batch.length
    if (!isComplete) throw this.noNode()
    const byId = new Map(replies.map((reply: { id?: unknown }) => [Number(reply?.id), reply]))
    return batch.map(({ id }) => this.resultOf(byId.get(id)) as T)
  }

  /** Whether the node answers, and why it does not work yet if so. @throws {NodeUnreachableError} */
  async health(timeoutMs = DEFAULT_CALL_TIMEOUT_MS): Promise<{ ready: boolean; reason?: string }> {
    const { status, text } = await this.exchange('GET', '/health', undefined, { timeoutMs })
    if (status === 200) return { ready: true }
    const { reason } = this.parse(text, false) as { reason?: string }
    return reason === undefined ? { ready: false } : { ready: false, reason }
  }

  /**
   * Reads what `GET path` sends, as it comes.
   * @throws {RpcError} -40 when nothing is there, -1 when it cannot be read.
   * @throws {NodeUnreachableError} when nobody answers, or the connection is cut before all has come.
   * @throws the signal's reason when it is aborted.
   */
  async *read(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      const response = await this.open(path, signal)
      const { statusCode } = response
      const code = statusCode === 404 ? RPC_CODE.contentNotFound : RPC_CODE.miscError
      if (statusCode !== 200) throw new RpcError(code, (await readText(response)).trim())
      yield* response as AsyncIterable<Uint8Array>
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof RpcError) throw error
      throw new NodeUnreachableError(`The node at ${this.url} stopped sending (${describeFailure(error)}).`)
    }
  }

  private open(path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.agent, ...(signal === undefined ? {} : { signal }) }
      const sent = request(new URL(path, this.url), options, resolve)
      sent.on('error', reject)
      sent.end()
    })
  }

  /** Lets go of connections that are kept for later calls. */
  close(): void {
    this.agent.destroy()
  }

  private post(body: string, options: CallOptions): Promise<HttpAnswer> {
    return this.exchange('POST', undefined, body, options)
  }

  private replyOf({ status, text }: HttpAnswer, exactNumbers: boolean): unknown {
    if (status === 401) {
      throw new AuthenticationError(
        this.credentials() === undefined
          ? `The node at ${this.url} wants credentials, and no cookie was found.`
          : `The node at ${this.url} refused the credentials.`,
      )
    }
    if (status !== 200) throw this.noNode()
    return this.parse(text, exactNumbers)
  }

  private resultOf(reply: unknown): unknown {
    if (typeof reply !== 'object' || reply === null) throw this.noNode()
    const { error, result } = reply as { error?: { code: number; message: string }; result?: unknown }
    if (error !== undefined && error !== null) throw new RpcError(Number(error.code), error.message)
    return result
  }

  private parse(text: string, exactNumbers: boolean): unknown {
    try {
      return exactNumbers ? parseJsonExactly(text) : (JSON.parse(text) as unknown)
    } catch {
      throw this.noNode()
    }
  }

  private noNode(): NodeUnreachableError {
    return new NodeUnreachableError(`What answers at ${this.url} is no onehop node.`)
  }

  private credentials(): Credentials | undefined {
    return this.auth ?? (this.cookiePath === undefined ? undefined : readCookie(this.cookiePath))
  }

  private async exchange(
    method: 'GET' | 'POST',
    path: string | undefined,
    body: string | undefined,
    { signal, timeoutMs = DEFAULT_CALL_TIMEOUT_MS }: CallOptions,
  ): Promise<HttpAnswer> {
    const timeout = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined
    const signals = [signal, timeout].filter(part => part !== undefined)
    try {
      return await this.send(method, path, body, AbortSignal.any(signals))
    } catch (error) {
      signal?.throwIfAborted()
      if (timeout?.aborted) {
        throw new CallTimeoutError(`The node at ${this.url} gave no answer within ${timeoutMs / 1000} s.`)
      }
      throw new NodeUnreachableError(`No node answers at ${this.url} (${describeFailure(error)}).`)
    }
  }

  private send(
    method: string,
    path: string | undefined,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const credentials = this.credentials()
    const headers: Record<string, string> = {}
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (credentials !== undefined) headers.authorization = basicAuthorization(credentials)
    return new Promise((resolve, reject) => {
      const target = path === undefined ? new URL(this.url) : new URL(path, this.url)
      const sent = request(target, { method, headers, signal, agent: this.agent }, response => {
        readText(response).then(text => resolve({ status: response.statusCode ?? 0, text }), reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_REPLY_BYTES) throw new Error('the reply is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function describeFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'connection cut',
    ENOTFOUND: 'no such host',
    ETIMEDOUT: 'timed out',
  }
  return known[code ?? ''] ?? message
}
