import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { mock } from 'node:test'
import { hexToBytes } from '@onehop/primitives'
import { encodeHandshake, toInfoHash, type WireConnection } from '@onehop/swarm'
import { type EncryptionPolicy, TCP_GREETING_TIMEOUT_MS, TcpTransport } from '@onehop/swarm-io'
import { keyStreams, MAX_PAD_BYTES, numbers } from '../src/tcp/encryption/handshake-format.ts'
import { hashOf, KeyExchange, PUBLIC_KEY_BYTES } from '../src/tcp/encryption/key-exchange.ts'
import { Rc4 } from '../src/tcp/encryption/rc4.ts'
import { until } from './session-scene.ts'

const HOST = '127.0.0.1'
const INFOHASH = toInfoHash(new Uint8Array(20).fill(7))
const OTHER_INFOHASH = toInfoHash(new Uint8Array(20).fill(8))
const HANDSHAKE = encodeHandshake({
  infohash: INFOHASH,
  peerId: new Uint8Array(20).fill(1),
  extensions: true,
})
const POLICIES: readonly EncryptionPolicy[] = ['allow', 'prefer', 'require']
const never = new AbortController().signal

describe('RC4', () => {
  it('is what RFC 6229 says', () => {
    const cipher = new Rc4(hexToBytes('0102030405'))
    const stream = new Uint8Array(32)
    cipher.apply(stream)
    assert.deepEqual(stream, hexToBytes('b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919'))
    cipher.skip(1024 - 32)
    const later = new Uint8Array(16)
    cipher.apply(later)
    assert.deepEqual(later, hexToBytes('30abbcc7c20b01609f23ee2d5f6bb7df'))
  })
})

describe('the key exchange of MSE', () => {
  it('gives both sides one secret, and another one each time', () => {
    const [ours, theirs, others] = [new KeyExchange(), new KeyExchange(), new KeyExchange()]
    const secret = ours.sharedSecret(theirs.publicKey)
    assert.equal(secret.length, PUBLIC_KEY_BYTES)
    assert.deepEqual(theirs.sharedSecret(ours.publicKey), secret)
    assert.notDeepEqual(others.sharedSecret(ours.publicKey), secret)
  })

  it('refuses keys that make the secret known to everybody', () => {
    const exchange = new KeyExchange()
    for (const lastByte of [0, 1]) {
      const key = new Uint8Array(PUBLIC_KEY_BYTES)
      key[PUBLIC_KEY_BYTES - 1] = lastByte
      assert.throws(() => exchange.sharedSecret(key))
    }
    assert.throws(() => exchange.sharedSecret(new Uint8Array(PUBLIC_KEY_BYTES).fill(0xff)))
  })
})

