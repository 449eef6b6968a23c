import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import {
  type ByteRange,
  createRpcServer,
  NodeUnreachableError,
  RpcClient,
  RpcError,
  type RpcServer,
  type ServedContent,
} from '@onehop/rpc'

const BYTES = Buffer.from('0123456789')
const TAG = '"tag-0"'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

describe('content over HTTP', () => {
  let server: RpcServer
  const aborted: string[] = []

  async function* read({ start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; at += 3) yield BYTES.subarray(at, Math.min(at + 3, end))
  }

  function find(id: string, path: readonly string[]): ServedContent | undefined {
    if (id !== 'bahkey') return undefined
    const file = (name: string, reader: typeof read = read): ServedContent => ({
      kind: 'file',
      file: { name, lengthBytes: BYTES.length, entityTag: TAG, read: reader },
    })
    switch (path.join('/')) {
      case '':
        return { kind: 'folder', name: 'album', files: [{ path: ['söng 1?.mp3'], bytes: 10 }] }
      case 'album/söng 1?.mp3':
        return file('söng 1?.mp3')
      case 'page.html':
        return file('page.html')
      case 'empty':
        return { kind: 'file', file: { name: 'empty', lengthBytes: 0, entityTag: TAG, read } }
      case 'broken':
        return file('broken', async function* () {
          yield BYTES.subarray(0, 3)
          throw new Error('the disk is gone')
        })
      case 'paused':
        // biome-ignore lint/correctness/useYield: it has nothing to give
        return file('paused', async function* () {
          throw new Error('It is paused.')
        })
      case 'never':
        return {
          kind: 'file',
          file: {
            name: 'never',
            lengthBytes: 10,
            entityTag: TAG,
            async *read(_, signal) {
              yield BYTES.subarray(0, 3)
              await new Promise(resolve => signal.addEventListener('abort', resolve))
              aborted.push('never')
            },
          },
        }
      default:
        return undefined
    }
  }

  before(async () => {
    server = await createRpcServer({ methods: [], port: 0, content: find })
  })

  after(() => server.close())

  function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(`${server.url}${path}`, { method, headers, agent: false }, response => {
        let text = ''
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  it('serves a whole file without credentials, with its length, type and tag', async () => {
    const { status, headers, text } = await get('/content/bahkey/album/s%C3%B6ng%201%3F.mp3')
    assert.deepEqual([status, text], [200, '0123456789'])
    assert.equal(headers['content-type'], 'audio/mpeg')
    assert.equal(headers['content-length'], '10')
    assert.equal(headers['accept-ranges'], 'bytes')
    assert.equal(headers.etag, TAG)
  })

  it('serves the range that is asked for (RFC 9110 §14)', async () => {
    const cases: [string, string, string][] = [
      ['bytes=0-0', 'bytes 0-0/10', '0'],
      ['bytes=2-5', 'bytes 2-5/10', '2345'],
      ['bytes=7-', 'bytes 7-9/10', '789'],
      ['bytes=7-99999', 'bytes 7-9/10', '789'],
      ['bytes=-3', 'bytes 7-9/10', '789'],
      ['bytes=-99', 'bytes 0-9/10', '0123456789'],
    ]
    for (const [range, contentRange, body] of cases) {
      const { status, headers, text } = await get('/content/bahkey/page.html', { range })
      assert.deepEqual(
        [status, headers['content-range'], headers['content-length'], text],
        [206, contentRange, String(body.length), body],
        range,
      )
    }
  })

  it('answers 416 where nothing lies in the range, and all of the file to what it does not understand', async () => {
    for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) {
      const { status, headers, text } = await get('/content/bahkey/page.html', { range })
      assert.deepEqual([status, headers['content-range'], text], [416, 'bytes */10', ''], range)
    }
    for (const range of ['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=a-b', 'bytes=-']) {
      const { status, text } = await get('/content/bahkey/page.html', { range })
      assert.deepEqual([status, text], [200, '0123456789'], range)
    }
    assert.equal((await get('/content/bahkey/empty', { range: 'bytes=0-' })).status, 416)
    assert.deepEqual((await get('/content/bahkey/empty')).text, '')
  })

  it('answers HEAD like GET, without the bytes and without ranges', async () => {
    const { status, headers, text } = await get('/content/bahkey/page.html', { range: 'bytes=2-5' }, 'HEAD')
    assert.deepEqual([status, headers['content-length'], text], [200, '10', ''])
  })

  it('sends nothing again that the caller has, and no range of another file', async () => {
    const known = await get('/content/bahkey/page.html', { 'if-none-match': `"x", ${TAG}` })
    assert.deepEqual([known.status, known.text], [304, ''])
    const range = { range: 'bytes=2-5' }
    assert.equal((await get('/content/bahkey/page.html', { ...range, 'if-range': TAG })).status, 206)
    assert.equal((await get('/content/bahkey/page.html', { ...range, 'if-range': '"other"' })).status, 200)
  })

  it('lists the files of a folder with their addresses', async () => {
    const { status, text } = await get('/content/bahkey/')
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), {
      name: 'album',
      files: [{ path: 'söng 1?.mp3', bytes: 10, url: '/content/bahkey/s%C3%B6ng%201%3F.mp3' }],
    })
  })

  it('refuses what is not there, other methods, other hosts and pages of other sites', async () => {
    assert.equal((await get('/content/other/page.html')).status, 404)
    assert.equal((await get('/content/bahkey/none')).status, 404)
    assert.equal((await get('/content/bahkey/%FF')).status, 400)
    assert.equal((await get('/content')).status, 401)
    assert.equal((await get('/content/bahkey/page.html', {}, 'DELETE')).status, 401)
    assert.equal((await get('/content/bahkey/page.html', { host: 'evil.example' })).status, 403)
    assert.equal((await get('/content/bahkey/page.html', { origin: 'http://evil.example' })).status, 403)
    assert.equal((await get('/content/bahkey/page.html', { 'sec-fetch-site': 'cross-site' })).status, 403)
  })

  it('lets nothing that it shows run scripts, which would speak for the node', async () => {
    const { headers } = await get('/content/bahkey/page.html')
    assert.match(String(headers['content-security-policy']), /^sandbox; default-src 'none'/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
  })

  it('cuts the connection where the bytes do not come, for their number has been promised', async () => {
    await assert.rejects(get('/content/bahkey/broken'), /aborted|ECONNRESET|socket hang up/)
  })

  it('says why nothing comes where not even the first bytes do', async () => {
    const { status, headers, text } = await get('/content/bahkey/paused', { range: 'bytes=2-5' })
    assert.deepEqual([status, text], [503, 'It is paused.\n'])
    assert.deepEqual([headers['content-range'], headers.etag], [undefined, undefined])
  })

  it('is read by the client as it comes, and an end that comes too early is an error', async () => {
    const client = new RpcClient({ url: server.url })
    const read = async (path: string) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of client.read(path)) chunks.push(chunk)
      return Buffer.concat(chunks)
    }
    assert.equal((await read('/content/bahkey/page.html')).toString(), '0123456789')
    await assert.rejects(read('/content/bahkey/broken'), NodeUnreachableError)
    await assert.rejects(read('/content/bahkey/none'), (error: unknown) => {
      return error instanceof RpcError && error.code === -40
    })
    client.close()
  })

  it('stops reading when the caller has gone', async () => {
    const sent = request(`${server.url}/content/bahkey/never`, { agent: false })
    sent.on('error', () => undefined)
    sent.end()
    await new Promise<void>(resolve => {
      sent.on('response', response => response.once('data', () => resolve()))
    })
    sent.destroy()
    while (aborted.length === 0) await new Promise(resolve => setImmediate(resolve))
  })
})
