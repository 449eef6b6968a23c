import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { DIAL_TRAFFIC_BYTES, FRAME_TRAFFIC_BYTES } from '../src/index.ts'
import { type ProbedNode, startProbed, stopOverlays, until } from './support/overlays.ts'

/** IPv4 and TCP with time stamps: what each packet costs beside its payload. */
const PACKET_HEADER_BYTES = 52

/** A relay on loopback that counts what passes: bytes, and chunks as they came from the socket. */
class CountingRelay {
  readonly up = { bytes: 0, chunks: 0 }
  readonly down = { bytes: 0, chunks: 0 }
  private readonly server: Server

  constructor(targetPort: number) {
    this.server = createServer(client => {
      const target = connect(targetPort, '127.0.0.1')
      const pipe = (from: typeof client, to: typeof client, count: { bytes: number; chunks: number }) => {
        from.on('data', data => {
          count.bytes += data.length
          count.chunks++
          to.write(data)
        })
        from.on('close', () => to.destroy())
        from.on('error', () => to.destroy())
      }
      pipe(client, target, this.up)
      pipe(target, client, this.down)
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve))
    return (this.server.address() as AddressInfo).port
  }

  close(): void {
    this.server.close()
  }
}

function portOf(node: ProbedNode): number {
  return Number(/tcp\/(\d+)/.exec(node.address)?.[1])
}

describe('what a dial costs', () => {
  afterEach(stopOverlays)

  it('is measured at the socket, and the constant for it is neither too low nor more than half too high', async () => {
    const [first, second] = [await startProbed(), await startProbed()]
    const relay = new CountingRelay(portOf(second))
    const port = await relay.listen()
    const { environment } = first.probe
    const peer = environment.intern(second.node.peerId.toMultihash().bytes)
    environment.learnAddresses(peer, [multiaddr(`/ip4/127.0.0.1/tcp/${port}`).bytes])
    environment.send(peer, { type: 'ask', key: 'ab' })
    await until('it arrived', () => second.probe.received.length === 1)
    await first.node.stop()
    await until('the connection is closed', () => second.node.getConnections().length === 0)
    relay.close()
    // Each chunk is a packet, and at most one that only acknowledges goes the other way.
    const packets = relay.up.chunks + relay.down.chunks
    const messages = first.overlay.stats().bytesSent + FRAME_TRAFFIC_BYTES
    const overheads = [relay.up, relay.down].map(
      ({ bytes }) => bytes - messages + packets * PACKET_HEADER_BYTES,
    )
    const most = Math.max(...overheads)
    assert.ok(most <= DIAL_TRAFFIC_BYTES, `${overheads} bytes, with ${PACKET_HEADER_BYTES} a packet`)
    assert.ok(most >= DIAL_TRAFFIC_BYTES / 1.5, `${overheads} bytes`)
  })
})
