import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex, concatBytes, DecodeError, utf8Encode } from '@onehop/primitives'
import {
  type Bencoded,
  Bitfield,
  BLOCK_BYTES,
  decodeBencode,
  encodeBencode,
  hashBlocks,
  infohashOfV2,
  infoKnownAs,
  merkleRoot,
  PieceLayers,
  pieceCount,
} from '@onehop/swarm'
import { SwarmError } from '@onehop/swarm-io'
import { decodeRecord } from '../../src/resume/decode-record.ts'
import { encodeDescription, encodeRecord } from '../../src/resume/encode-record.ts'
import type { ResumeRecord } from '../../src/resume/resume-record.ts'
import { ResumeStore } from '../../src/resume/resume-store.ts'
import { defaultSettings } from '../../src/torrent/torrent-settings.ts'
import { folderSample, PIECE, sha256, singleSample } from '../storage/storage-scene.ts'

const album = folderSample({ a: PIECE, b: 10, c: 3 * PIECE })
const noCounters = { uploadedBytes: 0, downloadedBytes: 0, seedingMs: 0 }

/** Everything that there may be. */
function fullRecord(): ResumeRecord {
  const have = new Bitfield(pieceCount(album.info))
  have.set(2)
  return {
    infohash: album.info.infohash,
    infohashV2: new Uint8Array(32).fill(3),
    info: album.info,
    settings: {
      ...defaultSettings(),
      isPaused: true,
      isSequential: true,
      limits: { downloadBytesPerSecond: 1000, seedRatio: 1.5, seedMinutes: 0 },
      priorities: ['skip', 'low', 'high'],
      target: { outputDir: '/tmp/ä' },
      trackers: [['http://a/announce', 'udp://b:1'], ['http://c']],
      peers: [{ host: '::1', port: 6881 }],
      displayName: 'an album',
      words: ['one', 'two'],
    },
    counters: { uploadedBytes: 2 ** 45, downloadedBytes: 7, seedingMs: 1234 },
    reason: 'The seeding goal is reached.',
    content: {
      placement: { path: '/tmp/there', renamed: new Map([[1, ['x', 'y']]]) },
      former: { path: '/tmp/here', renamed: new Map() },
      isFinished: false,
      have,
      stamps: [{ size: PIECE, mtimeNs: 1_795_280_036_100_885_999n }, undefined, { size: 3, mtimeNs: -5n }],
    },
  }
}

/** Written and read back. */
function again(record: ResumeRecord): ResumeRecord {
  return decodeRecord(encodeRecord(record), encodeDescription(record))
}

/** The fields that earlier versions wrote. */
function format1(entries: readonly (readonly [string, Bencoded])[]): Uint8Array {
  const one = singleSample(3 * PIECE)
  return encodeBencode(
    new Map<string, Bencoded>([
      ['format', 1],
      ['info', one.info.bytes],
      ['path', utf8Encode('/tmp/one.bin')],
      ['have', new Uint8Array([0xa0])],
      ['uploaded', 5],
      ['downloaded', 6],
      ...entries,
    ]),
  )
}

describe('what is noted of a torrent', () => {
  it('comes back as it was, whatever there is of it', () => {
    const record = fullRecord()
    assert.deepEqual(again(record), record)
    const { infohash, settings, counters } = record
    const bare = { infohash, settings: { ...defaultSettings(), target: settings.target }, counters }
    assert.deepEqual(again(bare), bare)
  })

  it('has the hashes of version 2, and believes only those that lead to the root', () => {
    const { info, piece } = folderSample({ c: 3 * PIECE }, 'hybrid')
    const record = { infohash: info.infohash, info, settings: defaultSettings(), counters: noCounters }
    const roots = [0, 1, 2].map(index =>
      merkleRoot(hashBlocks(piece(index), sha256), PIECE / BLOCK_BYTES, sha256),
    )
    const layers = new PieceLayers(info, sha256)
    assert.ok(layers.add(info.files[0]!.piecesRoot!, concatBytes(...roots)).ok)
    const bytes = encodeDescription({ ...record, layers })
    const layersRead = () => [...decodeRecord(encodeRecord(record), bytes).layers!.entries()]
    assert.deepEqual(layersRead(), [...layers.entries()])
    bytes[Buffer.from(bytes).indexOf(roots[1]!)]! ^= 1
    assert.deepEqual(layersRead(), [])
  })

  it('names a hybrid by the infohash that it was fetched by: its part folder bears that', () => {
    const hybrid = folderSample({ c: 3 * PIECE }, 'hybrid').info
    const known = infoKnownAs(hybrid, infohashOfV2(hybrid.infohashV2!))
    const { infohash } = known
    const record = { infohash, info: known, settings: defaultSettings(), counters: noCounters }
    assert.deepEqual(again(record).info, known)
    assert.throws(() => again({ ...record, infohash: album.info.infohash }), DecodeError)
  })

  it('is read in format 1: a complete file goes on, an unfinished one waits to be asked for', () => {
    const complete = decodeRecord(
      format1([
        ['size', 3 * PIECE],
        ['mtime ns', utf8Encode('123456789')],
        ['words', [utf8Encode('one')]],
      ]),
    )
    assert.equal(complete.settings.isPaused, false)
    assert.deepEqual(complete.settings.words, ['one'])
    assert.equal(complete.content!.isFinished, true)
    assert.deepEqual(complete.content!.stamps, [{ size: 3 * PIECE, mtimeNs: 123456789n }])
    const unfinished = decodeRecord(format1([['part path', utf8Encode('/tmp/one.bin.0123.part')]]))
    assert.equal(unfinished.settings.isPaused, true)
    assert.equal(unfinished.content!.isFinished, false)
    assert.deepEqual(
      [0, 1, 2].map(piece => unfinished.content!.have.has(piece)),
      [true, false, true],
    )
    assert.equal(unfinished.counters.uploadedBytes, 5)
  })
})

