import assert from 'node:assert/strict'
import { sha1, utf8Encode } from '@onehop/primitives'
import {
  type Bencoded,
  createInfo,
  encodeBencode,
  filesOfPiece,
  infoHashToHex,
  layoutContent,
  MAX_BENCODE_VALUES,
  MAX_FILES,
  type PublishedContent,
  parseInfo,
  pieceCount,
  pieceLengthAt,
  piecesOfFile,
  type TorrentInfo,
} from '@onehop/swarm'

const PIECE = 16_384

function dictionary(fields: Record<string, Bencoded>): Map<string, Bencoded> {
  return new Map(Object.entries(fields))
}

function listed(path: string, length: number, more: Record<string, Bencoded> = {}): Bencoded {
  return dictionary({ length, path: path.split('/').map(utf8Encode), ...more })
}

/** A v1 dictionary of several files whose pieces' hashes are zeros. */
function folderOf(
  files: readonly Bencoded[],
  lengthBytes: number,
  more: Record<string, Bencoded> = {},
): Uint8Array {
  return encodeBencode(
    dictionary({
      files,
      name: utf8Encode('folder'),
      'piece length': PIECE,
      pieces: new Uint8Array(20 * Math.ceil(lengthBytes / PIECE)),
      ...more,
    }),
  )
}

function infoOf(bytes: Uint8Array): TorrentInfo {
  const info = parseInfo(bytes, sha1)
  assert.ok(info.ok, info.ok ? '' : info.detail)
  return info.value
}

function pathsOf(info: TorrentInfo): string[] {
  return info.files.map(file => file.path.join('/'))
}

