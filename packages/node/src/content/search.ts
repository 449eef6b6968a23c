import { MAX_SEARCH_WORDS, multihashToCid, parseWords, rankContents } from '@onehop/overlay'
import { RPC_CODE, RpcError, type SearchResult } from '@onehop/rpc'
import { CONTENT_LOOKUP_DEADLINE_MS } from '../limits.ts'
import type { ContentOverlay } from './content-overlay.ts'
import { answered } from './resolve.ts'

/**
 * The words in what a user typed.
 * @param what begins the sentence that refuses them, e.g. `Cannot search`.
 * @throws {RpcError} -32602 for none and for too many.
 */
export function wordsFrom(texts: readonly string[], most: number, what: string): string[] {
  const words = parseWords(texts, most)
  if (words.ok) return words.value
  throw new RpcError(RPC_CODE.invalidParams, `${what}: ${words.detail ?? words.code}.`)
}

/**
 * Finds the contents that carry all the words.
 * @param texts one or several, each of one or several words.
 * @param limit of contents.
 * @throws {RpcError} -32602 for words that make no sense, -40 when nobody has such content, -41 when nobody answered,
 * -1 where the overlay cannot search.
 */
export async function searchContent(
  overlay: Pick<ContentOverlay, 'isReady' | 'ready' | 'isolation' | 'name' | 'canSearch' | 'search'>,
  texts: readonly string[],
  limit: number,
  signal: AbortSignal,
): Promise<SearchResult> {
  const words = wordsFrom(texts, MAX_SEARCH_WORDS, 'Cannot search')
  if (!overlay.canSearch) {
    const sentence = `The overlay ${overlay.name} cannot search by words; look up a name or a key.`
    throw new RpcError(RPC_CODE.miscError, sentence)
  }
  const request = { limit, deadlineMs: CONTENT_LOOKUP_DEADLINE_MS, signal }
  const outcome = await answered(overlay, `content with ${quoted(words)}`, signal, () =>
    overlay.search(words, request),
  )
  const results = rankContents(words, outcome.pointers).map(
    ({ multihash, name, bytes, providers, words: found }) => ({
      key: multihashToCid(multihash),
      ...(name === undefined ? {} : { name }),
      ...(bytes === undefined ? {} : { bytes }),
      providers,
      words: found,
    }),
  )
  const { hops, messages, attempts, elapsedMs } = outcome
  return { words, results, hops, messages, attempts, elapsedMs }
}

/** `the word "rome"`, `the words "rome" and "2024"` */
function quoted(words: readonly string[]): string {
  const all = words.map(word => `"${word}"`)
  const last = all.pop() ?? ''
  return all.length === 0 ? `the word ${last}` : `the words ${all.join(', ')} and ${last}`
}
