import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { infohashToMultihash, type Pointer, rankContents, wordKey } from '../src/index.ts'

const target = (id: number) => infohashToMultihash(new Uint8Array(20).fill(id))

function pointer(word: string, id: number, provider: number, displayName?: string): Pointer {
  return {
    version: 1,
    kind: 'word',
    key: wordKey(word),
    target: target(id),
    provider: Uint8Array.of(0, provider),
    addresses: [],
    sequence: 1,
    expiresAt: 1_800_000_000,
    signature: new Uint8Array(64),
    bytes: 10 * id,
    ...(displayName === undefined ? {} : { displayName }),
  }
}

const idsOf = (words: readonly string[], pointers: readonly Pointer[]) =>
  rankContents(words, pointers).map(({ multihash }) => multihash[2])

describe('what a search found', () => {
  it('is what all the words lead to', () => {
    const pointers = [
      pointer('rome', 1, 1),
      pointer('2024', 1, 2),
      pointer('rome', 2, 1),
      pointer('2024', 3, 1),
    ]
    assert.deepEqual(idsOf(['rome', '2024'], pointers), [1])
    assert.deepEqual(idsOf(['rome'], pointers), [1, 2])
    assert.deepEqual(idsOf(['paris'], pointers), [])
  })

  it('may have a word in its name that its pointers were left out of, for the word is too popular', () => {
    const pointers = [
      pointer('mp4', 9, 1, 'x.mp4'),
      pointer('rome', 1, 1, 'Rome.mp4'),
      pointer('rome', 2, 1, 'Rome.mkv'),
    ]
    const found = rankContents(['rome', 'mp4'], pointers)
    assert.deepEqual(
      found.map(({ name, words }) => [name, words]),
      [['Rome.mp4', ['rome']]],
    )
  })

  it('has the name that most providers give, and the size that they tell', () => {
    const pointers = [
      pointer('rome', 1, 1, 'rome spam'),
      pointer('rome', 1, 2, 'rome.mp4'),
      { ...pointer('rome', 1, 3, 'rome.mp4'), bytes: 10 },
    ]
    const [found] = rankContents(['rome'], pointers)
    assert.deepEqual([found?.name, found?.bytes, found?.providers], ['rome.mp4', 10, 3])
  })

  it('is ordered by providers, then by how near the name is to what was searched for', () => {
    const pointers = [
      pointer('rome', 1, 1, 'rome and paris and london.mp4'),
      pointer('rome', 2, 1, 'rome.mp4'),
      pointer('rome', 3, 1, 'holiday.mp4'),
      pointer('rome', 4, 1, 'holiday.mp4'),
      pointer('rome', 4, 2, 'holiday.mp4'),
    ]
    assert.deepEqual(idsOf(['rome'], pointers), [4, 2, 1, 3])
  })

  it('passes over pointers that answer another question', () => {
    const { target: _, ...content } = pointer('rome', 1, 1)
    assert.deepEqual(rankContents(['rome'], [{ ...content, kind: 'content' }, pointer('paris', 2, 1)]), [])
  })

  it('is in the same order whichever pointer came first, each content once, with all words', () => {
    const names = [undefined, 'rome', 'rome 2024.mp4', 'other', 'a name of many words']
    const some = fc.record({
      word: fc.constantFrom('rome', '2024', 'mp4'),
      id: fc.integer({ min: 1, max: 4 }),
      provider: fc.integer({ min: 1, max: 3 }),
      name: fc.constantFrom(...names),
    })
    // As tables keep them: one pointer of a provider under a key with a target.
    const pointers = fc
      .uniqueArray(some, { selector: ({ word, id, provider }) => `${word}/${id}/${provider}`, maxLength: 20 })
      .map(list => list.map(({ word, id, provider, name }) => pointer(word, id, provider, name)))
    fc.assert(
      fc.property(
        pointers.chain(list =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          const words = ['rome', '2024']
          const found = rankContents(words, list)
          assert.deepEqual(rankContents(words, shuffled), found)
          assert.equal(new Set(found.map(({ multihash }) => multihash[2])).size, found.length)
          for (const { pointers: own, multihash, providers } of found) {
            assert.ok(providers >= 1 && providers <= own.length)
            for (const each of own) assert.deepEqual(each.target, multihash)
          }
        },
      ),
    )
  })
})
