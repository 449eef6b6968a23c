import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { encodeBencode, type PeerAddress, toInfoHash } from '@onehop/swarm'
import {
  SwarmError,
  TrackerClient,
  type TrackerClientOptions,
  TrackerServer,
  TrackerTransport,
} from '@onehop/swarm-io'
import { freePort } from '../../../test/support/free-port.ts'

const INFO_HASH = toInfoHash(new Uint8Array(20).fill(0xab))
const tools = { nowMs: () => performance.now(), random: Math.random }
const transport = new TrackerTransport(tools)
/** A UDP tracker is asked again after so long (BEP 15): who stops waits for no answer until then, be the machine slow. */
const ASKS_AGAIN_MS = 15_000
const PEERS = Uint8Array.of(127, 0, 0, 1, 0, 80)
const GOOD = encodeBencode(
  new Map<string, number | Uint8Array>([
    ['interval', 600],
    ['peers', PEERS],
  ]),
)

function request(port: number, leftBytes = 0) {
  return {
    infohash: INFO_HASH,
    peerId: new Uint8Array(20).fill(port & 0xff),
    port,
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes,
    peersWanted: 50,
    key: 1,
  }
}

/** A tracker of our making on loopback, for one announce or as long as the test runs. */
async function withHttp<T>(listener: RequestListener, run: (base: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function announce(url: string) {
  return transport.announce(url, request(9), AbortSignal.timeout(20_000))
}

/** A client of one torrent that collects what it is told. */
function clientOf(port: number, tiers: string[][], changes: Partial<TrackerClientOptions> = {}) {
  const peers: PeerAddress[] = []
  let wake = () => {}
  const client = new TrackerClient({
    ...tools,
    infohash: INFO_HASH,
    peerId: new Uint8Array(20).fill(port & 0xff),
    port,
    tiers,
    transport,
    counters: () => ({ uploadedBytes: 0, downloadedBytes: 0, leftBytes: 10 }),
    wantsPeers: () => true,
    onPeers: named => {
      peers.push(...named)
      wake()
    },
    ...changes,
  })
  const found = new Promise<void>(resolve => {
    wake = resolve
  })
  return { client, peers, found }
}

describe('a tracker on sockets', () => {
  let server: TrackerServer

  before(async () => {
    server = await TrackerServer.listen({ port: 0 })
  })

  after(() => server.close())

  for (const scheme of ['http', 'udp']) {
    it(`brings two torrents' clients together over ${scheme}, and forgets who stops`, async () => {
      const url = `${scheme}://127.0.0.1:${server.port}/announce`
      const first = clientOf(7001, [[url]])
      const second = clientOf(7002, [[url]])
      first.client.start()
      await transport.announce(url, request(7003), AbortSignal.timeout(20_000))
      second.client.start()
      await second.found
      assert.ok(second.peers.some(({ port }) => port === 7001 || port === 7003))
      assert.equal(second.client.status()[0]?.state, 'working')
      await Promise.all([first.client.stop(), second.client.stop()])
      const scraped = await fetch(`http://127.0.0.1:${server.port}/scrape?info_hash=${'%ab'.repeat(20)}`)
      assert.match(await scraped.text(), /8:completei1e.*10:incompletei0e/)
      const stopped = { ...request(7003), event: 'stopped' as const }
      await transport.announce(url, stopped, AbortSignal.timeout(20_000))
      assert.deepEqual(server.size, { torrents: 0, peers: 0 })
    })

    it(`serves IPv6 over ${scheme}`, async function () {
      if (!server.hosts.includes('::1')) this.skip()
      const url = `${scheme}://[::1]:${server.port}/announce`
      await transport.announce(url, request(7001), AbortSignal.timeout(20_000))
      const { answer } = await transport.announce(url, request(7002, 5), AbortSignal.timeout(20_000))
      assert.deepEqual(answer.peers, [{ host: '::1', port: 7001 }])
      for (const port of [7001, 7002]) {
        const stopped = { ...request(port), event: 'stopped' as const }
        await transport.announce(url, stopped, AbortSignal.timeout(20_000))
      }
    })
  }

  it('says that a port is taken', async () => {
    await assert.rejects(
      TrackerServer.listen({ port: server.port, hosts: ['127.0.0.1'] }),
      (error: unknown) => error instanceof SwarmError && error.code === 'in-use',
    )
  })

  it('says in words what it is, and refuses what is no GET', async () => {
    const base = `http://127.0.0.1:${server.port}`
    assert.match(await (await fetch(base)).text(), /tracker: \d+ torrents/)
    assert.equal((await fetch(`${base}/nothing`)).status, 404)
    assert.equal((await fetch(`${base}/announce`, { method: 'POST' })).status, 405)
    assert.match(await (await fetch(`${base}/announce`)).text(), /^d14:failure reason20:info_hash is missing/)
  })

  it('closes at once, whatever hangs on it', async () => {
    const other = await TrackerServer.listen({ port: 0, hosts: ['127.0.0.1'] })
    const socket = connect(other.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.write('GET /announce HTTP/1.1\r\n')
    const closed = new Promise(resolve => socket.once('close', resolve))
    await other.close()
    await closed
  })
})

describe('a client of HTTP trackers', () => {
  it('takes a packed answer, and follows redirections', async () => {
    const listener: RequestListener = ({ url }, response) => {
      if (url?.startsWith('/announce?')) response.writeHead(302, { location: '/moved/announce' }).end()
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(GOOD))
    }
    const { answer } = await withHttp(listener, base => announce(`${base}/announce`))
    assert.deepEqual(answer.peers, [{ host: '127.0.0.1', port: 80 }])
  })

  it('reads no endless answer, packed or not', async () => {
    const endless: RequestListener = (_, response) => {
      const more = () => {
        if (!response.destroyed && response.write(Buffer.alloc(65_536))) setImmediate(more)
      }
      response.on('drain', more)
      more()
    }
    const packed = gzipSync(Buffer.alloc(50_000_000))
    const bomb: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    }
    await assert.rejects(
      withHttp(endless, base => announce(`${base}/announce`)),
      /too long/,
    )
    await assert.rejects(withHttp(bomb, base => announce(`${base}/announce`)))
  })

  it('tells what went wrong in words', async () => {
    const cases: [RequestListener, RegExp][] = [
      [(_, response) => void response.writeHead(404).end('no'), /HTTP status 404/],
      [(_, response) => void response.end('<html>'), /not a tracker/],
      [(_, response) => void response.end('d14:failure reason4:nopee'), /nope/],
      [(_, response) => void response.writeHead(302, { location: '/announce' }).end(), /again and again/],
      [(_, response) => void response.writeHead(302, { location: 'ftp://x' }).end(), /no HTTP address/],
      [({ socket }) => void socket.destroy(), /hang up|reset/],
    ]
    for (const [listener, reason] of cases) {
      await assert.rejects(
        withHttp(listener, base => announce(`${base}/announce`)),
        reason,
      )
    }
  })

  it('asks nothing on this machine that is not called a tracker', async () => {
    let asked = 0
    const listener: RequestListener = (_, response) => {
      asked++
      response.end(GOOD)
    }
    await assert.rejects(
      withHttp(listener, base => announce(`${base}/delete-all?yes=1`)),
      /announce/,
    )
    assert.equal(asked, 0)
  })
})

describe('a client of UDP trackers', () => {
  it('hears at once that nobody listens', async () => {
    await assert.rejects(announce(`udp://127.0.0.1:${await freePort()}`), /ECONNREFUSED/)
    await assert.rejects(announce('udp://127.0.0.1'), /no port/)
  })
})

describe('the trackers of a torrent on sockets', () => {
  it('asks the next of a tier when one is dead, and says so', async () => {
    const server = await TrackerServer.listen({ port: 0, hosts: ['127.0.0.1'] })
    try {
      const url = `http://127.0.0.1:${server.port}/announce`
      await transport.announce(url, request(7001), AbortSignal.timeout(20_000))
      const { client, peers, found } = clientOf(7002, [['http://127.0.0.1:9/announce', url]])
      client.start()
      await found
      assert.deepEqual(peers, [{ host: '127.0.0.1', port: 7001 }])
      assert.equal(client.status().find(each => each.url === url)?.state, 'working')
      await client.stop()
    } finally {
      await server.close()
    }
  })

  it('leaves ourselves out, and what nobody can dial', async () => {
    const addresses = [127, 0, 0, 1, 0x1b, 0x5a, 224, 0, 0, 1, 0, 80, 0, 0, 0, 0, 0, 80, 127, 0, 0, 1, 0, 81]
    const answer = encodeBencode(new Map([['peers', Uint8Array.from(addresses)]]))
    await withHttp(
      (_, response) => void response.end(answer),
      async base => {
        const { client, peers, found } = clientOf(7002, [[`${base}/announce`]])
        client.start()
        await found
        assert.deepEqual(peers, [{ host: '127.0.0.1', port: 81 }])
        await client.stop()
      },
    )
  })

  it('stops within its time when a tracker does not answer', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const heard = once(silent, 'message')
    const { client } = clientOf(7001, [[`udp://127.0.0.1:${silent.address().port}`]])
    client.start()
    await heard
    const startedMs = performance.now()
    await client.stop()
    assert.ok(performance.now() - startedMs < ASKS_AGAIN_MS)
    silent.close()
  })
})
