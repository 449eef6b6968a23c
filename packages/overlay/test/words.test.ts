import assert from 'node:assert/strict'
import { utf8Encode } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  contentPublications,
  contentWords,
  infohashToMultihash,
  MAX_SEARCH_WORDS,
  MAX_WORD_BYTES,
  MAX_WORDS_PER_CONTENT,
  MIN_WORD_BYTES,
  nameKey,
  parseWords,
  wordKey,
  wordsOf,
} from '../src/index.ts'

/** Text of any script, with halves of characters too. */
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('a', 'İ', 'Σ', 'e\u0301', '.', ' '), fc.string({ unit: 'binary' })),
})

describe('the words of a name', () => {
  const examples: readonly (readonly [text: string, words: readonly string[]])[] = [
    ['film.2024.mp4', ['film', '2024', 'mp4']],
    ['Holiday_in-Rome (part II).MKV', ['holiday', 'in', 'rome', 'part', 'ii', 'mkv']],
    ['a b c I/O', []],
    ['  --  ', []],
    ['the the THE The', ['the']],
    ['Čeština Ελλάδα Россия', ['čeština', 'ελλάδα', 'россия']],
    ['東京.第 हिन्दी', ['東京', '第', 'हिन्दी']],
    ['🎬film🎬', ['film']],
  ]
  for (const [text, words] of examples)
    it(`${JSON.stringify(text)} are ${words.join(', ') || 'none'}`, () =>
      assert.deepEqual(wordsOf(text), words))

  it('are the same for characters written in one or in two', () => {
    assert.deepEqual(wordsOf('Cafe\u0301'), ['café'])
    assert.deepEqual(wordsOf('CAFÉ'), ['café'])
  })

  it('do not hang on what stands beside them, though Greek has two small forms of sigma', () => {
    assert.deepEqual(wordsOf('ΟΔΟΣ.mp4')[0], wordsOf('ΟΔΟΣ')[0])
    assert.deepEqual(wordsOf('οδός'), wordsOf('ΟΔΌΣ'))
  })

  it('are neither shorter nor longer than words may be', () => {
    const longest = 'x'.repeat(MAX_WORD_BYTES)
    assert.deepEqual(wordsOf(`${longest} ${longest}y`), [longest])
    fc.assert(
      fc.property(anyText, text => {
        for (const word of wordsOf(text)) {
          const { length } = utf8Encode(word)
          assert.ok(length >= MIN_WORD_BYTES && length <= MAX_WORD_BYTES)
        }
      }),
    )
  })

  it('are each its own only word, and have a key', () => {
    fc.assert(
      fc.property(anyText, text => {
        for (const word of wordsOf(text)) {
          assert.deepEqual(wordsOf(word), [word])
          assert.equal(wordKey(word).length, 32)
        }
      }),
    )
  })

  it('are the same in capitals, composed or not, and whatever separates them', () => {
    const latin = fc.array(fc.stringMatching(/^[a-zäöé0-9]{2,12}$/), { maxLength: 6 })
    fc.assert(
      fc.property(latin, fc.constantFrom(' ', '.', '_', '-', ' – ', '\n'), (words, separator) => {
        const text = words.join(separator)
        const expected = [...new Set(words)]
        assert.deepEqual(wordsOf(text), expected)
        assert.deepEqual(wordsOf(text.toUpperCase()), expected)
        assert.deepEqual(wordsOf(text.normalize('NFD')), expected)
      }),
    )
  })
})

describe('the words that content is published under', () => {
  it('are those that were given, then those of its name', () => {
    assert.deepEqual(contentWords('Rome 2024.mp4', ['holiday', 'rome']), ['holiday', 'rome', '2024', 'mp4'])
  })

  it('are never more than there may be', () => {
    const name = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ')
    const words = contentWords(name, ['given'])
    assert.equal(words.length, MAX_WORDS_PER_CONTENT)
    assert.equal(words[0], 'given')
  })

  it('lead to it, as its name does', () => {
    const multihash = infohashToMultihash(new Uint8Array(20).fill(7))
    const words = contentWords('Song.mp3')
    const published = contentPublications({ multihash, name: 'Song.mp3', bytes: 5, words })
    assert.deepEqual(
      published.map(({ kind, key }) => [kind, key]),
      [
        ['content', published[0]!.key],
        ['name', nameKey('song.MP3')],
        ['word', wordKey('song')],
        ['word', wordKey('mp3')],
      ],
    )
    assert.equal(published[0]?.target, undefined)
    for (const { target } of published.slice(1)) assert.equal(target, multihash)
    for (const { displayName, bytes } of published) assert.deepEqual([displayName, bytes], ['Song.mp3', 5])
  })
})

describe('words that a person gives', () => {
  const refusal = (texts: readonly string[], most = MAX_SEARCH_WORDS) => {
    const parsed = parseWords(texts, most)
    assert.ok(!parsed.ok, `${texts} were taken`)
    return parsed.code
  }

  it('may come in one text or in several', () => {
    assert.deepEqual(parseWords(['Rome, holiday', 'MP4'], 3), { ok: true, value: ['rome', 'holiday', 'mp4'] })
  })

  it('are refused when there are none, and when there are too many', () => {
    assert.equal(refusal([]), 'no-words')
    assert.equal(refusal(['', ' -- ,']), 'no-words')
    assert.equal(refusal(['a', 'b']), 'no-words')
    assert.equal(refusal(['one two three'], 2), 'too-many-words')
    assert.equal(refusal(['x '.repeat(5_000)]), 'long-words')
  })
})
