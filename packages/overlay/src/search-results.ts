import { bytesKey, compareBytes } from '@onehop/primitives'
import { wordKey } from './keys.ts'
import type { Pointer } from './pointer.ts'
import { wordsOf } from './words.ts'

/** Content that a search found, with what leads to it. */
export interface FoundContent {
  readonly multihash: Uint8Array
  /** The name that most of its providers give it. */
  readonly name: string | undefined
  /** Size in bytes, where one of them tells it. */
  readonly bytes: number | undefined
  /** Different ones. */
  readonly providers: number
  /** Of the words searched for, those that pointers were found under. The others stand in the name. */
  readonly words: readonly string[]
  readonly pointers: readonly Pointer[]
}

/**
 * The contents that carry all the words, the best first: more providers, then more of the words in the name, then fewer
 * other words in it; ties are ordered by name and id, so that the same pointers give the same order whichever came first.
 *
 * Content carries a word when a pointer leads from the word to it, or when one of its pointers gives it a name that has
 * the word: the list of a popular word is cut where tables end, and the pointers of a rarer word tell the name.
 * @param words normalised: see `parseWords`.
 */
export function rankContents(words: readonly string[], pointers: readonly Pointer[]): FoundContent[] {
  const wordOfKey = new Map(words.map(word => [bytesKey(wordKey(word)), word]))
  const byTarget = new Map<string, Pointer[]>()
  for (const pointer of pointers) {
    if (pointer.target === undefined || !wordOfKey.has(bytesKey(pointer.key))) continue
    const target = bytesKey(pointer.target)
    const known = byTarget.get(target)
    if (known === undefined) byTarget.set(target, [pointer])
    else known.push(pointer)
  }
  return [...byTarget.values()]
    .map(found => candidateOf(words, wordOfKey, found))
    .filter(({ carried }) => carried === words.length)
    .sort(byRank)
    .map(({ content }) => content)
}

/** Content with what it is ranked by. */
interface Candidate {
  readonly content: FoundContent
  /** How many of the words it carries. */
  readonly carried: number
  readonly inName: number
  readonly nameWords: number
}

function candidateOf(
  words: readonly string[],
  wordOfKey: ReadonlyMap<string, string>,
  found: readonly Pointer[],
): Candidate {
  const pointers = found.toSorted(
    (a, b) => compareBytes(a.provider, b.provider) || compareBytes(a.key, b.key),
  )
  const ledFrom = new Set(pointers.map(({ key }) => wordOfKey.get(bytesKey(key))))
  const names = votersOfNames(pointers)
  const named = new Set([...names.keys()].flatMap(wordsOf))
  const name = mostGiven(names)
  const nameWords = new Set(wordsOf(name ?? ''))
  const content = {
    multihash: pointers[0]!.target!,
    name,
    bytes: pointers.find(({ displayName, bytes }) => displayName === name && bytes !== undefined)?.bytes,
    providers: new Set(pointers.map(({ provider }) => bytesKey(provider))).size,
    words: words.filter(word => ledFrom.has(word)),
    pointers,
  }
  const carried = words.filter(word => ledFrom.has(word) || named.has(word)).length
  const inName = words.filter(word => nameWords.has(word)).length
  return { content, carried, inName, nameWords: nameWords.size }
}

function votersOfNames(pointers: readonly Pointer[]): Map<string, Set<string>> {
  const votersOf = new Map<string, Set<string>>()
  for (const { displayName, provider } of pointers) {
    if (displayName === undefined) continue
    const voters = votersOf.get(displayName) ?? new Set()
    votersOf.set(displayName, voters.add(bytesKey(provider)))
  }
  return votersOf
}

/** The name with most voters; of equally many the first in order. */
function mostGiven(votersOf: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const [best] = [...votersOf].sort(([a, x], [b, y]) => y.size - x.size || (a < b ? -1 : 1))
  return best?.[0]
}

function byRank(a: Candidate, b: Candidate): number {
  const [one, other] = [a.content, b.content]
  const [name, otherName] = [one.name ?? '', other.name ?? '']
  return (
    other.providers - one.providers ||
    b.inName - a.inName ||
    a.nameWords - b.nameWords ||
    (name === otherName ? 0 : name < otherName ? -1 : 1) ||
    compareBytes(one.multihash, other.multihash)
  )
}
