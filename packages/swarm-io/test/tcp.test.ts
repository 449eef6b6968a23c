import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encodeHandshake, toInfoHash, type WireConnection } from '@onehop/swarm'
import { MAX_TCP_ACCEPTS_PER_SECOND, MAX_TCP_GREETINGS_PER_HOST, TcpTransport } from '@onehop/swarm-io'
import { until } from './session-scene.ts'

const HOST = '127.0.0.1'
const INFOHASH = toInfoHash(new Uint8Array(20).fill(7))
const HANDSHAKE = encodeHandshake({
  infohash: INFOHASH,
  peerId: new Uint8Array(20).fill(1),
  extensions: true,
})
const never = new AbortController().signal

/** What a connection has delivered. */
function collect(connection: WireConnection) {
  const collected = {
    bytes: 0,
    last: new Uint8Array(0),
    closed: false,
    error: undefined as Error | undefined,
  }
  connection.onData(bytes => {
    collected.bytes += bytes.length
    collected.last = bytes.slice()
  })
  connection.onClose(error => {
    collected.closed = true
    collected.error = error
  })
  return collected
}

describe('BitTorrent over TCP', () => {
  const ending: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end()
  })

  async function startTransport() {
    const inbound: WireConnection[] = []
    const transport = new TcpTransport({
      infohashes: () => [INFOHASH],
      onConnection: connection => inbound.push(connection),
    })
    ending.push(() => transport.close())
    const port = await transport.listen({ hosts: [HOST], port: 0 })
    return { transport, port, inbound }
  }

  async function startPair() {
    const server = await startTransport()
    const client = await startTransport()
    const outbound = await client.transport.connect({ host: HOST, port: server.port }, INFOHASH, never)
    outbound.send(HANDSHAKE.slice())
    await until(() => server.inbound.length > 0)
    return { ...server, client, outbound, inbound: server.inbound[0]! }
  }

  async function rawSocket(port: number): Promise<Socket> {
    const socket = connect(port, HOST)
    socket.on('error', () => {})
    ending.push(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  it('carries bytes both ways, from the handshake to the end', async () => {
    const { outbound, inbound, port } = await startPair()
    assert.deepEqual(outbound.address, { host: HOST, port })
    assert.equal(outbound.remotePeer, `${HOST}:${port}`)
    assert.equal(inbound.transport, 'tcp')
    assert.equal(inbound.isEncrypted, false)
    const [there, back] = [collect(inbound), collect(outbound)]
    await until(() => there.bytes === HANDSHAKE.length)
    assert.deepEqual(there.last, HANDSHAKE)
    inbound.send(Uint8Array.of(1, 2, 3))
    await until(() => back.bytes === 3)
    inbound.send(new Uint8Array(1_000_000))
    inbound.close()
    await until(() => back.closed && there.closed)
    assert.equal(back.bytes, 1_000_003)
    assert.equal(back.error, undefined)
  })

  it('delivers nothing while it is paused, and everything after', async () => {
    const { outbound, inbound } = await startPair()
    const there = collect(inbound)
    await until(() => there.bytes === HANDSHAKE.length)
    inbound.pause!()
    let drained = 0
    outbound.onDrain(() => drained++)
    let sent = 0
    while (outbound.send(new Uint8Array(100_000))) sent += 100_000
    sent += 100_000
    outbound.send(Uint8Array.of(9))
    inbound.resume!()
    await until(() => there.bytes === HANDSHAKE.length + sent + 1)
    assert.deepEqual([...there.last.slice(-1)], [9])
    assert.ok(drained > 0)
  })

  it('calls no listener while it is being set', async () => {
    const { inbound } = await startPair()
    let isSet = false
    let calls = 0
    inbound.onData(() => {
      assert.ok(isSet)
      calls++
    })
    isSet = true
    await until(() => calls === 1)
  })

  it('tells the end after the last byte, also where nobody listened in time', async () => {
    const { outbound, inbound } = await startPair()
    outbound.send(Uint8Array.of(5))
    outbound.close()
    await once(outbound as never, 'nothing', { signal: AbortSignal.timeout(1) }).catch(() => {})
    const there = collect(inbound)
    await until(() => there.closed)
    assert.equal(there.bytes, HANDSHAKE.length + 1)
  })

  it('listens at the same port on several addresses, and says whose port it is when it is taken', async () => {
    const { transport } = await startTransport()
    const several = new TcpTransport({ infohashes: () => [INFOHASH], onConnection: () => {} })
    ending.push(() => several.close())
    const port = await several.listen({ hosts: [HOST, '127.0.0.2'], port: 0 })
    for (const host of [HOST, '127.0.0.2']) {
      ;(await transport.connect({ host, port }, INFOHASH, never)).close()
    }
    const another = new TcpTransport({ infohashes: () => [INFOHASH], onConnection: () => {} })
    await assert.rejects(another.listen({ hosts: [HOST], port }), { code: 'in-use' })
  })

  it('says that nobody is there, and stops when it is told to', async () => {
    const { transport, port } = await startTransport()
    await transport.close()
    const { transport: client } = await startTransport()
    await assert.rejects(client.connect({ host: HOST, port }, INFOHASH, never))
    await assert.rejects(client.connect({ host: HOST, port }, INFOHASH, AbortSignal.abort()))
  })

  it('does not stay half open', async () => {
    const { port, inbound } = await startTransport()
    const socket = await rawSocket(port)
    socket.write(HANDSHAKE)
    await until(() => inbound.length === 1)
    const there = collect(inbound[0]!)
    socket.end()
    await until(() => there.closed && socket.destroyed)
  })

  it('closes on what is no handshake', async () => {
    const { port, inbound } = await startTransport()
    const socket = await rawSocket(port)
    const closed = once(socket, 'close')
    socket.resume()
    socket.write('\u0013BitTorrent protocoX'.padEnd(1000))
    await closed
    assert.equal(inbound.length, 0)
  })

  it('takes only so many connections of one host in a second', async () => {
    const { port } = await startTransport()
    let refused = 0
    for (let opened = 0; refused === 0 && opened <= 3 * MAX_TCP_ACCEPTS_PER_SECOND; opened++) {
      const socket = connect(port, HOST)
      socket.on('error', () => refused++)
      await once(socket, 'connect').catch(() => {})
      socket.destroy()
    }
    assert.ok(refused > 0)
  })

  it('keeps only so many connections of one host that say nothing', async () => {
    const { port, inbound, transport } = await startTransport()
    const silent = await Promise.all(
      Array.from({ length: MAX_TCP_GREETINGS_PER_HOST }, () => rawSocket(port)),
    )
    const oneMore = await rawSocket(port)
    await until(() => oneMore.destroyed)
    assert.ok(silent.every(socket => !socket.destroyed))
    silent[0]!.write(HANDSHAKE)
    await until(() => inbound.length === 1)
    silent[1]!.destroy()
    const { transport: client } = await startTransport()
    await until(async () => {
      const connection = await client.connect({ host: HOST, port }, INFOHASH, never)
      connection.send(HANDSHAKE.slice())
      const { closed } = collect(connection)
      return !closed && inbound.length === 2
    })
    await transport.close()
  })
})
