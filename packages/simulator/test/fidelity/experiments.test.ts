import assert from 'node:assert/strict'
import { FIDELITY_EXPERIMENTS, runFidelity, startFidelity } from '../../src/index.ts'

describe('the fidelity experiments', () => {
  it('have names of their own that begin with their overlays’, and say what they are held against', () => {
    const names = FIDELITY_EXPERIMENTS.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    for (const { name, overlay, question, source, published } of FIDELITY_EXPERIMENTS) {
      assert.ok(name.startsWith(`${overlay}-`), name)
      assert.match(question, /\?$/, name)
      assert.ok(source.length > 0 && published.length > 0, name)
    }
  })

  it('have parameters that JSON can carry, the seed among them', () => {
    for (const experiment of FIDELITY_EXPERIMENTS)
      for (const size of ['full', 'quick'] as const) {
        const parameters = experiment.parametersOf(size)
        assert.deepEqual(JSON.parse(JSON.stringify(parameters)), parameters, experiment.name)
        assert.ok(Number.isInteger(parameters.seed), experiment.name)
      }
  })

  for (const experiment of FIDELITY_EXPERIMENTS)
    it(`${experiment.name}: what is measured at its quick size is as published`, () => {
      const [outcome] = runFidelity([experiment], 'quick').experiments
      const different = outcome?.rows.filter(({ within }) => within === false)
      assert.deepEqual(different, [])
      assert.equal(outcome?.verdict, 'as published')
    })

  it('give the same rows in a thread', async () => {
    const [experiment] = FIDELITY_EXPERIMENTS
    assert.ok(experiment !== undefined)
    const here = runFidelity([experiment], 'quick')
    const there = await startFidelity([experiment.name], 'quick', () => {}).result
    assert.deepEqual(there.experiments[0]?.rows, here.experiments[0]?.rows)
    assert.equal(there.size, 'quick')
  })

  it('end when they are interrupted, with what there is', async () => {
    const names = FIDELITY_EXPERIMENTS.map(({ name }) => name)
    const running = startFidelity(names, 'full', () => running.interrupt())
    const result = await running.result
    assert.equal(result.interrupted, true)
    assert.ok(result.experiments.length < names.length)
  })
})
