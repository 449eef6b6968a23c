import assert from 'node:assert/strict'
import { sha1, sha256, utf8Encode } from '@onehop/primitives'
import {
  type Bencoded,
  BLOCK_BYTES,
  createInfo,
  decodeBencode,
  encodeBencode,
  encodeTorrentFile,
  infoHashToHex,
  isInfohashOf,
  isInfoOf,
  MAX_TORRENT_FILE_BYTES,
  MAX_TRACKERS,
  merkleRoot,
  PieceLayers,
  parseTorrentFile,
  rootOfPieceLayer,
  type TorrentFile,
  type TorrentInfo,
  type TorrentVersion,
  toInfoHash,
} from '@onehop/swarm'

/** Hashes of two pieces of one block each, of which no content is known. */
const LAYER = new Uint8Array(64).fill(7)
const ROOT = rootOfPieceLayer(LAYER, BLOCK_BYTES, sha256)

function infoOf(version: TorrentVersion = 'v1'): TorrentInfo {
  const info = createInfo(
    {
      name: 'file',
      lengthBytes: 20_000,
      pieceLengthBytes: BLOCK_BYTES,
      pieceHashes: new Uint8Array(40),
      piecesRoot: ROOT,
      version,
    },
    sha1,
  )
  assert.ok(info.ok)
  return info.value
}

function parsed(fields: Record<string, Bencoded>): TorrentFile {
  const result = parse(fields)
  assert.ok(result.ok, result.ok ? '' : result.detail)
  return result.value
}

function parse(fields: Record<string, Bencoded>) {
  const info = decodeBencode(infoOf().bytes)
  return parseTorrentFile(encodeBencode(new Map(Object.entries({ info, ...fields }))), { sha1 })
}

