import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import type { WireConnection } from '../src/index.ts'
import { startNode, stopNodes, until } from './support/nodes.ts'

const CHUNK_BYTES = 64 * 1024
const CHUNKS = 128

/** Sends until told to stop, as a well-behaved swarm does. @returns how many chunks have left. */
function pourChunks(connection: WireConnection, chunks: number): () => number {
  let sent = 0
  const pour = () => {
    while (sent < chunks) {
      const room = connection.send(connection.allocate(CHUNK_BYTES).fill(sent & 0xff))
      sent++
      if (!room) return
    }
    connection.close()
  }
  connection.onDrain(pour)
  pour()
  return () => sent
}

function hashOfChunks(): string {
  const hash = createHash('sha256')
  for (let i = 0; i < CHUNKS; i++) hash.update(new Uint8Array(CHUNK_BYTES).fill(i & 0xff))
  return hash.digest('hex')
}

describe('swarm streams', () => {
  afterEach(stopNodes)

  async function connectTwo(): Promise<[WireConnection, WireConnection]> {
    let inbound: WireConnection | undefined
    const server = await startNode({
      onSwarmStream: connection => {
        inbound = connection
      },
    })
    const client = await startNode()
    const outbound = await client.network.openSwarmStream(server.network.peerId, server.network.addresses())
    await until('the stream arrived', () => inbound !== undefined)
    assert.equal(inbound!.remotePeer, client.network.peerId)
    assert.equal(outbound.remotePeer, server.network.peerId)
    return [outbound, inbound!]
  }

  it('move 8 MB, and end after the last byte', async () => {
    const [outbound, inbound] = await connectTwo()
    const hash = createHash('sha256')
    let received = 0
    let closed: { error?: Error } | undefined
    inbound.onData(bytes => {
      received += bytes.length
      hash.update(bytes)
    })
    inbound.onClose(error => {
      closed = error === undefined ? {} : { error }
    })
    pourChunks(outbound, CHUNKS)
    await until('the stream ended', () => closed !== undefined)
    assert.equal(closed?.error, undefined)
    assert.equal(received, CHUNKS * CHUNK_BYTES)
    assert.equal(hash.digest('hex'), hashOfChunks())
  })

  it('write no part of a message by itself', async () => {
    const [outbound, inbound] = await connectTwo()
    const lengths: number[] = []
    const { write } = Socket.prototype
    Socket.prototype.write = function (this: Socket, ...args: Parameters<typeof write>) {
      lengths.push((args[0] as Uint8Array).length)
      return write.apply(this, args)
    } as typeof write
    try {
      let received = 0
      inbound.onData(bytes => {
        received += bytes.length
      })
      pourChunks(outbound, 16)
      await until('all has arrived', () => received === 16 * CHUNK_BYTES)
    } finally {
      Socket.prototype.write = write
    }
    // A length alone has 2 bytes, a tag 16; the least message has both, and a header of Yamux.
    assert.deepEqual(
      lengths.filter(length => length < 2 + 12 + 16),
      [],
    )
    assert.ok(lengths.length > 0)
  })

  it('give memory back as soon as what came in it was read, and leave copies of it alone', async () => {
    const [outbound, inbound] = await connectTwo()
    const kept: Uint8Array[] = []
    const copies: Uint8Array[] = []
    let received = 0
    inbound.onData(bytes => {
      received += bytes.length
      kept.push(bytes)
      copies.push(bytes.slice())
    })
    const message = outbound.allocate(128 * 1024)
    outbound.send(message.fill(1))
    await until('all has arrived', () => received === 128 * 1024)
    const left = kept.reduce((sum, bytes) => sum + bytes.length, 0)
    assert.ok(left < received / 2, `${left} bytes are still there`)
    assert.ok(Buffer.concat(copies).equals(Buffer.alloc(received, 1)))
  })

  it('hold the sender back while the receiver pauses, and lose nothing', async () => {
    const [outbound, inbound] = await connectTwo()
    const hash = createHash('sha256')
    let received = 0
    let paused = false
    let closed = false
    inbound.onData(bytes => {
      assert.equal(paused, false)
      received += bytes.length
      hash.update(bytes)
      if (received > 0 && received % (1024 * 1024) < CHUNK_BYTES && !paused) {
        paused = true
        inbound.pause()
        setTimeout(() => {
          paused = false
          inbound.resume()
        }, 20)
      }
    })
    inbound.onClose(() => {
      closed = true
    })
    pourChunks(outbound, CHUNKS)
    await until('the stream ended', () => closed)
    assert.equal(received, CHUNKS * CHUNK_BYTES)
    assert.equal(hash.digest('hex'), hashOfChunks())
  })

  it('do not take more than a window from a sender whom nobody reads', async () => {
    const [outbound, inbound] = await connectTwo()
    inbound.pause()
    const many = 400
    const sent = pourChunks(outbound, many)
    let before = -1
    await until('the sender stands still', async () => {
      const stands = before === sent()
      before = sent()
      await new Promise(resolve => setTimeout(resolve, 50))
      return stands
    })
    assert.ok(sent() < many, `${sent()} chunks left`)
    let received = 0
    inbound.onData(bytes => {
      received += bytes.length
    })
    inbound.resume()
    await until('all came', () => received === many * CHUNK_BYTES)
  })

  it('tell when the other node is gone', async () => {
    const [outbound, inbound] = await connectTwo()
    let closed = false
    inbound.onData(() => {})
    inbound.onClose(() => {
      closed = true
    })
    outbound.close()
    await until('the other end heard', () => closed)
  })

  it('are refused where nobody wants them, and to peers that nobody can reach', async () => {
    const server = await startNode()
    const client = await startNode()
    const stream = await client.network.openSwarmStream(server.network.peerId, server.network.addresses())
    let closed = false
    stream.onClose(() => {
      closed = true
    })
    await until('it was refused', () => closed)
    const gone = await startNode()
    const addresses = gone.network.addresses()
    await gone.network.stop()
    await assert.rejects(client.network.openSwarmStream(gone.network.peerId, addresses))
    await assert.rejects(client.network.openSwarmStream(gone.network.peerId))
  })
})
