import assert from 'node:assert/strict'
import { fidelityExperiment } from '../../src/fidelity/fidelity.ts'
import { atLeast, atMost, between, near, told } from '../../src/fidelity/fidelity-row.ts'
import {
  type FidelityExperiment,
  type FidelityRow,
  runFidelity,
  type SeveralProgress,
} from '../../src/index.ts'

function experimentWith(rows: readonly FidelityRow[], name = 'chord-test'): FidelityExperiment {
  return fidelityExperiment({
    name,
    overlay: 'chord',
    question: 'Does it hold?',
    source: 'this test',
    published: 'nothing',
    standing: 'arithmetic',
    full: { seed: 1, nodes: 100 },
    quick: { seed: 1, nodes: 10 },
    *measure({ nodes }, { progress }) {
      for (const [i, row] of rows.entries()) {
        progress(i / rows.length, `N = ${nodes}`)
        yield row
      }
    },
  })
}

const GOOD = near('hops', 3.9, 3.84, 0.1)
const BAD = near('hops', 5, 3.84, 0.1)

describe('a row of a fidelity experiment', () => {
  it('judges what is measured by the tolerance that it states', () => {
    const verdicts = [
      GOOD,
      BAD,
      between('a', 2, 2, 3),
      between('a', 3.1, 2, 3),
      atMost('b', 0, 0),
      atMost('b', 1, 0),
      atLeast('c', 5, 5),
      atLeast('c', 4, 5),
    ]
    assert.deepEqual(
      verdicts.map(({ within }) => within),
      [true, false, true, false, true, false, true, false],
    )
    assert.deepEqual(
      [GOOD, between('a', 2, 2, 3), atMost('b', 0, 0), atLeast('c', 5, 5)].map(row => row.published),
      ['3.84 ± 0.1', '2 to 3', 'at most 0', 'at least 5'],
    )
  })

  it('takes the mean of nothing for no success', () => {
    for (const row of [
      near('a', Number.NaN, 1, 9),
      between('a', Number.NaN, 0, 9),
      atMost('a', Number.NaN, 9),
    ])
      assert.equal(row.within, false)
  })

  it('tells what there is nothing to compare with, and does not judge it', () => {
    assert.deepEqual(told('nodes', 12), { what: 'nodes', measured: 12, published: '' })
  })
})

describe('a run of fidelity experiments', () => {
  it('gives the rows with the parameters of its size', () => {
    const [outcome] = runFidelity([experimentWith([GOOD, told('nodes', 10)])], 'quick').experiments
    assert.deepEqual(outcome?.parameters, { seed: 1, nodes: 10 })
    assert.equal(outcome?.rows.length, 2)
    assert.equal(outcome?.verdict, 'as published')
    assert.equal(runFidelity([experimentWith([GOOD])], 'full').experiments[0]?.parameters.nodes, 100)
  })

  it('says so when one figure is not as published, or when none was judged', () => {
    const run = runFidelity([experimentWith([GOOD, BAD]), experimentWith([told('nodes', 1)])], 'quick')
    assert.deepEqual(
      run.experiments.map(({ verdict }) => verdict),
      ['not as published', 'not as published'],
    )
  })

  it('tells how far all of them are together', () => {
    const heard: SeveralProgress[] = []
    runFidelity([experimentWith([GOOD, GOOD], 'chord-a'), experimentWith([GOOD], 'chord-b')], 'quick', {
      onProgress: progress => heard.push(progress),
    })
    assert.deepEqual(
      heard.map(({ experiment, share }) => [experiment, share]),
      [
        ['chord-a', 0],
        ['chord-a', 0],
        ['chord-a', 0.25],
        ['chord-b', 0.5],
        ['chord-b', 0.5],
      ],
    )
  })

  it('keeps the rows that there are when it is interrupted, and begins no other', () => {
    let rows = 0
    const run = runFidelity([experimentWith([GOOD, GOOD, GOOD]), experimentWith([GOOD])], 'quick', {
      isInterrupted: () => rows >= 2,
      onProgress: ({ doing }) => {
        if (doing !== '') rows++
      },
    })
    assert.equal(run.interrupted, true)
    assert.deepEqual(
      run.experiments.map(({ verdict, rows: kept }) => [verdict, kept.length]),
      [['interrupted', 2]],
    )
  })
})
