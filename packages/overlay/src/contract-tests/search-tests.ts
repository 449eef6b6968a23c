import { contentPublications } from '../content-publications.ts'
import { rankContents } from '../search-results.ts'
import { contentWords } from '../words.ts'
import type { OverlayHarness } from './harness.ts'
import { test } from './mocha.ts'
import { inEachNetwork, range } from './scene.ts'

const NODES = 8
const ALL = range(0, NODES)

/** Searching by words, for overlays that can. */
export function registerSearchTests(harness: OverlayHarness): void {
  test('every node finds content by the words of its name and by those that its publisher adds', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const film = await scene.publishContent(1, 'Roman Holiday.mp4', ['hepburn'])
      const photo = await scene.publishContent(5, 'holiday.2024.jpg')
      await scene.expectContents(ALL, ['holiday', 'hepburn'], [film])
      await scene.expectContents(ALL, ['2024', 'holiday'], [photo])
      await scene.expectContents(ALL, ['holiday', 'jpg', 'mp4'], [])
      await scene.expectContents(ALL, ['mp4'], [film])
    }))

  test('what more nodes provide is found first, and no more than wanted', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const rare = await scene.publishContent(1, 'holiday.jpg')
      const popular = await scene.publishContent(2, 'holiday in rome.jpg')
      for (const provider of [4, 6]) await scene.provide(provider, popular, 'holiday in rome.jpg')
      await scene.expectContents(ALL, ['holiday', 'jpg'], [popular, rare])
      await scene.holds(async () => {
        const { pointers } = await scene.search(3, ['holiday'], { limit: 1 }).outcome
        const [first, ...others] = rankContents(['holiday'], pointers)
        scene.expect(
          first?.multihash.join() === popular.join() && others.length === 0,
          'it was not the first',
        )
        scene.expect(first?.providers === 3, `${first?.providers} providers`)
      })
    }))

  test('a search for what nobody has ends as not found, and says what it cost', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      await scene.publishContent(1, 'holiday.jpg')
      await scene.holds(async () => {
        const words = ['holiday', 'nowhere']
        const outcomes = await scene.ofEach(ALL, node => scene.search(node, words).outcome)
        for (const { node, failure, attempts, messages } of outcomes) {
          scene.expect(failure === 'not found', `node ${node} said "${failure}"`)
          scene.expect(attempts <= messages, 'attempts without messages')
        }
      })
    }))

  test('what is withdrawn is not found by its words any more', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const [name, stays] = ['holiday.jpg', await scene.publishContent(2, 'holiday.png')]
      const goes = await scene.publishContent(1, name)
      const content = { multihash: goes, name, bytes: name.length, words: contentWords(name) }
      for (const publication of contentPublications(content)) await scene.withdraw(1, publication)
      await scene.expectContents(ALL, ['holiday'], [stays])
      await scene.expectContents(ALL, ['jpg'], [])
    }))

  test('a cancelled search ends as cancelled', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const search = scene.search(1, ['holiday', 'rome', 'mp4'])
      search.cancel()
      search.cancel()
      scene.expect((await search.outcome).failure === 'cancelled', 'it went on')
    }))
}