describe('torrents of several files', () => {
  it('lay their files one after the other into the pieces', () => {
    const info = infoOf(
      folderOf([listed('a', 10), listed('b/empty', 0), listed('b/c', PIECE), listed('d', 20)], PIECE + 30),
    )
    assert.equal(info.isSingleFile, false)
    assert.equal(info.lengthBytes, PIECE + 30)
    assert.deepEqual(pathsOf(info), ['folder/a', 'folder/b/empty', 'folder/b/c', 'folder/d'])
    const slices = [0, 1].map(piece =>
      filesOfPiece(info, piece).map(({ fileIndex, offsetInFile, offsetInPiece, lengthBytes }) => [
        fileIndex,
        offsetInFile,
        offsetInPiece,
        lengthBytes,
      ]),
    )
    assert.deepEqual(slices, [
      [
        [0, 0, 0, 10],
        [2, 0, 10, PIECE - 10],
      ],
      [
        [2, PIECE - 10, 0, 10],
        [3, 0, 10, 20],
      ],
    ])
    assert.deepEqual(
      info.files.map((_, index) => piecesOfFile(info, index)),
      [
        { first: 0, end: 1 },
        { first: 0, end: 0 },
        { first: 0, end: 2 },
        { first: 1, end: 2 },
      ],
    )
  })

  it('of one file in a folder are not taken for the file alone', () => {
    const info = infoOf(folderOf([listed('a', 10)], 10))
    assert.equal(info.isSingleFile, false)
    assert.deepEqual(pathsOf(info), ['folder/a'])
  })

  it('have padding that is no content, wherever it says it is', () => {
    const pad = { attr: utf8Encode('p') }
    const files = [
      listed('a', 10),
      listed('../../outside', PIECE - 10, pad),
      listed('b', 5, { attr: utf8Encode('hx') }),
      listed('_____padding_file_0_if you see this file, please update to BitComet 0.85', PIECE - 5),
      dictionary({ length: 3, ...pad }),
    ]
    const info = infoOf(folderOf(files, 2 * PIECE + 3))
    assert.deepEqual(
      info.files.map(file => file.isPadding),
      [false, true, false, true, true],
    )
    assert.deepEqual(
      info.files.map(file => file.isExecutable),
      [false, false, true, false, false],
    )
    assert.equal(info.contentBytes, 15)
    assert.equal(info.files[1]!.path.join('/'), `folder/.pad/${PIECE - 10}`)
  })

  it('are read as other clients write them', () => {
    const bytes = folderOf(
      [
        listed('Ã¤', 10, { 'path.utf-8': [utf8Encode('ä')], md5sum: utf8Encode('0'.repeat(32)), mtime: 1 }),
        listed('b', 1_000_000, { ed2k: new Uint8Array(16), filehash: new Uint8Array(20) }),
      ],
      1_000_010,
      {
        'name.utf-8': utf8Encode('mappe'),
        'piece length': 100_000,
        pieces: new Uint8Array(20 * 11),
        private: 1,
        source: utf8Encode('x'),
        'x-cross-seed': new Map(),
      },
    )
    const info = infoOf(bytes)
    assert.deepEqual(pathsOf(info), ['mappe/ä', 'mappe/b'])
    assert.equal(info.isPrivate, true)
    assert.equal(pieceLengthAt(info, 10), 10)
  })

  const refusals: [string, Uint8Array, string][] = [
    ['a path that leaves the folder', folderOf([listed('../a', 1)], 1), 'bad-metainfo'],
    ['an absolute path', folderOf([listed('/etc/passwd', 1)], 1), 'bad-metainfo'],
    ['a device', folderOf([listed('b/nul.txt', 1)], 1), 'bad-metainfo'],
    ['an empty path', folderOf([dictionary({ length: 1, path: [] })], 1), 'bad-metainfo'],
    ['no path', folderOf([dictionary({ length: 1 })], 1), 'bad-metainfo'],
    ['a path as text', folderOf([dictionary({ length: 1, path: utf8Encode('a') })], 1), 'bad-metainfo'],
    ['a path too deep', folderOf([listed(Array(41).fill('a').join('/'), 1)], 1), 'bad-metainfo'],
    ['a path too long', folderOf([listed(Array(9).fill('x'.repeat(250)).join('/'), 1)], 1), 'bad-metainfo'],
    ['the same path twice', folderOf([listed('a', 1), listed('a', 1)], 2), 'bad-metainfo'],
    ['paths that differ in case only', folderOf([listed('a', 1), listed('A', 1)], 2), 'bad-metainfo'],
    [
      'paths that are composed otherwise',
      folderOf([listed('\u00e4', 1), listed('a\u0308', 1)], 2),
      'bad-metainfo',
    ],
    ['paths that Windows trims to one', folderOf([listed('a', 1), listed('a.', 1)], 2), 'bad-metainfo'],
    ['a file inside a file', folderOf([listed('a', 1), listed('A/b', 1)], 2), 'bad-metainfo'],
    ['a folder where a file is to be', folderOf([listed('a/b', 1), listed('a', 1)], 2), 'bad-metainfo'],
    ['a negative length', folderOf([listed('a', 2), listed('b', -1)], 1), 'bad-metainfo'],
    [
      'lengths that add up to too much',
      folderOf([listed('a', 2 ** 43), listed('b', 2 ** 44)], 1),
      'bad-metainfo',
    ],
    ['a symbolic link', folderOf([listed('a', 0, { attr: utf8Encode('l') })], 0), 'unsupported-metainfo'],
    ['a file that is no dictionary', folderOf([1], 1), 'bad-metainfo'],
  ]
  for (const [what, bytes, code] of refusals) {
    it(`are refused with ${what}`, () => {
      const result = parseInfo(bytes, sha1)
      assert.equal(result.ok ? 'accepted' : result.code, code)
    })
  }

  it('are refused with a million files, and with more values than a decoder should hold', () => {
    const file = listed('a', 0)
    const million = Buffer.concat([
      Buffer.from('d5:filesl'),
      ...Array.from({ length: MAX_FILES + 1 }, () => encodeBencode(file)),
      Buffer.from(`e4:name1:n12:piece lengthi${PIECE}e6:pieces0:e`),
    ])
    const result = parseInfo(million, sha1)
    assert.match(result.ok ? 'accepted' : result.detail!, /more than 65536 files/)
    const empty = Buffer.from(`d5:files l${'de'.repeat(MAX_BENCODE_VALUES)}ee`.replace('5:files ', '5:files'))
    const refused = parseInfo(empty, sha1)
    assert.match(refused.ok ? 'accepted' : refused.detail!, /too many bencoded values/)
  })
})