describe('.torrent files', () => {
  it('carry all that they say there and back', () => {
    const pieceLayers = new PieceLayers(infoOf('hybrid'), sha256)
    assert.equal(pieceLayers.add(ROOT, LAYER).ok, true)
    const files: TorrentFile[] = [
      { info: infoOf(), trackers: [] },
      {
        info: infoOf(),
        trackers: [['http://a/announce']],
        comment: 'hällo',
        createdBy: 'onehop',
        creationDate: 7,
      },
      { info: infoOf('hybrid'), trackers: [['udp://a:1', 'udp://b:2'], ['https://c']], pieceLayers },
    ]
    for (const file of files) {
      const back = parseTorrentFile(encodeTorrentFile(file), { sha1 })
      assert.ok(back.ok)
      assert.deepEqual(
        { ...back.value, pieceLayers: [...(back.value.pieceLayers?.entries() ?? [])] },
        { ...file, pieceLayers: [...(file.pieceLayers?.entries() ?? [])] },
      )
    }
  })

  it('keep the info dictionary as it was hashed, whatever the order of its keys', () => {
    const info = 'd6:pieces20:01234567890123456789' + '4:name4:file6:lengthi5e12:piece lengthi16384ee'
    const file = parseTorrentFile(utf8Encode(`d4:info${info}7:comment1:xe`), { sha1 })
    assert.ok(file.ok)
    assert.deepEqual(file.value.info.infohash, sha1(utf8Encode(info)))
    const again = parseTorrentFile(encodeTorrentFile(file.value), { sha1 })
    assert.ok(again.ok)
    assert.deepEqual(again.value.info.infohash, file.value.info.infohash)
  })

  it('name trackers in tiers, and leave out what cannot be asked or is there twice', () => {
    const url = utf8Encode
    const tiers = [
      [url('http://a/announce'), url('wss://b'), 7],
      [],
      3,
      [url('http://a/announce'), url(' udp://c:80/announce '), Uint8Array.of(0xff)],
    ]
    const both = { announce: url('http://other'), 'announce-list': tiers }
    assert.deepEqual(parsed(both).trackers, [['http://a/announce'], ['udp://c:80/announce']])
    assert.deepEqual(parsed({ announce: url('http://other') }).trackers, [['http://other']])
    assert.deepEqual(parsed({ announce: url('http://other'), 'announce-list': [] }).trackers, [
      ['http://other'],
    ])
    assert.deepEqual(parsed({ announce: 1, 'announce-list': url('x') }).trackers, [])
    const many = Array.from({ length: 500 }, (_, i) => [url(`http://t${i}`)])
    assert.equal(parsed({ 'announce-list': many }).trackers.length, MAX_TRACKERS)
  })

  it('are read though what they say of themselves is of a wrong form', () => {
    const file = parsed({ comment: 5, 'created by': Uint8Array.of(0xff), 'creation date': utf8Encode('now') })
    assert.deepEqual(Object.keys(file), ['info', 'trackers'])
  })

  it('of version 2 carry the hashes of the pieces, which must lead to the root', () => {
    const info = decodeBencode(infoOf('v2').bytes)
    const layersOf = (layer: Uint8Array) => new Map([[String.fromCharCode(...ROOT), layer]])
    const good = parsed({ info, 'piece layers': layersOf(LAYER) })
    assert.equal(good.pieceLayers?.isComplete, true)
    assert.equal(parsed({ info }).pieceLayers?.isComplete, false)
    assert.equal(parse({ info, 'piece layers': layersOf(new Uint8Array(64)) }).ok, false)
    assert.equal(parse({ info, 'piece layers': layersOf(LAYER.subarray(32)) }).ok, false)
  })

  it('of a hybrid go by two infohashes', () => {
    const info = infoOf('hybrid')
    const v2 = toInfoHash(sha256(info.bytes).slice(0, 20))
    assert.deepEqual(info.infohash, sha1(info.bytes))
    for (const infohash of [info.infohash, v2]) {
      assert.equal(isInfohashOf(infohash, info), true)
      assert.equal(isInfoOf(info.bytes, infohash, sha1), true)
    }
    assert.equal(isInfohashOf(new Uint8Array(20), info), false)
    assert.equal(infoHashToHex(infoOf('v2').infohash), infoHashToHex(sha256(infoOf('v2').bytes).slice(0, 20)))
  })

  it('of a hybrid are refused when the two versions describe other files', () => {
    const info = decodeBencode(infoOf('hybrid').bytes) as Map<string, Bencoded>
    const tree = (name: string, length: number) => {
      const leaf = new Map<string, Bencoded>([['length', length]])
      if (length > 0) leaf.set('pieces root', ROOT)
      return new Map([[name, new Map([['', leaf]])]])
    }
    assert.equal(parse({ info: new Map([...info, ['file tree', tree('file', 20_000)]]) }).ok, true)
    for (const [name, length] of [
      ['other', 20_000],
      ['file', 20_001],
      ['..', 20_000],
    ] as const)
      assert.equal(parse({ info: new Map([...info, ['file tree', tree(name, length)]]) }).ok, false)
    const two = new Map([...tree('file', 20_000), ...tree('z', 0)])
    assert.equal(parse({ info: new Map([...info, ['file tree', two]]) }).ok, false)
  })

  it('of version 2 are refused with a tree that is none', () => {
    const info = decodeBencode(infoOf('v2').bytes) as Map<string, Bencoded>
    const leaf = new Map<string, Bencoded>([
      ['length', 5],
      ['pieces root', merkleRoot(new Uint8Array(32), 1, sha256)],
    ])
    const trees: Bencoded[] = [
      new Map(),
      utf8Encode('x'),
      new Map([['a', new Map()]]),
      new Map([['', leaf]]),
      new Map([
        [
          'a',
          new Map<string, Bencoded>([
            ['', leaf],
            ['b', new Map([['', leaf]])],
          ]),
        ],
      ]),
      new Map([['a', new Map([['', new Map([['length', 5]])]])]]),
      new Map([['a', new Map([['', new Map([...leaf, ['pieces root', new Uint8Array(31)] as const])]])]]),
      Array.from({ length: 40 }).reduce<Bencoded>(inner => new Map([['a', inner]]), new Map([['', leaf]])),
    ]
    for (const tree of trees) assert.equal(parse({ info: new Map([...info, ['file tree', tree]]) }).ok, false)
    assert.equal(parse({ info: new Map([...info, ['piece length', 49_152]]) }).ok, false)
  })

  const refusals: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['no dictionary', utf8Encode('le')],
    ['no info', utf8Encode('de')],
    ['an info that is a list', utf8Encode('d4:infolee')],
    ['more behind it', utf8Encode('d4:infodee0:')],
    ['an absurd size', new Uint8Array(MAX_TORRENT_FILE_BYTES + 1)],
  ]
  for (const [what, bytes] of refusals) {
    it(`are refused with ${what}`, () => assert.equal(parseTorrentFile(bytes, { sha1 }).ok, false))
  }
})
