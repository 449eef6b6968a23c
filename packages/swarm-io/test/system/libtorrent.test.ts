import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, SeededRandom, sha1 } from '@onehop/primitives'
import {
  type Bencoded,
  encodeBencode,
  formatMagnet,
  infohashOfV2,
  type PeerAddress,
  parseTorrentFile,
  type TorrentFile,
} from '@onehop/swarm'
import { type FetchProgress, SwarmSession, TrackerServer } from '@onehop/swarm-io'
import { hasLibtorrent, Libtorrent } from './libtorrent.ts'

const PIECE_LENGTH = 16_384
/** More pieces than hashes fit into one message (BEP 52), files of one piece, of none, and short last blocks. */
const FILES: Readonly<Record<string, number>> = {
  'large.bin': 700 * PIECE_LENGTH + 5,
  'small/one.bin': 700,
  'small/two.bin': PIECE_LENGTH,
  'three.bin': 3 * PIECE_LENGTH - 1,
  empty: 0,
}

describe('libtorrent', () => {
  const contents = new Map<string, Uint8Array>()
  const begun: { end(): Promise<void> }[] = []
  let directory: string
  let published: string

  before(async function () {
    if (!hasLibtorrent()) {
      console.log('      python3-libtorrent is not installed')
      this.skip()
    }
    directory = await mkdtemp(join(tmpdir(), 'onehop-libtorrent-'))
    published = join(directory, 'published', 'folder')
    await mkdir(join(published, 'small'), { recursive: true })
    const random = new SeededRandom(52)
    for (const [name, length] of Object.entries(FILES)) {
      contents.set(name, random.bytes(length))
      await writeFile(join(published, name), contents.get(name)!)
    }
  })
  afterEach(() => Promise.all(begun.splice(0).map(each => each.end())))
  after(() => directory && rm(directory, { recursive: true, force: true }))

  async function startSession(name: string): Promise<SwarmSession> {
    const session = new SwarmSession({ resumeDir: join(directory, name), tcp: { port: 0 } })
    begun.push({ end: () => session.close() })
    await session.start()
    return session
  }

  function startLibtorrent(source: string, folder: string, peer?: PeerAddress): Libtorrent {
    const client = new Libtorrent(source, folder, peer)
    begun.push(client)
    return client
  }

  /** Publishes the folder in a session. */
  async function publish(session: SwarmSession, version: 'v1' | 'v2' | 'hybrid') {
    const { infohash } = await session.seed(published, { version, pieceLengthBytes: PIECE_LENGTH })
    const bytes = await session.torrentFile(infohash)
    const path = join(directory, `${version}.torrent`)
    await writeFile(path, bytes)
    return { path, file: parsed(bytes) }
  }

  function parsed(bytes: Uint8Array): TorrentFile {
    const file = parseTorrentFile(bytes, { sha1 })
    assert.ok(file.ok)
    return file.value
  }

  async function assertFetched(folder: string): Promise<void> {
    for (const [name, content] of contents)
      assert.equal(Buffer.compare(await readFile(join(folder, 'folder', name)), content), 0, name)
  }

  /** The ways in which somebody may be told of a torrent. */
  function sourcesOf({ info }: TorrentFile, path: string): [what: string, source: string][] {
    const { infohash, infohashV2 } = info
    const links: [string, string][] = [[' by a magnet link', formatMagnet(info)]]
    if (info.version === 'hybrid' && infohashV2) {
      links.push([' by its v1 infohash', formatMagnet({ infohash })])
      links.push([' by its v2 infohash', formatMagnet({ infohashV2 })])
    }
    return [[' by a .torrent', path], ...links]
  }

  it('seeds v2 to us to the end, though we stop half-way and begin again', async () => {
    const publisher = await startSession('publishing')
    const { path, file } = await publish(publisher, 'v2')
    await publisher.close()
    const peers = [await startLibtorrent(path, join(directory, 'published')).complete()]
    const { infohash, infohashV2 } = file.info
    const outputDir = join(directory, 'resumed')
    const first = await startSession('resuming')
    const source = { infohash, infohashV2: infohashV2!, peers }
    const limits = { downloadBytesPerSecond: 2_000_000 }
    const half = new AbortController()
    const onProgress = ({ pieces, piecesDone }: FetchProgress) => {
      if (pieces > 0 && piecesDone > pieces / 3) half.abort()
    }
    await assert.rejects(first.fetch(source, { outputDir, limits, onProgress, signal: half.signal }))
    const { piecesDone } = first.get(infohash)!
    await first.close()
    const second = await startSession('resuming')
    await second.restore()
    const { pieces, ...restored } = second.get(infohash)!
    assert.ok(piecesDone < pieces && restored.piecesDone >= piecesDone, `${restored.piecesDone} of ${pieces}`)
    const { pieceLayers } = parsed(await second.torrentFile(infohash))
    assert.equal(pieceLayers?.isComplete, true)
    await second.fetch(source, { outputDir })
    await assertFetched(outputDir)
  })

  for (const version of ['v1', 'hybrid', 'v2'] as const) {
    it(`fetches ${version} from us, however it is told`, async () => {
      const session = await startSession(`seeding-${version}`)
      const { path, file } = await publish(session, version)
      const peer = { host: '127.0.0.1', port: session.btPort }
      for (const [what, source] of sourcesOf(file, path)) {
        const folder = join(directory, `${version}${what}`)
        const client = startLibtorrent(source, folder, peer)
        await client.complete()
        await client.end()
        await assertFetched(folder)
      }
    })

    it(`seeds ${version} to us, however we are told`, async () => {
      const publisher = await startSession(`publishing-${version}`)
      const { path, file } = await publish(publisher, version)
      await publisher.close()
      const peers = [await startLibtorrent(path, join(directory, 'published')).complete()]
      const { infohash, infohashV2 } = file.info
      const sources = [
        { torrent: file, peers },
        { infohash, peers },
        ...(version === 'hybrid'
          ? [{ infohash: infohashOfV2(infohashV2!), infohashV2: infohashV2!, peers }]
          : []),
      ]
      for (const [i, source] of sources.entries()) {
        const session = await startSession(`fetching-${version}-${i}`)
        const outputDir = join(directory, `fetched-${version}-${i}`)
        await session.fetch(source, { outputDir })
        await assertFetched(outputDir)
        const known = parsed(await session.torrentFile(source.infohash ?? infohash))
        assert.deepEqual(known.info.bytes, file.info.bytes)
        if (version === 'v2') assert.equal(known.pieceLayers?.isComplete, true)
      }
    })
  }

  it('finds a hybrid of ours through a tracker by its v2 infohash only', async () => {
    const tracker = await TrackerServer.listen({ port: 0, hosts: ['127.0.0.1'] })
    begun.push({ end: () => tracker.close() })
    const session = await startSession('announcing')
    const trackers = [`udp://127.0.0.1:${tracker.port}`]
    const { infohashV2 } = await session.seed(published, { version: 'hybrid', trackers: [trackers] })
    const folder = join(directory, 'tracked')
    await startLibtorrent(formatMagnet({ infohashV2: infohashV2!, trackers }), folder).complete()
    await assertFetched(folder)
  })

  /** A folder with names in Windows-1252, GBK and Shift-JIS, as clients of old published it. @returns its .torrent. */
  function oldTorrent(): { readonly bytes: Uint8Array; readonly files: readonly Uint8Array[] } {
    const names = [
      [0x4d, 0xfc, 0x6e, 0x63, 0x68, 0x65, 0x6e], // München
      [0xb5, 0xda, 0xd2, 0xbb, 0xd5, 0xc2], // 第一章
      [0xb5, 0xda, 0xb6, 0xfe, 0xd5, 0xc2], // 第二章
      [0x95, 0x5c], // 表
    ]
    const files = names.map((_, i) => new SeededRandom(i + 1).bytes(3 * PIECE_LENGTH + i))
    const stream = concatBytes(...files)
    const pieces = Array.from({ length: Math.ceil(stream.length / PIECE_LENGTH) }, (_, i) =>
      sha1(stream.subarray(i * PIECE_LENGTH, (i + 1) * PIECE_LENGTH)),
    )
    const info = new Map<string, Bencoded>([
      [
        'files',
        names.map(
          (name, i) =>
            new Map<string, Bencoded>([
              ['length', files[i]!.length],
              ['path', [Uint8Array.from(name)]],
            ]),
        ),
      ],
      ['name', Uint8Array.of(0xb8, 0xe8)],
      ['piece length', PIECE_LENGTH],
      ['pieces', concatBytes(...pieces)],
    ])
    return { bytes: encodeBencode(new Map([['info', info]])), files }
  }

  it('exchanges with us a torrent whose names are not UTF-8, in both directions', async () => {
    const { bytes, files } = oldTorrent()
    const path = join(directory, 'old.torrent')
    await writeFile(path, bytes)
    const torrent = parsed(bytes)
    const { infohash } = torrent.info
    const own = join(directory, 'old-own')
    for (const [i, { path: names }] of torrent.info.files.entries()) {
      await mkdir(join(own, names[0]!), { recursive: true })
      await writeFile(join(own, ...names), files[i]!)
    }
    const seeder = await startSession('old-seeding')
    await seeder.fetch({ torrent }, { outputDir: own })
    const peer = { host: '127.0.0.1', port: seeder.btPort }
    const theirs = join(directory, 'old-theirs')
    const peers = [await startLibtorrent(formatMagnet({ infohash }), theirs, peer).complete()]
    await seeder.close()
    const fetcher = await startSession('old-fetching')
    const outputDir = join(directory, 'old-fetched')
    await fetcher.fetch({ infohash, peers }, { outputDir })
    for (const [i, { path: names }] of torrent.info.files.entries())
      assert.equal(Buffer.compare(await readFile(join(outputDir, ...names)), files[i]!), 0, names.join('/'))
    assert.deepEqual((await readdir(outputDir)).sort(), ['¸è'])
  })
})
