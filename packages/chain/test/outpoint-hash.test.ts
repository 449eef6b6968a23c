import assert from 'node:assert/strict'
import { type HashKey, hashOutpoint, OUTPOINT_WORDS } from '../src/coins/outpoint-hash.ts'

const KEY: HashKey = { low: 0x0706_0504, high: 0x0302_0100 }
const COUNT = 20_000

/** Words of outpoints that differ in one counted word only. */
function wordsAt(word: number, value: number): Uint32Array {
  const words = new Uint32Array(OUTPOINT_WORDS)
  words[word] = value
  return words
}

/** How many of the hashes some other one has too. */
function collisions(hashes: readonly number[]): number {
  return hashes.length - new Set(hashes).size
}

describe('the hash of an outpoint', () => {
  for (const word of [0, 3, OUTPOINT_WORDS - 1]) {
    it(`spreads outpoints that differ in word ${word} only over all 32 bits, and over the lowest ones`, () => {
      const hashes = Array.from({ length: COUNT }, (_, value) => hashOutpoint(wordsAt(word, value), KEY))
      // By chance, 20,000 of 2³² collide 0.05 times.
      assert(collisions(hashes) <= 2)
      const buckets = new Uint32Array(1024)
      for (const hash of hashes) buckets[hash & 1023]! += 1
      // By chance, some 20 each, with a deviation of 4.4.
      assert(Math.max(...buckets) < 20 + 8 * 4.4)
    })
  }

  it('is another with another key', () => {
    const hash = (low: number, high: number) => hashOutpoint(wordsAt(0, 1), { low, high })
    const hashes = [hash(0, 0), hash(1, 0), hash(0, 1), hash(1, 1)]
    assert.equal(collisions(hashes), 0)
  })
})
