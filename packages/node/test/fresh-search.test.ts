import assert from 'node:assert/strict'
import { type Block, REGTEST } from '@onehop/ledger'
import { type FreshSearchOptions, searchFresh } from '../src/fresh-search.ts'

/** A search that nothing ends but its signal. */
const never: FreshSearchOptions['mine'] = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    const end = () => reject(signal.reason)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })

describe('a search for a block', () => {
  const FOUND = REGTEST.genesis
  const HOUR_MS = 3_600_000
  let templates: number
  let listeners: Set<() => void>
  const search = (changed: Partial<FreshSearchOptions>) =>
    searchFresh({
      createTemplate: () => {
        templates++
        return {} as Block
      },
      mine: never,
      signal: new AbortController().signal,
      refreshMs: HOUR_MS,
      onTip: listener => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      ...changed,
    })

  beforeEach(() => {
    templates = 0
    listeners = new Set()
  })

  it('begins anew at every new tip, until it finds one', async () => {
    const found = await search({
      mine: (template, options) => {
        if (templates === 3) return Promise.resolve(FOUND)
        const searching = never(template, options)
        for (const listener of [...listeners]) listener()
        return searching
      },
    })
    assert.deepEqual([found, templates, listeners.size], [FOUND, 3, 0])
  })

  it('begins anew when its template is old', async () => {
    const found = await search({
      refreshMs: 1,
      mine: (template, options) => (templates === 2 ? Promise.resolve(FOUND) : never(template, options)),
    })
    assert.deepEqual([found, templates, listeners.size], [FOUND, 2, 0])
  })

  it('ends with the signal’s reason, and with what the search itself throws', async () => {
    const controller = new AbortController()
    const searching = search({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(searching, /enough/)
    await assert.rejects(search({ signal: controller.signal }), /enough/)
    await assert.rejects(search({ mine: () => Promise.reject(new Error('broken')) }), /broken/)
    assert.deepEqual([templates, listeners.size], [2, 0])
  })
})