describe('BitTorrent over TCP, encrypted', () => {
  const ending: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end()
  })

  async function startTransport(encryption: EncryptionPolicy, infohashes = [OTHER_INFOHASH, INFOHASH]) {
    const inbound: WireConnection[] = []
    const transport = new TcpTransport({
      encryption,
      infohashes: () => infohashes,
      onConnection: connection => inbound.push(connection),
    })
    ending.push(() => transport.close())
    const port = await transport.listen({ hosts: [HOST], port: 0 })
    return { transport, port, inbound }
  }

  async function rawSocket(port: number): Promise<Socket> {
    const socket = connect(port, HOST)
    socket.on('error', () => {})
    ending.push(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  /** What a connection delivers, and when it ends. */
  function collect(connection: WireConnection) {
    const collected = { bytes: Buffer.alloc(0), closed: false }
    connection.onData(bytes => {
      collected.bytes = Buffer.concat([collected.bytes, bytes])
    })
    connection.onClose(() => {
      collected.closed = true
    })
    return collected
  }

  async function talk(ours: EncryptionPolicy, theirs: EncryptionPolicy) {
    const server = await startTransport(theirs)
    const client = await startTransport(ours)
    const outbound = await client.transport.connect({ host: HOST, port: server.port }, INFOHASH, never)
    const back = collect(outbound)
    outbound.send(HANDSHAKE.slice())
    await until(() => server.inbound.length > 0)
    const inbound = server.inbound[0]!
    const there = collect(inbound)
    inbound.send(HANDSHAKE.slice())
    await until(() => back.bytes.length === HANDSHAKE.length && there.bytes.length === HANDSHAKE.length)
    const many = new Uint8Array(randomBytes(300_000))
    outbound.send(many.slice())
    inbound.send(many.slice())
    await until(() => back.bytes.length + there.bytes.length === 2 * (HANDSHAKE.length + many.length))
    const all = Buffer.concat([HANDSHAKE, many])
    assert.ok(back.bytes.equals(all) && there.bytes.equals(all))
    assert.equal(outbound.isEncrypted, inbound.isEncrypted)
    return inbound.isEncrypted
  }

  for (const ours of POLICIES) {
    for (const theirs of POLICIES) {
      it(`connects one that would ${ours} with one that would ${theirs}`, async () => {
        const isEncrypted = await talk(ours, theirs)
        const plain = ours === 'allow' ? theirs !== 'require' : ours === 'prefer' && theirs === 'allow'
        assert.equal(isEncrypted, !plain)
      })
    }
  }

  it('falls back to plain text where nobody understands it', async () => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', bytes => (bytes[0] === 0x13 ? socket.write(HANDSHAKE) : socket.destroy()))
    }).listen(0, HOST)
    ending.push(() => server.close())
    await once(server, 'listening')
    const address = { host: HOST, port: (server.address() as { port: number }).port }
    const { transport } = await startTransport('prefer')
    const connection = await transport.connect(address, INFOHASH, never)
    const back = collect(connection)
    connection.send(HANDSHAKE.slice())
    await until(() => back.bytes.length === HANDSHAKE.length)
    connection.close()
    const strict = await startTransport('require')
    await assert.rejects(strict.transport.connect(address, INFOHASH, never))
  })

  it('takes nothing in plain text where encryption is required', async () => {
    const { port, inbound } = await startTransport('require')
    const socket = await rawSocket(port)
    const closed = once(socket, 'close')
    socket.write(HANDSHAKE)
    await closed
    assert.equal(inbound.length, 0)
  })

  it('closes on who does not know a torrent of ours', async () => {
    const server = await startTransport('require', [OTHER_INFOHASH])
    const client = await startTransport('require')
    await assert.rejects(client.transport.connect({ host: HOST, port: server.port }, INFOHASH, never))
    assert.equal(server.inbound.length, 0)
  })

  it('closes on garbage, on padding that never ends, and on keys that do not fit', async () => {
    const { port, inbound } = await startTransport('allow')
    const garbage = await rawSocket(port)
    const weak = await rawSocket(port)
    const wrong = await rawSocket(port)
    const closed = [garbage, weak, wrong].map(socket => once(socket, 'close'))
    for (const socket of [garbage, weak, wrong]) socket.resume()
    garbage.write(randomBytes(5000).fill(0xee, 0, 1))
    weak.write(new Uint8Array(PUBLIC_KEY_BYTES))
    const exchange = new KeyExchange()
    const [theirs] = (await Promise.all([once(wrong, 'data'), wrong.write(exchange.publicKey)]))[0] as [
      Buffer,
    ]
    const secret = exchange.sharedSecret(theirs.subarray(0, PUBLIC_KEY_BYTES))
    const proof = hashOf('req2', INFOHASH).map((byte, i) => byte ^ hashOf('req3', secret)[i]!)
    wrong.write(Buffer.concat([hashOf('req1', secret), proof, randomBytes(100)]))
    await Promise.all(closed)
    assert.equal(inbound.length, 0)
  })

  it('closes on padding that is said to be longer than any', async () => {
    const { port, inbound } = await startTransport('allow')
    const socket = await rawSocket(port)
    const exchange = new KeyExchange()
    socket.write(exchange.publicKey)
    const [theirs] = (await once(socket, 'data')) as [Buffer]
    const secret = exchange.sharedSecret(theirs.subarray(0, PUBLIC_KEY_BYTES))
    const proof = hashOf('req2', INFOHASH).map((byte, i) => byte ^ hashOf('req3', secret)[i]!)
    const offer = new Uint8Array(14)
    offer.set(numbers([3, 4], [MAX_PAD_BYTES + 1, 2]), 8)
    keyStreams(secret, INFOHASH).a.apply(offer)
    socket.write(Buffer.concat([hashOf('req1', secret), proof, offer]))
    await until(() => socket.destroyed)
    assert.equal(inbound.length, 0)
  })

  it('does not wait for a slow-loris', async () => {
    const { port, inbound } = await startTransport('allow')
    mock.timers.enable({ apis: ['setTimeout'] })
    ending.push(() => mock.timers.reset())
    const socket = await rawSocket(port)
    socket.write(new KeyExchange().publicKey)
    await once(socket, 'data')
    socket.write(Uint8Array.of(1))
    mock.timers.tick(TCP_GREETING_TIMEOUT_MS)
    mock.timers.reset()
    await until(() => socket.destroyed)
    assert.equal(inbound.length, 0)
  })
})
