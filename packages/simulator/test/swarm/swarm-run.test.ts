import assert from 'node:assert/strict'
import {
  HOME_RATES,
  SWARM_STRATEGIES,
  type SwarmParameters,
  type SwarmRole,
} from '../../src/swarm/swarm-parameters.ts'
import { runSwarm } from '../../src/swarm/swarm-run.ts'

const KB = 1000
const MIB = 1024 * 1024
const CALM = { isInterrupted: () => false, progress: () => {} }

function swarm(changes: Partial<SwarmParameters> = {}): SwarmParameters {
  return {
    ...{ seed: 1, leechers: 12, others: {}, contentBytes: 4 * MIB, pieceBytes: 64 * 1024 },
    ...{ rates: HOME_RATES, seedRates: { up: 512 * KB, down: 512 * KB } },
    ...changes,
  }
}

describe('a simulated swarm', () => {
  it('is the same for the same seed, and another for another', () => {
    const [first, same, other] = [1, 1, 2].map(
      seed => runSwarm(swarm({ seed }), 'tit-for-tat', CALM).traceHash,
    )
    assert.equal(first, same)
    assert.notEqual(first, other)
  })

  for (const strategy of SWARM_STRATEGIES) {
    it(`lets a node alone with the seed have all of the link, under ${strategy}`, () => {
      const rates = [{ up: 100 * KB, down: 8000 * KB }]
      const seedRates = { up: 1000 * KB, down: 1000 * KB }
      const parameters = swarm({
        leechers: 1,
        contentBytes: 64 * MIB,
        pieceBytes: 256 * 1024,
        rates,
        seedRates,
      })
      const { groups } = runSwarm(parameters, strategy, CALM)
      const seconds = groups.find(({ role }) => role === 'compliant')!.meanSeconds!
      assert.ok(seconds < (1.05 * 64 * MIB) / (1000 * KB), `${seconds} s`)
    })

    it(`never sends more than uploads carry, and uses nearly all of them, under ${strategy}`, () => {
      const { groups } = runSwarm(swarm({ leechers: 20, contentBytes: 8 * MIB }), strategy, CALM)
      for (const { role, uploadUsed } of groups) {
        assert.ok(uploadUsed <= 1.001, `${role}: ${uploadUsed}`)
        assert.ok(uploadUsed > 0.85, `${role}: ${uploadUsed}`)
      }
    })

    it(`leaves nobody without the content, whatever it is, under ${strategy}`, () => {
      const others = { 'free-rider': 3, tyrant: 3, 'large-view': 3 }
      const run = runSwarm(swarm({ leechers: 15, others }), strategy, CALM)
      assert.equal(run.finished, 15)
      const never: readonly SwarmRole[] = ['free-rider', 'large-view']
      for (const { role, ratio } of run.groups) if (never.includes(role)) assert.equal(ratio, 0, role)
    })
  }

  it('ends when the seed is gone and nobody can go on', () => {
    const run = runSwarm(swarm({ seedLeavesAfterCopies: 0.5 }), 'tit-for-tat', CALM)
    assert.equal(run.finished, 0)
    assert.ok(run.copiesLeft!.lost > 0)
    assert.ok(run.virtualSeconds < 600)
  })

  it('ends when it is interrupted, with what there is', () => {
    let asked = 0
    const run = runSwarm(swarm(), 'tit-for-tat', { isInterrupted: () => ++asked > 2, progress: () => {} })
    assert.ok(run.finished < 12)
  })
})
