import assert from 'node:assert/strict'
import { sha1 } from '@onehop/primitives'
import {
  type Bencoded,
  choosePieceLength,
  createInfo,
  DEFAULT_PIECE_LENGTH_BYTES,
  encodeBencode,
  infoHashToHex,
  MAX_CONTENT_BYTES,
  MAX_METADATA_BYTES,
  MAX_PIECE_LENGTH_BYTES,
  MAX_PIECES,
  parseInfo,
  pieceCount,
  pieceHashAt,
  pieceLengthAt,
} from '@onehop/swarm'

/** Computed with Python's hashlib over a hand-written bencoding of the same 600,000 bytes, byte i = (7i + 3) mod 256. */
const KNOWN_INFOHASH = 'a8f94f6b8efdc26b2fc13b52d6e9c4bbb21eb14d'
/** The same for an empty file named `empty`. */
const KNOWN_EMPTY_INFOHASH = '757b650c0b45c0790159a4cc3545fe6795099660'

const PIECE = 256 * 1024

function hashesOf(content: Uint8Array): Uint8Array {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < content.length; at += PIECE) hashes.push(sha1(content.subarray(at, at + PIECE)))
  return new Uint8Array(Buffer.concat(hashes))
}

function infoOf(changes: Record<string, Bencoded | undefined> = {}): Uint8Array {
  const fields: Record<string, Bencoded | undefined> = {
    length: 10,
    name: Buffer.from('file'),
    'piece length': 16384,
    pieces: new Uint8Array(20),
    ...changes,
  }
  const kept = Object.entries(fields).filter((entry): entry is [string, Bencoded] => entry[1] !== undefined)
  return encodeBencode(new Map(kept))
}

describe('metainfo', () => {
  it('has the infohash that an independent program computes', () => {
    const content = new Uint8Array(600_000).map((_, i) => 7 * i + 3)
    const info = createInfo(
      {
        name: 'answer.bin',
        lengthBytes: content.length,
        pieceLengthBytes: PIECE,
        pieceHashes: hashesOf(content),
      },
      sha1,
    )
    assert.ok(info.ok)
    assert.equal(infoHashToHex(info.value.infohash), KNOWN_INFOHASH)
    assert.equal(pieceCount(info.value), 3)
    assert.equal(pieceLengthAt(info.value, 2), 600_000 - 2 * PIECE)
    assert.deepEqual(pieceHashAt(info.value, 0), sha1(content.subarray(0, PIECE)))
  })

  it('describes an empty file', () => {
    const empty = { name: 'empty', lengthBytes: 0, pieceLengthBytes: PIECE, pieceHashes: new Uint8Array(0) }
    const info = createInfo(empty, sha1)
    assert.ok(info.ok)
    assert.equal(infoHashToHex(info.value.infohash), KNOWN_EMPTY_INFOHASH)
    assert.equal(pieceCount(info.value), 0)
  })

  it('reads back what it made', () => {
    const made = createInfo(
      { name: 'ü.txt', lengthBytes: 1, pieceLengthBytes: PIECE, pieceHashes: sha1(Uint8Array.of(1)) },
      sha1,
    )
    assert.ok(made.ok)
    assert.deepEqual(parseInfo(made.value.bytes, sha1), made)
  })

  it('keeps the hash of dictionaries with more in them', () => {
    const bytes = infoOf({ private: 1, source: Buffer.from('x') })
    const info = parseInfo(bytes, sha1)
    assert.ok(info.ok)
    assert.deepEqual(Buffer.from(info.value.infohash), Buffer.from(sha1(bytes)))
  })

  it('chooses 256 KiB, and more only where there would be too many pieces', () => {
    assert.equal(choosePieceLength(0), DEFAULT_PIECE_LENGTH_BYTES)
    assert.equal(choosePieceLength(MAX_PIECES * PIECE), DEFAULT_PIECE_LENGTH_BYTES)
    assert.equal(choosePieceLength(MAX_PIECES * PIECE + 1), 2 * DEFAULT_PIECE_LENGTH_BYTES)
    assert.equal(choosePieceLength(MAX_PIECES * PIECE - 1, 1), 2 * DEFAULT_PIECE_LENGTH_BYTES)
  })

  const refusals: [string, Uint8Array, string][] = [
    ['a missing length', infoOf({ length: undefined }), 'bad-metainfo'],
    ['a negative length', infoOf({ length: -1 }), 'bad-metainfo'],
    ['an absurd length', infoOf({ length: MAX_CONTENT_BYTES + 1 }), 'bad-metainfo'],
    ['a length as text', infoOf({ length: Buffer.from('10') }), 'bad-metainfo'],
    ['a piece length of zero', infoOf({ 'piece length': 0 }), 'bad-metainfo'],
    ['an absurd piece length', infoOf({ 'piece length': 2 * MAX_PIECE_LENGTH_BYTES }), 'bad-metainfo'],
    ['too few hashes', infoOf({ length: 16385 }), 'bad-metainfo'],
    ['too many hashes', infoOf({ pieces: new Uint8Array(40) }), 'bad-metainfo'],
    ['half a hash', infoOf({ pieces: new Uint8Array(19) }), 'bad-metainfo'],
    ['a name that leaves the folder', infoOf({ name: Buffer.from('../evil') }), 'bad-metainfo'],
    ['no dictionary', encodeBencode([]), 'bad-metainfo'],
    ['bytes that are not bencoded', Uint8Array.of(1, 2, 3), 'bad-metainfo'],
    ['an oversized dictionary', new Uint8Array(MAX_METADATA_BYTES + 1), 'bad-metainfo'],
    ['no files', infoOf({ length: undefined, files: [] }), 'bad-metainfo'],
    ['a version of the future', infoOf({ pieces: undefined, 'meta version': 3 }), 'unsupported-metainfo'],
  ]
  for (const [what, bytes, code] of refusals) {
    it(`refuses ${what}`, () => {
      const result = parseInfo(bytes, sha1)
      assert.equal(result.ok ? 'accepted' : result.code, code)
    })
  }

  it('refuses to describe a file that could not be fetched', () => {
    const bad = { name: 'a/b', lengthBytes: 1, pieceLengthBytes: PIECE, pieceHashes: new Uint8Array(20) }
    assert.equal(createInfo(bad, sha1).ok, false)
    assert.equal(createInfo({ ...bad, name: 'a', pieceLengthBytes: 1 }, sha1).ok, false)
    assert.equal(createInfo({ ...bad, name: 'a', pieceLengthBytes: 16384.5 }, sha1).ok, false)
  })
})
