import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  encodeHandshake,
  encodeMessage,
  HANDSHAKE_BYTES,
  type InfoHash,
  type PeerAddress,
  type WholeMessage,
  WireDecoder,
} from '@onehop/swarm'
import type { SwarmSession } from '@onehop/swarm-io'
import { content, Scene, sha256Of, until } from './session-scene.ts'

const PIECE = 256 * 1024

/** A peer that shakes hands, and then does whatever it is told to. */
interface Hostile {
  readonly name: string
  /** What it is blamed for; undefined where it is only of no use. */
  readonly code?: string
  /** Begins when the handshakes are exchanged. */
  onReady(say: (bytes: Uint8Array) => void): void
  onMessage?(message: WholeMessage, say: (bytes: Uint8Array) => void): void
}

const has = encodeMessage({ type: 'haveAll' })
const opens = encodeMessage({ type: 'unchoke' })

/** Says that it has everything, and answers every request with what `blockOf` makes. */
function server(blockOf: (length: number) => Uint8Array | undefined): Omit<Hostile, 'name'> {
  return {
    onReady: say => {
      say(has)
      say(opens)
    },
    onMessage: (message, say) => {
      if (message.type !== 'request') return
      const { piece, begin, length } = message
      const block = blockOf(length)
      if (block) say(encodeMessage({ type: 'piece', piece, begin, block }))
    },
  }
}

const HOSTILES: readonly Hostile[] = [
  { name: 'a liar', code: 'corrupt-piece', ...server(length => new Uint8Array(length).fill(7)) },
  { name: 'another', code: 'corrupt-piece', ...server(length => new Uint8Array(length).fill(8)) },
  { name: 'silent', ...server(() => undefined) },
  {
    name: 'absurd',
    code: 'message-too-long',
    onReady: say => say(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3)),
  },
  {
    name: 'flooding',
    code: 'too-many-requests',
    onReady: say => {
      const request = encodeMessage({ type: 'request', piece: 0, begin: 0, length: 16_384 })
      for (let i = 0; i < 3000; i++) say(request)
    },
  },
  {
    name: 'repeating itself',
    code: 'too-many-bitfields',
    onReady: say => {
      for (let i = 0; i < 500; i++) say(encodeMessage({ type: 'bitfield', bits: new Uint8Array(6) }))
    },
  },
  {
    name: 'beyond the last piece',
    code: 'bad-bitfield',
    onReady: say => say(encodeMessage({ type: 'bitfield', bits: new Uint8Array(6).fill(0xff) })),
  },
  {
    name: 'without end',
    onReady: say => {
      const payload = Buffer.from('d1:md11:ut_metadatai1ee13:metadata_sizei99999999999ee')
      say(encodeMessage({ type: 'extended', id: 0, payload }))
    },
  },
]

/** Listens, and plays the hostile to everybody who comes. */
async function listen(hostile: Hostile, infohash: InfoHash, servers: Server[]): Promise<PeerAddress> {
  const server = createServer(socket => play(hostile, infohash, socket))
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

function play(hostile: Hostile, infohash: InfoHash, socket: Socket): void {
  socket.on('error', () => {})
  const say = (bytes: Uint8Array) => void (socket.writable && socket.write(bytes))
  const decoder = new WireDecoder({
    onMessage: message => hostile.onMessage?.(message, say),
    onBlockStart: () => {},
    onBlockBytes: () => {},
    onBlockEnd: () => {},
  })
  let greeted = 0
  socket.on('data', chunk => {
    const rest = chunk.subarray(Math.max(0, HANDSHAKE_BYTES - greeted))
    const wasGreeted = greeted >= HANDSHAKE_BYTES
    greeted += chunk.length
    if (!wasGreeted && greeted >= HANDSHAKE_BYTES) {
      const peerId = Buffer.from(hostile.name.padEnd(20, '-').slice(0, 20))
      say(encodeHandshake({ infohash, peerId, extensions: true, fast: true }))
      hostile.onReady(say)
    }
    decoder.push(rest)
  })
}

describe('hostile peers over TCP', () => {
  let scene: Scene
  const servers: Server[] = []

  beforeEach(async () => {
    scene = await Scene.create()
  })

  afterEach(async () => {
    for (const server of servers.splice(0)) server.close()
    await scene.close()
  })

  async function listening(name: string, limits = {}): Promise<SwarmSession> {
    const session = scene.session(name, { tcp: { port: 0 }, limits })
    await session.start()
    return session
  }

  it('are found out and banned, and the content comes from those who are honest', async () => {
    const path = await scene.write('file.bin', content(40 * PIECE + 99))
    const seeders = [await listening('honest'), await listening('honest too')]
    const infohashes = []
    for (const seeder of seeders) infohashes.push((await seeder.seed(path)).infohash)
    const infohash = infohashes[0]!
    const fetcher = await listening('fetcher', { downloadBytesPerSecond: 6_000_000 })
    const peers: PeerAddress[] = []
    for (const hostile of HOSTILES) peers.push(await listen(hostile, infohash, servers))
    for (const seeder of seeders) peers.push({ host: '127.0.0.1', port: seeder.btPort })
    const result = await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out') })
    assert.equal(await sha256Of(result.path), await sha256Of(path))
    const guilty = HOSTILES.flatMap(({ code }, i) =>
      code === undefined ? [] : [`127.0.0.1:${peers[i]!.port} ${code}`],
    )
    const blamedBy = (name: string) =>
      scene.misbehaviours.filter(line => line.startsWith(name)).map(line => line.split(': ')[1]!)
    await until(() => blamedBy('fetcher').length >= guilty.length)
    assert.deepEqual(blamedBy('fetcher').sort(), guilty.sort())
    // They hear of peers from the fetcher, before it has found them out, and meet some themselves.
    for (const line of blamedBy('honest')) assert.ok(guilty.includes(line), line)
  })
})
