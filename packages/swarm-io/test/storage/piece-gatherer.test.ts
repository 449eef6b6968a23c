import assert from 'node:assert/strict'
import { STORES_AT_ONCE } from '../../src/storage/limits.ts'
import { type ArrivedPiece, PieceGatherer } from '../../src/storage/piece-gatherer.ts'
import { failsWith } from '../session-scene.ts'
import { PIECE, StorageScene, singleSample } from './storage-scene.ts'

describe('pieces that arrive at about the same time', () => {
  const nothing = new Uint8Array(0)
  let batches: number[][]
  let gatherer: PieceGatherer<string>

  /** Piece 2 cannot be stored. */
  async function store(pieces: readonly ArrivedPiece[]): Promise<(string | Error)[]> {
    batches.push(pieces.map(({ piece }) => piece))
    return pieces.map(({ piece }) => (piece === 2 ? new Error('failed') : `stored ${piece}`))
  }

  beforeEach(() => {
    batches = []
    gatherer = new PieceGatherer(store)
  })

  it('are stored together, each with its own outcome', async () => {
    const [first, second, third] = [1, 2, 3].map(piece => gatherer.add(piece, nothing))
    await assert.rejects(second!, /failed/)
    assert.deepEqual(await Promise.all([first, third]), ['stored 1', 'stored 3'])
    assert.deepEqual(batches, [[1, 2, 3]])
  })

  it('wait for others only until they are enough', async () => {
    const numbers = Array.from({ length: STORES_AT_ONCE + 1 }, (_, i) => 10 + i)
    const outcomes = numbers.map(piece => gatherer.add(piece, nothing))
    assert.deepEqual(batches, [numbers.slice(0, -1)])
    gatherer.flush()
    assert.deepEqual(batches, [numbers.slice(0, -1), numbers.slice(-1)])
    await Promise.all(outcomes)
  })

  it('all fail when they cannot be stored at all', async () => {
    const failing = new PieceGatherer(() => Promise.reject(new Error('closed')))
    const outcomes = await Promise.allSettled([1, 2].map(piece => failing.add(piece, nothing)))
    assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  })

  it('of a torrent: a corrupt one does not harm the others, and closing waits for all', async () => {
    const scene = await StorageScene.create()
    const one = singleSample(3 * PIECE)
    const { storage } = await scene.open(one)
    const corrupt = one.piece(1).slice()
    corrupt[7]! ^= 1
    const outcomes = [one.piece(0), corrupt, one.piece(2)].map((bytes, i) => storage.writePiece(i, bytes))
    await storage.close()
    assert.deepEqual(await Promise.all(outcomes), ['stored', 'corrupt', 'stored'])
    await assert.rejects(storage.writePiece(1, one.piece(1)), failsWith('closed'))
    await scene.close()
  })
})