describe('a published folder', () => {
  const content: PublishedContent = {
    name: 'folder',
    pieceLengthBytes: PIECE,
    files: [
      { path: ['b', 'c'], lengthBytes: 30 },
      { path: ['ä'], lengthBytes: 2 },
      { path: ['b-'], lengthBytes: 1 },
      { path: ['b', 'B'], lengthBytes: 0, isExecutable: true },
    ],
  }
  const pieceHashes = new Uint8Array(20)

  it('has its files in the order of their names, and one infohash in whatever order they are named', () => {
    const backwards = { ...content, files: [...content.files!].reverse() }
    const [one, other] = [content, backwards].map(c => createInfo({ ...c, pieceHashes }, sha1))
    assert.ok(one?.ok && other?.ok)
    assert.deepEqual(pathsOf(one.value), ['folder/b/B', 'folder/b/c', 'folder/b-', 'folder/ä'])
    assert.equal(infoHashToHex(one.value.infohash), infoHashToHex(other.value.infohash))
    assert.deepEqual(parseInfo(one.value.bytes, sha1), one)
  })

  it('has another infohash when it is private', () => {
    const info = createInfo({ ...content, pieceHashes, isPrivate: true }, sha1)
    assert.ok(info.ok)
    assert.equal(info.value.isPrivate, true)
    assert.notDeepEqual(info, createInfo({ ...content, pieceHashes }, sha1))
  })

  it('has padding between the files of a hybrid, and gaps in v2, so that every file begins with a piece', () => {
    const sized = content.files!.map(file => ({
      ...file,
      ...(file.lengthBytes > 0 && { piecesRoot: new Uint8Array(32) }),
    }))
    const hybrid = layoutContent({ ...content, files: sized, version: 'hybrid' })
    const v2 = layoutContent({ ...content, files: sized, version: 'v2' })
    assert.deepEqual(
      hybrid.files.map(file => [file.path.at(-1), file.offsetBytes]),
      [
        ['B', 0],
        ['c', 0],
        [String(PIECE - 30), 30],
        ['b-', PIECE],
        [String(PIECE - 1), PIECE + 1],
        ['ä', 2 * PIECE],
      ],
    )
    assert.equal(pieceCount(v2), 3)
    assert.equal(v2.lengthBytes, hybrid.lengthBytes)
    assert.deepEqual(
      [0, 1, 2].map(piece => [pieceLengthAt(hybrid, piece), pieceLengthAt(v2, piece)]),
      [
        [PIECE, 30],
        [PIECE, 1],
        [2, 2],
      ],
    )
    for (const version of ['hybrid', 'v2'] as const) {
      const info = createInfo({ ...content, files: sized, version, pieceHashes: new Uint8Array(60) }, sha1)
      assert.ok(info.ok)
      assert.deepEqual(parseInfo(info.value.bytes, sha1), info)
    }
  })

  it('is refused when it could not be fetched', () => {
    const bad = [
      [],
      [{ path: ['..'], lengthBytes: 1 }],
      [{ path: [], lengthBytes: 1 }],
      [
        { path: ['a'], lengthBytes: 1 },
        { path: ['a'], lengthBytes: 1 },
      ],
      [{ path: ['a'], lengthBytes: 0.5 }],
    ]
    for (const files of bad)
      for (const version of ['v1', 'v2', 'hybrid'] as const)
        assert.equal(createInfo({ ...content, files, version, pieceHashes }, sha1).ok, false)
  })
})