/** The same as format 2 had it: all in one file, times as text. */
function format2(record: ResumeRecord): Uint8Array {
  const now = decodeBencode(encodeRecord(record)) as Map<string, Bencoded>
  const content = now.get('content') as Map<string, Bencoded>
  const stamps = record.content!.stamps.map(stamp => (stamp ? `${stamp.size} ${stamp.mtimeNs}` : ''))
  now.delete('described')
  content.set('stamps', stamps.map(utf8Encode))
  return encodeBencode(new Map([...now, ['format', 2], ['info', record.info!.bytes]]))
}

describe('the folder of resume files', () => {
  let folder = ''
  let damaged: string[] = []
  const note = (path: string, reason: string) =>
    void damaged.push(`${path.slice(folder.length + 1)}: ${reason}`)
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-resume-'))
    damaged = []
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('gives back what was saved, and forgets what was removed', async () => {
    const store = new ResumeStore(join(folder, 'new', 'folder'))
    const record = fullRecord()
    await store.save(record)
    assert.deepEqual(await store.load(note), [record])
    await store.remove(record.infohash)
    assert.deepEqual(await store.load(note), [])
  })

  it('writes what does not change once, and again when more of it is known', async () => {
    const store = new ResumeStore(folder)
    const { info, piece } = folderSample({ c: 2 * PIECE }, 'hybrid')
    const layers = new PieceLayers(info, sha256)
    const record = {
      infohash: info.infohash,
      info,
      layers,
      settings: defaultSettings(),
      counters: noCounters,
    }
    const described = join(folder, `${bytesToHex(info.infohash)}.info`)
    await store.save(record)
    const { ino } = await stat(described)
    await store.save({ ...record, reason: 'another' })
    assert.equal((await stat(described)).ino, ino)
    const roots = [0, 1].map(i => merkleRoot(hashBlocks(piece(i), sha256), PIECE / BLOCK_BYTES, sha256))
    assert.ok(layers.add(info.files[0]!.piecesRoot!, concatBytes(...roots)).ok)
    await store.save(record)
    const [read] = await store.load(note)
    assert.deepEqual([...read!.layers!.entries()], [...layers.entries()])
  })

  it('reads format 2, which had all in one file, and goes on in today’s', async () => {
    const record = fullRecord()
    const path = join(folder, `${bytesToHex(record.infohash)}.resume`)
    await writeFile(path, format2(record))
    const store = new ResumeStore(folder)
    assert.deepEqual(await store.load(note), [record])
    await store.save(record)
    assert.deepEqual(await store.load(note), [record])
    assert.deepEqual(damaged, [])
  })

  it('gives no record without what it is about, and removes what is about none', async () => {
    const record = fullRecord()
    const store = new ResumeStore(folder)
    await store.save(record)
    const name = bytesToHex(record.infohash)
    await rm(join(folder, `${name}.info`))
    assert.deepEqual(await store.load(note), [])
    assert.match(damaged[0]!, /\.resume: .*info dictionary is missing/)
    await rm(join(folder, `${name}.resume`))
    await writeFile(join(folder, `${name}.info`), 'left over')
    await writeFile(join(folder, 'notes.info'), 'of somebody else')
    assert.deepEqual(await store.load(note), [])
    assert.deepEqual(await readdir(folder), ['notes.info'])
  })

  it('holds nothing as long as it does not exist', async () => {
    const store = new ResumeStore(join(folder, 'none'))
    assert.deepEqual(await store.load(note), [])
    await store.remove(album.info.infohash)
  })

  it('passes over what cannot be read back, and says so', async () => {
    const record = fullRecord()
    const store = new ResumeStore(folder)
    await store.save(record)
    const newer = encodeBencode(new Map<string, Bencoded>([['format', 4]]))
    const bytes = encodeRecord(record)
    await writeFile(join(folder, '1.resume'), newer)
    await writeFile(join(folder, '2.resume'), bytes.subarray(0, bytes.length / 2))
    await writeFile(join(folder, '3.resume'), 'i1e')
    await writeFile(join(folder, '4.resume.tmp'), 'left over')
    assert.deepEqual(await store.load(note), [record])
    assert.equal(damaged.length, 3)
    assert.match(damaged[0]!, /^1\.resume: .*newer version/)
  })

  it('believes no record whose parts do not agree', () => {
    const record = fullRecord()
    const { content } = record
    const wrong = { ...record, content: { ...content!, have: new Bitfield(99) } }
    assert.throws(() => again(wrong), /bitfield/)
  })

  it('is not taken for empty when it cannot be read', async () => {
    await writeFile(join(folder, 'file'), '')
    await assert.rejects(new ResumeStore(join(folder, 'file')).load(note), SwarmError)
  })

  it('keeps the last record, and no rubbish, when a new one cannot be written', async () => {
    const store = new ResumeStore(folder)
    const record = fullRecord()
    await store.save(record)
    await mkdir(join(folder, `${bytesToHex(record.infohash)}.resume.tmp`))
    await assert.rejects(store.save({ ...record, reason: 'another' }), SwarmError)
    assert.deepEqual(await store.load(note), [record])
    assert.equal((await readdir(folder)).length, 3)
  })

  it('tells when a record cannot be removed, which would be back after a restart', async () => {
    await mkdir(join(folder, `${bytesToHex(album.info.infohash)}.resume`))
    await assert.rejects(new ResumeStore(folder).remove(album.info.infohash), SwarmError)
  })
})
