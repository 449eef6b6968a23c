import { invalid, type Result, utf8Encode } from '@onehop/primitives'
import { MAX_WORD_BYTES, MAX_WORD_TEXT_CHARACTERS, MAX_WORDS_PER_CONTENT, MIN_WORD_BYTES } from './limits.ts'

/** Letters and numbers of any script, with the marks that belong to them (UAX 29 keeps those together too). */
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu

/**
 * The different words of a text in the order in which they come: `Film.2024.mp4` has film, 2024 and mp4. Everything
 * that is no letter, number or mark separates. Words of less than {@link MIN_WORD_BYTES} and of more than
 * {@link MAX_WORD_BYTES} are left out. A word is its own only word, so who publishes and who searches agree.
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>()
  for (const [found] of text.normalize('NFC').matchAll(WORD)) {
    const word = folded(found)
    const { length } = utf8Encode(word)
    if (length >= MIN_WORD_BYTES && length <= MAX_WORD_BYTES) words.add(word)
  }
  return [...words]
}

/**
 * Lower case, and composed last, for lower-casing can take characters apart. A sigma has two small forms, of which
 * lower-casing takes one by what stands beside it: a word must not hang on that.
 */
function folded(word: string): string {
  return word.toLowerCase().normalize('NFC').replaceAll('ς', 'σ')
}

/** The words that content is published under: those that its publisher gives, then its name's, as many as there may be. */
export function contentWords(name: string, given: readonly string[] = []): string[] {
  return [...new Set([...given, ...wordsOf(name)])].slice(0, MAX_WORDS_PER_CONTENT)
}

/**
 * The words that a person means.
 * @param texts one or several, each of one or several words.
 * @param most more words than these are refused.
 */
export function parseWords(texts: readonly string[], most: number): Result<string[]> {
  const text = texts.join(' ')
  if (text.length > MAX_WORD_TEXT_CHARACTERS)
    return invalid('long-words', `words have at most ${MAX_WORD_TEXT_CHARACTERS} characters together`)
  const words = wordsOf(text)
  if (words.length === 0)
    return invalid('no-words', `a word of at least ${MIN_WORD_BYTES} letters or digits is needed`)
  if (words.length > most) return invalid('too-many-words', `at most ${most} words, not ${words.length}`)
  return { ok: true, value: words }
}
