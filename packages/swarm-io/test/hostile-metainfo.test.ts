import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha1, utf8Encode } from '@onehop/primitives'
import {
  type Bencoded,
  BLOCK_BYTES,
  encodeBencode,
  encodeHandshake,
  encodeMessage,
  encodeMetadataMessage,
  HANDSHAKE_BYTES,
  MAX_FILES,
  parseExtensionHandshake,
  parseMetadataMessage,
  toInfoHash,
  WireDecoder,
} from '@onehop/swarm'
import { SwarmError, SwarmSession } from '@onehop/swarm-io'

/** The number under which this peer takes ut_metadata messages. */
const UT_METADATA = 3

/** A peer that has an info dictionary of any kind, and gives it to whoever asks (BEP 9). */
class MetadataPeer {
  private readonly metadata: Uint8Array
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  constructor(metadata: Uint8Array) {
    this.metadata = metadata
    this.server = createServer(socket => this.serve(socket))
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return (this.server.address() as { port: number }).port
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('error', () => socket.destroy())
    let theirUtMetadata = 0
    const decoder = new WireDecoder({
      onMessage: message => {
        if (message.type !== 'extended') return
        if (message.id !== 0) this.answer(socket, theirUtMetadata, message.payload)
        else {
          const handshake = parseExtensionHandshake(message.payload)
          theirUtMetadata = (handshake.ok && handshake.value.utMetadataId) || 0
        }
      },
      onBlockStart: () => {},
      onBlockBytes: () => {},
      onBlockEnd: () => {},
    })
    let head = Buffer.alloc(0)
    socket.on('data', chunk => {
      if (head.length >= HANDSHAKE_BYTES) return void decoder.push(chunk)
      head = Buffer.concat([head, chunk])
      if (head.length < HANDSHAKE_BYTES) return
      this.greet(socket)
      decoder.push(head.subarray(HANDSHAKE_BYTES))
    })
  }

  private greet(socket: Socket): void {
    const infohash = toInfoHash(sha1(this.metadata))
    socket.write(encodeHandshake({ infohash, peerId: new Uint8Array(20).fill(1), extensions: true }))
    const payload = encodeBencode(
      new Map<string, Bencoded>([
        ['m', new Map([['ut_metadata', UT_METADATA]])],
        ['metadata_size', this.metadata.length],
      ]),
    )
    socket.write(encodeMessage({ type: 'extended', id: 0, payload }))
  }

  private answer(socket: Socket, id: number, request: Uint8Array): void {
    const message = parseMetadataMessage(request)
    if (!message.ok || message.value?.type !== 'request') return
    const { piece } = message.value
    const data = this.metadata.subarray(piece * BLOCK_BYTES, (piece + 1) * BLOCK_BYTES)
    const payload = encodeMetadataMessage({ type: 'data', piece, totalSize: this.metadata.length, data })
    socket.write(encodeMessage({ type: 'extended', id, payload }))
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

function infoOf(fields: Record<string, Bencoded>): Uint8Array {
  const common = { 'piece length': BLOCK_BYTES, pieces: sha1(utf8Encode('evil')), name: utf8Encode('folder') }
  return encodeBencode(new Map(Object.entries({ ...common, ...fields })))
}

function folderOf(...paths: string[]): Uint8Array {
  const files = paths.map((path, i) => {
    const length: [string, Bencoded] = ['length', i === 0 ? 4 : 0]
    return new Map<string, Bencoded>([length, ['path', path.split('|').map(utf8Encode)]])
  })
  return infoOf({ files })
}

const EVIL: readonly [what: string, metadata: Uint8Array][] = [
  ['a name that leaves the folder', infoOf({ name: utf8Encode('../evil'), length: 4 })],
  ['an absolute name', infoOf({ name: utf8Encode('/tmp/onehop-evil'), length: 4 })],
  ['a device for a name', infoOf({ name: utf8Encode('NUL'), length: 4 })],
  ['a folder that is its own parent', infoOf({ name: utf8Encode('..'), files: [] })],
  ['a path that leaves the folder', folderOf('..|..|evil')],
  ['a path with a separator in it', folderOf('a/../../evil')],
  ['a path with a backslash in it', folderOf('..\\evil')],
  ['two files in one place', folderOf('a', 'A')],
  ['a file inside a file', folderOf('a', 'a|b')],
  ['a million files', folderOf(...Array.from({ length: MAX_FILES + 1 }, (_, i) => `${i}`))],
]

describe('metainfo that means harm', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onehop-evil-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  for (const [what, metadata] of EVIL) {
    it(`with ${what} ends a fetch, and nothing is written`, async () => {
      const peer = new MetadataPeer(metadata)
      const session = new SwarmSession({ resumeDir: join(directory, 'resume'), tcp: { port: 0 } })
      try {
        const peers = [{ host: '127.0.0.1', port: await peer.listen() }]
        const outputDir = join(directory, 'a', 'b', 'c')
        await assert.rejects(session.fetch({ infohash: sha1(metadata), peers }, { outputDir }), error => {
          assert.ok(error instanceof SwarmError, String(error))
          assert.equal(error.code, 'bad-metainfo')
          return true
        })
        const written = await readdir(directory, { recursive: true, withFileTypes: true })
        const places = written
          .filter(entry => entry.isFile())
          .map(entry => join(entry.parentPath, entry.name))
        assert.deepEqual(
          places.filter(place => !place.startsWith(join(directory, 'resume'))),
          [],
        )
      } finally {
        await session.close()
        await peer.close()
      }
    })
  }
})
