import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BitcoinAmount,
  createRpcServer,
  defineMethod,
  MAX_REQUEST_BYTES,
  PortInUseError,
  RpcError,
  type RpcServer,
} from '@onehop/rpc'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

/** One HTTP request, without any client of ours. */
function http(server: RpcServer, { method = 'POST', path = '/', body, headers = {} }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method, headers, agent: false }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('the RPC server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-rpc-'))
  const cookiePath = join(folder, '.cookie')
  const internalErrors: unknown[] = []
  let counted = 0
  let warmUp: string | undefined
  let server: RpcServer
  let authorization = ''

  const methods = [
    defineMethod({ name: 'getblockcount', summary: 'Height.', handler: () => 7 }),
    defineMethod({
      name: 'getbalance',
      summary: 'Balance.',
      handler: () => new BitcoinAmount(50_000_000n),
    }),
    defineMethod({
      name: 'count',
      summary: 'Counts calls.',
      handler: () => {
        counted += 1
      },
    }),
    defineMethod({
      name: 'refuse',
      summary: 'Refuses.',
      handler: () => {
        throw new RpcError(-26, 'insufficient fee')
      },
    }),
    defineMethod({
      name: 'crash',
      summary: 'Has a bug.',
      handler: () => {
        throw new TypeError('secret detail of the inside')
      },
    }),
    defineMethod({ name: 'wallet', summary: 'The wallet named.', handler: (_, { wallet }) => wallet }),
    defineMethod({ name: 'stop', summary: 'Stops.', availableInWarmUp: true, handler: () => 'stopping' }),
  ]

  before(async () => {
    server = await createRpcServer({
      methods,
      port: 0,
      cookiePath,
      warmUp: () => warmUp,
      onInternalError: error => internalErrors.push(error),
      metrics: async () => 'onehop_height 7\n',
    })
    authorization = `Basic ${Buffer.from(readFileSync(cookiePath)).toString('base64')}`
  })

  after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  async function post(value: unknown, path = '/'): Promise<{ status: number; reply: unknown }> {
    const body = typeof value === 'string' ? value : JSON.stringify(value)
    const { status, text } = await http(server, { path, body, headers: { authorization } })
    return { status, reply: text === '' ? undefined : JSON.parse(text) }
  }

  it('answers JSON-RPC 1.0 with an HTTP status that tells of errors', async () => {
    assert.deepEqual(await post({ id: 'x', method: 'getblockcount' }), {
      status: 200,
      reply: { result: 7, error: null, id: 'x' },
    })
    const cases: [unknown, number, number][] = [
      [{ id: 1, method: 'nonsense', jsonrpc: '1.0' }, 404, -32601],
      [{ id: 1, method: 'refuse', version: '1.1' }, 500, -26],
      [{ id: 1 }, 400, -32600],
      [{ id: 1, method: 5 }, 400, -32600],
      [{ id: 1, method: 'getblockcount', params: 'x' }, 400, -32600],
      [{ id: 1, method: 'getblockcount', jsonrpc: 2 }, 400, -32600],
      [{ id: 1, method: 'getblockcount', jsonrpc: '3.0' }, 400, -32600],
      ['{', 500, -32700],
      ['"text"', 500, -32700],
      ['', 500, -32700],
    ]
    for (const [body, status, code] of cases) {
      const answer = await post(body)
      assert.equal(answer.status, status, JSON.stringify(body))
      assert.equal((answer.reply as { error: { code: number } }).error.code, code)
    }
  })

  it('answers JSON-RPC 2.0 with 200, error or not', async () => {
    assert.deepEqual(await post({ jsonrpc: '2.0', id: 1, method: 'getblockcount' }), {
      status: 200,
      reply: { jsonrpc: '2.0', result: 7, id: 1 },
    })
    assert.deepEqual(await post({ jsonrpc: '2.0', id: 1, method: 'nonsense' }), {
      status: 200,
      reply: { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: 1 },
    })
  })

  it('runs notifications and answers them with 204, even those that fail', async () => {
    counted = 0
    assert.deepEqual(await post({ jsonrpc: '2.0', method: 'count' }), { status: 204, reply: undefined })
    assert.equal(counted, 1)
    assert.equal((await post({ jsonrpc: '2.0', method: 'refuse' })).status, 204)
    assert.equal((await post({ jsonrpc: '2.0', id: null, method: 'count' })).status, 200)
  })

  it('answers batches in order, leaving out notifications', async () => {
    const { status, reply } = await post([
      { id: 1, method: 'getblockcount' },
      { jsonrpc: '2.0', method: 'count' },
      { jsonrpc: '2.0', id: 2, method: 'refuse' },
      5,
    ])
    assert.equal(status, 200)
    assert.deepEqual(reply, [
      { result: 7, error: null, id: 1 },
      { jsonrpc: '2.0', error: { code: -26, message: 'insufficient fee' }, id: 2 },
      { result: null, error: { code: -32600, message: 'Invalid Request object' }, id: null },
    ])
    assert.deepEqual(await post([]), { status: 200, reply: [] })
    assert.equal((await post([{ jsonrpc: '2.0', method: 'count' }])).status, 204)
  })

  it('writes amounts as bitcoind does', async () => {
    const { text } = await http(server, {
      body: '{"id":1,"method":"getbalance"}',
      headers: { authorization },
    })
    assert.equal(text, '{"result":0.50000000,"error":null,"id":1}\n')
  })

  it('serves /wallet/NAME as bitcoind does', async () => {
    const { reply } = await post({ id: 1, method: 'wallet' }, '/wallet/main')
    assert.deepEqual(reply, { result: 'main', error: null, id: 1 })
  })

  it('tells nothing of the inside when a method has a bug', async () => {
    internalErrors.length = 0
    const { status, text } = await http(server, {
      body: '{"id":1,"method":"crash"}',
      headers: { authorization },
    })
    assert.equal(status, 500)
    assert.equal(text, '{"result":null,"error":{"code":-1,"message":"internal error"},"id":1}\n')
    assert.ok(internalErrors[0] instanceof TypeError)
  })

  it('answers 401 with an empty body to who lacks the credentials', async () => {
    const wrong = `Basic ${Buffer.from('__cookie__:0000').toString('base64')}`
    for (const headers of [{}, { authorization: wrong }, { authorization: 'Bearer x' }]) {
      const { status, text, headers: got } = await http(server, { body: '{}', headers })
      assert.equal(status, 401)
      assert.equal(text, '')
      assert.equal(got['www-authenticate'], 'Basic realm="jsonrpc"')
    }
    assert.equal((await http(server, { method: 'GET', path: '/metrics' })).status, 401)
  })

  it('refuses pages of other origins and names that lead here by DNS rebinding', async () => {
    const body = '{"id":1,"method":"getblockcount"}'
    for (const foreign of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { host: 'evil.example:18443' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const { status, text } = await http(server, { body, headers: { authorization, ...foreign } })
      assert.equal(status, 403, JSON.stringify(foreign))
      assert.doesNotMatch(text, /result/)
    }
    const own = { host: `localhost:${server.port}`, origin: `http://localhost:${server.port}` }
    assert.equal((await http(server, { body, headers: { authorization, ...own } })).status, 200)
  })

  it('refuses what is too large', async () => {
    const body = 'x'.repeat(MAX_REQUEST_BYTES + 1)
    const answer = await http(server, { body, headers: { authorization } }).catch(() => undefined)
    assert.ok(answer === undefined || answer.status === 413)
    assert.equal((await post({ id: 1, method: 'getblockcount' })).status, 200)
  })

  it('answers only POST at its root, and nothing elsewhere', async () => {
    const headers = { authorization }
    assert.equal((await http(server, { method: 'GET', headers })).status, 405)
    assert.equal((await http(server, { method: 'GET', path: '/other', headers })).status, 404)
    assert.equal((await http(server, { method: 'GET', path: '/metrics', headers })).text, 'onehop_height 7\n')
  })

  it('says at /health whether it is ready, without credentials, and refuses calls until then', async () => {
    warmUp = 'Loading block index…'
    const starting = await http(server, { method: 'GET', path: '/health' })
    assert.equal(starting.status, 503)
    assert.deepEqual(JSON.parse(starting.text), { status: 'warming up', reason: 'Loading block index…' })
    assert.deepEqual(await post({ id: 1, method: 'getblockcount' }), {
      status: 500,
      reply: { result: null, error: { code: -28, message: 'Loading block index…' }, id: 1 },
    })
    assert.equal((await post({ id: 1, method: 'stop' })).status, 200)
    warmUp = undefined
    const ready = await http(server, { method: 'GET', path: '/health' })
    assert.deepEqual([ready.status, ready.text], [200, '{"status":"ready"}'])
  })

  it('keeps its cookie to the owner, makes a new one at each start, and removes it at the stop', async () => {
    const path = join(folder, 'other.cookie')
    assert.equal(statSync(cookiePath).mode & 0o777, 0o600)
    const first = await createRpcServer({ methods, port: 0, cookiePath: path })
    const cookie = readFileSync(path, 'utf8')
    assert.match(cookie, /^__cookie__:[0-9a-f]{64}$/)
    await first.close()
    assert.ok(!existsSync(path))
    const second = await createRpcServer({ methods, port: 0, cookiePath: path })
    assert.notEqual(readFileSync(path, 'utf8'), cookie)
    writeFileSync(path, '__cookie__:of-another-run')
    await second.close()
    assert.ok(existsSync(path), 'the cookie of another run stays')
  })

  it('says in one sentence that its port is in use, and leaves the cookie of the one that has it', async () => {
    const before = readFileSync(cookiePath, 'utf8')
    await assert.rejects(
      createRpcServer({ methods, port: server.port, cookiePath }),
      (error: unknown) => error instanceof PortInUseError && /^Port \d+ of 127\.0\.0\.1/.test(error.message),
    )
    assert.equal(readFileSync(cookiePath, 'utf8'), before)
  })
})
