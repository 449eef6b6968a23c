import { equalBytes } from '@onehop/primitives'
import { contentKey } from '../keys.ts'
import type { OverlayHarness } from './harness.ts'
import { test } from './mocha.ts'
import { inEachNetwork, range } from './scene.ts'

const NODES = 8

/** Live, where floods are waited for, no more than so many of a network's nodes publish in turn. */
const LIVE_PUBLISHERS = 5

/** Joining, publishing and looking up while nothing goes wrong. */
export function registerLookupTests(harness: OverlayHarness): void {
  test('a node alone publishes to itself and finds it', () =>
    inEachNetwork(harness, { nodes: 1 }, async scene => {
      await scene.joinAll(1)
      const key = await scene.publishNew(0)
      const outcome = await scene.find(0, key)
      scene.expect(outcome.pointers.length === 1 && outcome.hops === 0, 'it was not in its own table')
      await scene.expectNothing([0], contentKey(scene.multihash()))
    }))

  for (const nodes of [2, 3, 5, NODES, 13])
    test(`in a network of ${nodes}, every node finds every key at once`, () =>
      inEachNetwork(harness, { nodes }, async scene => {
        await scene.joinAll(nodes)
        await scene.converge()
        const step = harness.isLive === true ? Math.ceil(nodes / LIVE_PUBLISHERS) : 1
        for (let publisher = 0; publisher < nodes; publisher += step) {
          const key = contentKey(scene.multihash())
          await scene.holds(async () => {
            const { acknowledgements } = await scene.publish(publisher, { kind: 'content', key })
            const isConfirmed = acknowledgements >= 1 || harness.confirms === false
            scene.expect(isConfirmed, 'nobody confirmed the publication')
          })
          await scene.expectNear(range(0, nodes), key)
        }
      }))

  test('a pointer says who has it, where, and until when', () =>
    inEachNetwork(harness, { nodes: 3 }, async scene => {
      await scene.joinAll(3)
      await scene.converge()
      const key = contentKey(scene.multihash())
      await scene.publish(1, { kind: 'content', key, bytes: 1234, displayName: 'a.bin' })
      await scene.expectProviders([2], key, [1])
      const [pointer] = (await scene.find(2, key)).pointers
      scene.expect(pointer !== undefined && equalBytes(pointer.provider, scene.network.idOf(1)), 'provider')
      scene.expect(pointer?.bytes === 1234 && pointer.displayName === 'a.bin', 'what was said of the content')
      scene.expect((pointer?.addresses.length ?? 0) > 0, 'addresses')
      scene.expect((pointer?.expiresAt ?? 0) * 1000 > scene.network.now(), 'expiry')
    }))

  test('all providers of a key are found, each once, and no more than wanted', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const key = contentKey(scene.multihash())
      for (const provider of [1, 4, 6]) await scene.publish(provider, { kind: 'content', key })
      await scene.expectProviders(range(0, NODES), key, [1, 4, 6])
      await scene.holds(async () => {
        const { pointers } = await scene.find(3, key, { limit: 2 })
        scene.expect(pointers.length === 2, `${pointers.length} pointers instead of 2`)
      })
    }))

  test('pointers are reported as they arrive', () =>
    inEachNetwork(harness, { nodes: 5 }, async scene => {
      await scene.joinAll(5)
      await scene.converge()
      const key = await scene.publishNew(1)
      await scene.holds(async () => {
        let reported = 0
        const { pointers } = await scene.find(2, key, { onPointer: () => reported++ })
        scene.expect(reported === pointers.length && reported === 1, `${reported} were reported`)
      })
    }))

  test('a name leads to all contents published under it', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const [first, second] = [scene.multihash(), scene.multihash()]
      await scene.publishName(1, 'Song.mp3', first)
      const key = await scene.publishName(2, 'song.MP3', second)
      await scene.holds(async () => {
        for (const node of range(0, NODES)) {
          const { pointers } = await scene.find(node, key)
          const hasBoth = [first, second].every(target =>
            pointers.some(p => p.target && equalBytes(p.target, target)),
          )
          scene.expect(hasBoth && pointers.length === 2, `node ${node} found ${pointers.length} contents`)
        }
      })
    }))

  test('an unknown key is not found, by anybody, and that is said', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      await scene.expectNothing(range(0, NODES), contentKey(scene.multihash()))
    }))

  test('what is withdrawn is gone at once, and does not come back', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const key = await scene.publishNew(1)
      await scene.publish(5, { kind: 'content', key })
      await scene.withdraw(1, { kind: 'content', key })
      await scene.expectProviders(range(0, NODES), key, [5])
      await scene.network.wait(2 * harness.times.expiryMs)
      await scene.expectProviders(range(0, NODES), key, [5])
      const again = await scene.network.withdraw(1, key)
      scene.expect(again.failure === 'not found', 'it could be withdrawn twice')
    }))

  test('what is published again after its withdrawal is found again', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const key = await scene.publishNew(1)
      await scene.withdraw(1, { kind: 'content', key })
      await scene.publish(1, { kind: 'content', key })
      await scene.expectProviders(range(0, NODES), key, [1])
    }))

  test('a cancelled lookup ends as cancelled', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const lookup = scene.network.lookup(1, contentKey(scene.multihash()), { limit: 1, deadlineMs: 10_000 })
      lookup.cancel()
      lookup.cancel()
      scene.expect((await lookup.outcome).failure === 'cancelled', 'it went on')
    }))

  test('a live provider’s pointers outlive their first expiry', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const key = await scene.publishNew(3)
      await scene.network.wait(2 * harness.times.expiryMs)
      await scene.expectNear(range(0, NODES), key)
    }))
}
