import { type FoundContent, type Pointer, pointerName, rankContents, wordKey } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import type { Directory } from './directory.ts'
import { MAX_POINTERS_PER_ANSWER, MAX_POINTERS_SEARCHED_PER_WORD } from './limits.ts'
import type { Find, Search } from './messages.ts'

/** What a user, or another server for its users, wants to know. */
export type Query = Omit<Find, 'request' | 'isForwarded'> | Omit<Search, 'request' | 'isForwarded'>

/** What the directory has for a query: as many as an answer carries. */
export function searchDirectory(directory: Directory, query: Query, nowS: number): Pointer[] {
  const limit = Math.min(query.limit, MAX_POINTERS_PER_ANSWER)
  if (query.type === 'find') return directory.find(query.key, nowS, limit)
  const pointers = query.words.flatMap(word =>
    directory.find(wordKey(word), nowS, MAX_POINTERS_SEARCHED_PER_WORD),
  )
  return bestPointers(query.words, pointers, limit)
}

/** Pointers that {@link searchDirectory} looks through. */
export function searchCost(directory: Directory, query: Query): number {
  if (query.type === 'find') return 1
  const counts = query.words.map(word => directory.countUnder(wordKey(word)))
  return counts.reduce((sum, count) => sum + Math.min(count, MAX_POINTERS_SEARCHED_PER_WORD), 1)
}

/** Whether a pointer can be an answer at all: under the key, or under one of the words. */
export function answerTest(query: Query): (pointer: Pointer) => boolean {
  const keys = query.type === 'find' ? [query.key] : query.words.map(wordKey)
  const wanted = new Set(keys.map(bytesKey))
  return ({ key }) => wanted.has(bytesKey(key))
}

/**
 * Pointers to the contents that carry all the words, the best content first: all of them if an answer carries so many,
 * otherwise of each content those that show that it carries the words, and as many more as there is room for.
 */
export function bestPointers(
  words: readonly string[],
  pointers: readonly Pointer[],
  limit: number,
): Pointer[] {
  const contents = rankContents(words, pointers).slice(0, limit)
  const count = contents.reduce((sum, content) => sum + content.pointers.length, 0)
  if (count <= MAX_POINTERS_PER_ANSWER) return contents.flatMap(content => content.pointers)
  const share = Math.max(words.length, Math.floor(MAX_POINTERS_PER_ANSWER / contents.length))
  return contents.flatMap(content => firstOf(content, share)).slice(0, MAX_POINTERS_PER_ANSWER)
}

/** One pointer under each word first, then the others. */
function firstOf({ pointers }: FoundContent, count: number): Pointer[] {
  if (pointers.length <= count) return [...pointers]
  const seen = new Set<string>()
  const [telling, others]: [Pointer[], Pointer[]] = [[], []]
  for (const pointer of pointers) {
    const key = bytesKey(pointer.key)
    if (seen.has(key)) others.push(pointer)
    else telling.push(pointer)
    seen.add(key)
  }
  return [...telling, ...others].slice(0, count)
}

/** The pointers of several servers as one list: of versions of one pointer the latest, in order of arrival. */
export class Merged {
  private readonly byVersion = new Map<string, Pointer>()

  get size(): number {
    return this.byVersion.size
  }

  /** @returns whether nothing was there for it. */
  add(pointer: Pointer): boolean {
    const id = pointerName(pointer)
    const held = this.byVersion.get(id)
    if (held === undefined || held.sequence < pointer.sequence) this.byVersion.set(id, pointer)
    return held === undefined
  }

  pointers(): Pointer[] {
    return [...this.byVersion.values()]
  }
}
