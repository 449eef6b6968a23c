import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuthenticationError,
  BitcoinAmount,
  CallTimeoutError,
  createRpcServer,
  defineMethod,
  formatJson,
  NodeUnreachableError,
  RpcClient,
  RpcError,
  type RpcServer,
} from '@onehop/rpc'

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('the RPC client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-client-'))
  const cookiePath = join(folder, '.cookie')
  let server: RpcServer
  let client: RpcClient
  let onHanging: (signal: AbortSignal) => void = () => undefined

  const methods = [
    defineMethod({
      name: 'add',
      summary: 'Adds.',
      params: { a: { type: 'integer' }, b: { type: 'integer' } },
      handler: ({ a, b }) => a + b,
    }),
    defineMethod({
      name: 'getbalance',
      summary: 'Balance.',
      handler: () => ({ balance: new BitcoinAmount(50_000_000n) }),
    }),
    defineMethod({
      name: 'hang',
      summary: 'Answers only when the caller has gone.',
      handler: (_, { signal }) => {
        onHanging(signal)
        return new Promise(resolve => signal.addEventListener('abort', () => resolve('gone')))
      },
    }),
  ]

  beforeEach(async () => {
    server = await createRpcServer({ methods, port: 0, cookiePath })
    client = new RpcClient({ url: server.url, cookiePath })
  })

  afterEach(async () => {
    client.close()
    await server.close()
  })

  after(() => rmSync(folder, { recursive: true }))

  it('calls many at once, with results in the order of the calls', async () => {
    assert.deepEqual(await client.callMany('add', [[1, 2], { a: 3, b: 4 }, [5, 6]]), [3, 7, 11])
    assert.deepEqual(await client.callMany('add', []), [])
    await assert.rejects(
      client.callMany('add', [
        [1, 2],
        ['x', 2],
      ]),
      RpcError,
    )
  })

  it('calls with parameters by position and by name', async () => {
    assert.equal(await client.call('add', [2, 3]), 5)
    assert.equal(await client.call('add', { b: 1, a: 1 }), 2)
  })

  it('throws the error that the method answered', async () => {
    await assert.rejects(client.call('add', [2]), (error: unknown) => {
      assert.ok(error instanceof RpcError)
      return error.code === -1 && error.message.startsWith('add: the parameter "b" is missing')
    })
    await assert.rejects(client.call('nonsense'), { code: -32601 })
  })

  it('finds the cookie of a node that has started anew', async () => {
    await server.close()
    await assert.rejects(client.call('add', [1, 1]), NodeUnreachableError)
    server = await createRpcServer({ methods, port: server.port, cookiePath })
    assert.equal(await client.call('add', [1, 1]), 2)
  })

  it('takes credentials in its URL', async () => {
    const { user, password } = server.credentials
    const other = new RpcClient({ url: server.url.replace('//', `//${user}:${password}@`) })
    assert.equal(await other.call('add', [1, 1]), 2)
    assert.equal(other.url, server.url)
    other.close()
  })

  it('says when the node refuses its credentials', async () => {
    const stranger = new RpcClient({ url: server.url })
    await assert.rejects(stranger.call('add', [1, 1]), AuthenticationError)
    stranger.close()
  })

  it('gives up after its time', async () => {
    await assert.rejects(client.call('hang', [], { timeoutMs: 20 }), CallTimeoutError)
  })

  it('can be aborted, and the method learns that the caller has gone', async () => {
    const { promise: hanging, resolve } = deferred<AbortSignal>()
    onHanging = resolve
    const abort = new AbortController()
    const call = client.call('hang', [], { signal: abort.signal })
    const seen = await hanging
    abort.abort(new Error('enough'))
    await assert.rejects(call, /enough/)
    if (!seen.aborted) await new Promise(done => seen.addEventListener('abort', done))
  })

  it('gets answers of calls that run when the server closes', async () => {
    const { promise: hanging, resolve } = deferred<AbortSignal>()
    onHanging = resolve
    const call = client.call('hang')
    await hanging
    await server.close()
    assert.equal(await call, 'gone')
  })

  it('keeps the digits of amounts for printing', async () => {
    const result = await client.call('getbalance', [], { exactNumbers: true })
    assert.equal(formatJson(result), '{\n  "balance": 0.50000000\n}')
  })

  it('asks for health without credentials', async () => {
    assert.deepEqual(await new RpcClient({ url: server.url }).health(), { ready: true })
  })
})

describe('the RPC client and a stranger', () => {
  let stranger: Server
  let url = ''

  before(async () => {
    stranger = createServer((_request, response) => response.end('<html>'))
    await new Promise<void>(resolve => stranger.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
  })

  after(() => stranger.close())

  it('says that what answers is no node', async () => {
    const client = new RpcClient({ url })
    await assert.rejects(client.call('getblockcount'), NodeUnreachableError)
    client.close()
  })
})
