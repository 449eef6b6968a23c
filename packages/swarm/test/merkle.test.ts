import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { bytesToHex, concatBytes, SeededRandom, sha1, sha256 } from '@onehop/primitives'
import {
  BLOCK_BYTES,
  createInfo,
  hashBlocks,
  isPieceGood,
  isProven,
  merkleRoot,
  nextPowerOfTwo,
  PieceLayers,
  paddingHash,
  pieceCheckAt,
  rootOfPieceLayer,
} from '@onehop/swarm'

const PIECE = 4 * BLOCK_BYTES
const random = new SeededRandom(52)

/** The root as BEP 52 says it, straight from the definition. */
function rootByDefinition(content: Uint8Array): Uint8Array {
  const node = (first: number, width: number): Buffer => {
    if (width > 1) {
      const pair = [node(first, width / 2), node(first + width / 2, width / 2)]
      return createHash('sha256').update(Buffer.concat(pair)).digest()
    }
    const block = content.subarray(first * BLOCK_BYTES, (first + 1) * BLOCK_BYTES)
    return block.length === 0 ? Buffer.alloc(32) : createHash('sha256').update(block).digest()
  }
  return new Uint8Array(node(0, nextPowerOfTwo(Math.ceil(content.length / BLOCK_BYTES))))
}

/** The hashes of the pieces of a file of more than one piece. */
function layerOf(content: Uint8Array): Uint8Array {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < content.length; at += PIECE) {
    hashes.push(merkleRoot(hashBlocks(content.subarray(at, at + PIECE), sha256), PIECE / BLOCK_BYTES, sha256))
  }
  return concatBytes(...hashes)
}

function torrentOf(contents: readonly Uint8Array[]) {
  const files = contents.map((content, i) => ({
    path: [`file${i}`],
    lengthBytes: content.length,
    ...(content.length > 0 && { piecesRoot: rootByDefinition(content) }),
  }))
  const info = createInfo({ name: 'folder', version: 'v2', pieceLengthBytes: PIECE, files }, sha1)
  assert.ok(info.ok)
  return info.value
}

describe("the hash trees of version 2's files", () => {
  it('have the root that the definition gives, over blocks and over pieces', () => {
    for (const length of [
      1,
      BLOCK_BYTES,
      BLOCK_BYTES + 1,
      3 * BLOCK_BYTES,
      PIECE,
      PIECE + 1,
      5 * PIECE - 7,
    ]) {
      const content = random.bytes(length)
      const leaves = hashBlocks(content, sha256)
      const root = bytesToHex(rootByDefinition(content))
      assert.equal(bytesToHex(merkleRoot(leaves, nextPowerOfTwo(leaves.length / 32), sha256)), root)
      if (length > PIECE) assert.equal(bytesToHex(rootOfPieceLayer(layerOf(content), PIECE, sha256)), root)
    }
  })

  it('verify every piece of a torrent, and no other bytes', () => {
    const contents = [3 * PIECE + 5, 0, PIECE, BLOCK_BYTES + 9, 2 * PIECE].map(length => random.bytes(length))
    const info = torrentOf(contents)
    const layers = new PieceLayers(info, sha256)
    assert.equal(pieceCheckAt(info, 0, layers), undefined)
    assert.equal(layers.isComplete, false)
    for (const [i, content] of contents.entries()) {
      if (content.length <= PIECE) continue
      assert.equal(layers.isKnown(info.files[i]!), false)
      assert.equal(layers.add(info.files[i]!.piecesRoot!, layerOf(content)).ok, true)
      assert.equal(layers.isKnown(info.files[i]!), true)
    }
    assert.equal(layers.isComplete, true)
    let piece = 0
    for (const content of contents) {
      for (let at = 0; at < content.length; at += PIECE, piece++) {
        const bytes = content.slice(at, at + PIECE)
        const check = pieceCheckAt(info, piece, layers)!
        assert.equal(isPieceGood(bytes, check, { sha1, sha256 }), true, `piece ${piece}`)
        bytes[bytes.length - 1]! ^= 1
        assert.equal(isPieceGood(bytes, check, { sha1, sha256 }), false, `piece ${piece}`)
      }
    }
  })

  it('refuse layers that do not lead to a root', () => {
    const content = random.bytes(3 * PIECE)
    const info = torrentOf([content])
    const layers = new PieceLayers(info, sha256)
    const root = info.files[0]!.piecesRoot!
    const layer = layerOf(content)
    const wrong = layer.slice()
    wrong[40]! ^= 1
    for (const [key, hashes, code] of [
      [new Uint8Array(32), layer, 'unknown-pieces-root'],
      [root, layer.subarray(0, 64), 'bad-piece-layer'],
      [root, concatBytes(layer, paddingHash(PIECE / BLOCK_BYTES, sha256)), 'bad-piece-layer'],
      [root, wrong, 'bad-piece-layer'],
    ] as const) {
      const verdict = layers.add(key, hashes)
      assert.equal(verdict.ok ? 'accepted' : verdict.code, code)
    }
    assert.equal(layers.isComplete, false)
  })

  it('prove a node by its uncles, at its own place only', () => {
    const [a, b, c, d] = [1, 2, 3, 4].map(byte => new Uint8Array(32).fill(byte))
    const [ab, cd] = [merkleRoot(concatBytes(a!, b!), 2, sha256), merkleRoot(concatBytes(c!, d!), 2, sha256)]
    const root = merkleRoot(concatBytes(ab, cd), 2, sha256)
    assert.equal(isProven(c!, 2, [d!, ab], root, sha256), true)
    assert.equal(isProven(c!, 3, [d!, ab], root, sha256), false)
    assert.equal(isProven(c!, 2, [d!], cd, sha256), false)
    assert.equal(isProven(c!, 2, [ab, d!], root, sha256), false)
  })
})
