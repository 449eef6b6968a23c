import assert from 'node:assert/strict'
import { contentKey } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { type BehaviourName, createSimulation, hostile } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { assertKelipsInvariants, KELIPS_TESTNET, type KelipsMachine, kelips } from '../src/index.ts'

const NODES = 30
const OPTIONS = { ...KELIPS_TESTNET, contactsPerGroup: 3 }
/** A third; never the first node, through which all enter. */
const isHostile = (node: number) => node % 3 === 1

/** A network a third of which is hostile, and what its honest nodes find of one another's keys. */
function tried(behaviours: readonly BehaviourName[], seed: number) {
  const simulation = createSimulation(hostile(kelips(OPTIONS), behaviours, { isHostile }), {
    nodes: NODES,
    seed,
  })
  simulation.joinAll()
  simulation.clock.runFor(15_000)
  const random = new SeededRandom(seed)
  const honest = simulation.nodes.filter(({ number }) => !isHostile(number))
  const keys = honest.map(({ number }) => {
    const key = contentKey(random.bytes(22))
    simulation.publish(number, { kind: 'content', key })
    return key
  })
  simulation.clock.runFor(3_000)
  let found = 0
  let asked = 0
  for (const { number } of honest) {
    for (const key of keys.slice(0, 8)) {
      asked++
      if (simulation.lookup(number, key).failure === undefined) found++
    }
  }
  const blamed = honest.flatMap(({ penalties }) => penalties)
  const hostileIds = new Set(simulation.nodes.filter(n => isHostile(n.number)).map(({ id }) => id.join()))
  const wronged = blamed.filter(({ peer }) => !hostileIds.has(peer.join()))
  for (const { machine } of honest) assertKelipsInvariants(machine as KelipsMachine)
  return {
    share: found / asked,
    caught: new Set(blamed.map(({ peer }) => peer.join())).size,
    wronged: wronged.length,
  }
}

describe('a network of which a third is hostile', () => {
  const sly: BehaviourName[][] = [['lie'], ['withhold'], ['lie', 'misestimate']]
  for (const behaviours of sly)
    it(`answers truthfully although they ${behaviours.join(' and ')}`, () => {
      for (const seed of [1, 2, 3]) {
        const { share, wronged } = tried(behaviours, seed)
        assert.ok(share >= 0.99, `${share} of the lookups were answered, seed ${seed}`)
        assert.equal(wronged, 0, 'an honest node was blamed')
      }
    })

  const blatant: BehaviourName[][] = [['forge'], ['impersonate', 'replay']]
  for (const behaviours of blatant)
    it(`answers truthfully, and catches those who ${behaviours.join(' and ')}, and nobody else`, () => {
      for (const seed of [1, 2, 3]) {
        const { share, caught, wronged } = tried(behaviours, seed)
        assert.ok(share >= 0.99, `${share} of the lookups were answered, seed ${seed}`)
        assert.ok(caught > 0, 'nobody was caught')
        assert.equal(wronged, 0, 'an honest node was blamed')
      }
    })

  it('keeps its tables within their limits although it is flooded', () => {
    const { share, wronged } = tried(['flood'], 1)
    assert.ok(share >= 0.99, `${share}`)
    assert.equal(wronged, 0)
  })
})
