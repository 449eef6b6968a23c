import assert from 'node:assert/strict'
import {
  contentPublications,
  contentWords,
  infohashToCid,
  infohashToMultihash,
  type Outcome,
  type Pointer,
} from '@onehop/overlay'
import { RpcError } from '@onehop/rpc'
import { searchContent } from '../src/content/search.ts'

type SearchOverlay = Parameters<typeof searchContent>[0]

const COST = { hops: 1, messages: 4, attempts: 3, elapsedMs: 7, acknowledgements: 0 }
const infohash = (id: number) => new Uint8Array(20).fill(id)

/** The pointers that a provider of the content publishes for its words. */
function pointersOf(id: number, name: string, provider: number): Pointer[] {
  const content = {
    multihash: infohashToMultihash(infohash(id)),
    name,
    bytes: 100 * id,
    words: contentWords(name),
  }
  return contentPublications(content)
    .filter(({ kind }) => kind === 'word')
    .map(publication => ({
      version: 1,
      provider: Uint8Array.of(0, provider),
      addresses: [],
      sequence: 1,
      expiresAt: 1_800_000_000,
      signature: new Uint8Array(64),
      ...publication,
    }))
}

function overlayOf(
  pointers: readonly Pointer[],
  failure?: Outcome['failure'],
): SearchOverlay & { asked: unknown[] } {
  const outcome: Outcome = { ...COST, pointers, ...(failure === undefined ? {} : { failure }) }
  const asked: unknown[] = []
  return {
    asked,
    name: 'kelips',
    isolation: undefined,
    canSearch: true,
    isReady: true,
    ready: Promise.resolve(outcome),
    search: async (words, request) => {
      asked.push([words, request?.limit])
      return outcome
    },
  }
}

const search = (overlay: SearchOverlay, ...texts: string[]) =>
  searchContent(overlay, texts, 20, new AbortController().signal)

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

describe('a search by words', () => {
  it('gives keys, names and sizes, the best first, and what it cost', async () => {
    const overlay = overlayOf([
      ...pointersOf(1, 'Holiday in Rome.mp4', 1),
      ...pointersOf(2, 'holiday.jpg', 1),
      ...pointersOf(2, 'holiday.jpg', 2),
    ])
    assert.deepEqual(await search(overlay, 'HOLIDAY'), {
      words: ['holiday'],
      results: [
        {
          key: infohashToCid(infohash(2)),
          name: 'holiday.jpg',
          bytes: 200,
          providers: 2,
          words: ['holiday'],
        },
        {
          key: infohashToCid(infohash(1)),
          name: 'Holiday in Rome.mp4',
          bytes: 100,
          providers: 1,
          words: ['holiday'],
        },
      ],
      hops: 1,
      messages: 4,
      attempts: 3,
      elapsedMs: 7,
    })
  })

  it('takes words however they are written, and asks for each once', async () => {
    const overlay = overlayOf(pointersOf(1, 'holiday.2024.jpg', 1))
    await search(overlay, 'Holiday, 2024', 'a', 'holiday')
    assert.deepEqual(overlay.asked, [[['holiday', '2024'], 20]])
  })

  it('says by its code whether nobody has it or nobody answered', async () => {
    const none = /^Nobody provides content with the words "rome", "2024" and "jpg"\.$/
    await assert.rejects(search(overlayOf([], 'not found'), 'rome 2024 jpg'), refusal(-40, none))
    await assert.rejects(search(overlayOf([], 'not found'), 'rome'), refusal(-40, /with the word "rome"\.$/))
    await assert.rejects(
      search(overlayOf([], 'timed out'), 'rome'),
      refusal(-41, /^Nobody answered .* within 10 s\.$/),
    )
  })

  it('refuses no words and too many in one sentence', async () => {
    const overlay = overlayOf([])
    for (const texts of [[], [''], ['- _ ...'], ['a', 'b']])
      await assert.rejects(
        search(overlay, ...texts),
        refusal(-32602, /^Cannot search: a word of at least 2 letters or digits is needed\.$/),
      )
    const many = Array.from({ length: 9 }, (_, i) => `word${i}`)
    await assert.rejects(
      search(overlay, ...many),
      refusal(-32602, /^Cannot search: at most 8 words, not 9\.$/),
    )
    assert.deepEqual(overlay.asked, [])
  })

  it('is refused in one sentence where the overlay cannot', async () => {
    const overlay = { ...overlayOf([]), name: 'chord', canSearch: false }
    await assert.rejects(search(overlay, 'rome'), refusal(-1, /^The overlay chord cannot search by words; /))
    assert.deepEqual(overlay.asked, [])
  })
})
