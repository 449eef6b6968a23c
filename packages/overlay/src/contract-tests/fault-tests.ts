import { contentKey, type Key } from '../keys.ts'
import type { OverlayHarness } from './harness.ts'
import { test } from './mocha.ts'
import { inEachNetwork, range } from './scene.ts'

const NODES = 8

/** Nodes that come late, leave, die, and networks that lose messages or fall apart. */
export function registerFaultTests(harness: OverlayHarness): void {
  const { times, faults } = harness

  test('a late joiner finds what was published before it came, and is found by all', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const before = await scene.publishNew(2)
      const late = await scene.network.addNode()
      await scene.join(late, [3])
      await scene.expectProviders([late], before, [2])
      const after = await scene.publishNew(late)
      await scene.expectProviders(range(0, NODES + 1), after, [late])
      await scene.converge()
      await scene.expectNear(range(0, NODES + 1), before)
    }))

  test('a join through somebody who is not there fails, and says so', () =>
    inEachNetwork(harness, { nodes: 2 }, async scene => {
      await scene.network.kill(0)
      const { failure } = await scene.network.join(1, [0])
      scene.expect(failure === 'timed out' || failure === 'unreachable', `the join said "${failure}"`)
      const lost = await scene.network.publish(1, { kind: 'content', key: contentKey(scene.multihash()) })
      scene.expect(lost.failure === 'no peers', `the publication said "${lost.failure}"`)
    }))

  test('a dead provider’s pointers vanish, those of others stay', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const key = await scene.publishNew(6)
      await scene.publish(2, { kind: 'content', key })
      await scene.network.kill(6)
      const alive = range(0, NODES).filter(node => node !== 6)
      await scene.eventually(times.expiryMs, () => scene.expectProviders(alive, key, [2]))
    }))

  test('who leaves takes its pointers along, and nothing else', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await scene.joinAll(NODES)
      await scene.converge()
      const stays = await scene.publishNew(1)
      const goes = await scene.publishNew(5)
      await scene.network.leave(5)
      const alive = range(0, NODES).filter(node => node !== 5)
      await scene.eventually(times.convergenceMs, () => scene.expectNothing(alive, goes))
      await scene.expectNear(alive, stays)
    }))

  test('after half of the nodes died at once, the others find each other’s content', () =>
    inEachNetwork(harness, { nodes: 12 }, async scene => {
      await scene.joinAll(12)
      await scene.converge()
      const keys: Key[] = []
      for (const node of range(0, 6)) keys.push(await scene.publishNew(node))
      for (const node of range(6, 12)) await scene.network.kill(node)
      await scene.eventually(times.deathMs, async () => {
        for (const key of keys) await scene.expectNear(range(0, 6), key)
      })
    }))

  if (faults.loss)
    test('with a tenth of all messages lost, everything is found', () =>
      inEachNetwork(harness, { nodes: NODES, lossFraction: 0.1 }, async scene => {
        await scene.joinAll(NODES)
        await scene.converge()
        for (const node of range(0, NODES)) {
          const key = await scene.publishNew(node)
          await scene.network.wait(times.convergenceMs)
          await scene.expectProviders(range(0, NODES), key, [node])
        }
      }))

  if (faults.partition)
    test('each half of a split network finds its own content, and all find all after it heals', () =>
      inEachNetwork(harness, { nodes: NODES }, async scene => {
        await scene.joinAll(NODES)
        await scene.converge()
        const halves = [range(0, 4), range(4, NODES)]
        await scene.network.partition(halves)
        await scene.network.wait(times.deathMs)
        const left = await scene.publishNew(1)
        const right = await scene.publishNew(6)
        await scene.expectNear(halves[0]!, left)
        await scene.expectNear(halves[1]!, right)
        await scene.network.heal()
        await scene.network.wait(2 * times.convergenceMs)
        for (const key of [left, right]) await scene.expectNear(range(0, NODES), key)
      }))
}
