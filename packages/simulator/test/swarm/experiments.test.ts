import assert from 'node:assert/strict'
import { runSwarmExperiments, SWARM_EXPERIMENTS } from '@onehop/simulator'

describe('the swarm experiments, small', () => {
  for (const experiment of SWARM_EXPERIMENTS) {
    it(`${experiment.name}: every judged figure is as it should be`, () => {
      const [outcome] = runSwarmExperiments([experiment], 'quick', 1).experiments
      const wrong = outcome!.rows.filter(({ within }) => within === false)
      assert.deepEqual(wrong, [])
      assert.ok(outcome!.rows.some(({ within }) => within))
    })
  }
})
