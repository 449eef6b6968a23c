import assert from 'node:assert/strict'
import { summarise, tableOf } from '../bench/report.ts'
import { median } from '../bench/statistics.ts'
import { type Line, metric, type Round } from '../bench/suite.ts'
import { suite } from '../bench/swarm/suite.ts'

const LINE: Line = {
  name: 'connect',
  what: 'block connect',
  tasks: ['ours', 'theirs'],
  unit: 'tx/cpu s',
  measured: round => metric(round, 'ours', 'rate'),
  reference: round => metric(round, 'theirs', 'rate'),
  target: { atLeast: 0.6 },
}
const MEMORY: Line = {
  name: 'memory',
  what: 'RSS',
  tasks: ['ours'],
  unit: 'MB',
  measured: round => metric(round, 'ours', 'rate'),
  target: { atMost: 200 },
}

function roundOf(ours: number, theirs: number): Round {
  return { ours: { rate: ours }, theirs: { rate: theirs } }
}

describe('the report of a bench', () => {
  it('takes the middle of several rounds', () => {
    assert.equal(median([3, 1, 2]), 2)
    assert.equal(median([4, 1, 2, 3]), 2.5)
    assert.equal(median([7]), 7)
  })

  it('compares within a round, so that a machine that slows down changes no ratio', () => {
    const result = summarise(LINE, [roundOf(70, 100), roundOf(35, 50), roundOf(7, 10)])
    assert.deepEqual(result.ratios, [0.7, 0.7, 0.7])
    assert.equal(result.passes, true)
    assert.equal(result.measured, 35)
  })

  it('says what is below its target, and what is above a limit', () => {
    assert.equal(summarise(LINE, [roundOf(50, 100)]).passes, false)
    assert.equal(summarise(MEMORY, [roundOf(199, 0)]).passes, true)
    assert.equal(summarise(MEMORY, [roundOf(201, 0)]).passes, false)
  })

  it('leaves out rounds in which a task failed, and says so when none is left', () => {
    const failed: Round = { ours: undefined, theirs: { rate: 1 } }
    assert.deepEqual(summarise(LINE, [failed, roundOf(60, 100)]).ratios, [0.6])
    const nothing = summarise(LINE, [failed])
    assert.equal(nothing.failure, 'failed: ours')
    assert.equal(nothing.passes, undefined)
  })

  it('is a table with the machine above it', () => {
    const machine = { cpu: 'A CPU', cores: 2, node: 'v24.0.0', platform: 'linux x64' }
    const lines = [summarise(LINE, [roundOf(5432.1, 10_000)]), summarise(MEMORY, [roundOf(150, 0)])]
    const table = tableOf({ suite: 'ledger', machine, rounds: 1, quick: false, lines })
    assert.match(table, /A CPU, 2 cores, Node v24\.0\.0/)
    assert.match(
      table,
      /\| block connect +\| 5,432 tx\/cpu s +\| 10,000 +\| 0\.543 +\| ≥ 0\.6 × +\| BELOW TARGET +\|/,
    )
    assert.match(table, /\| RSS +\| 150 MB .*\| ≤ 200 +\| pass/)
  })
})

describe('the bench of the swarm', () => {
  it('has the tasks that its lines need, and a target for each line of the issue', async () => {
    const { tasks, lines } = await suite.prepare({ quick: true, large: false, progress: () => {} })
    const names = new Set(tasks.map(task => task.name))
    assert.ok(lines.every(line => line.tasks.every(task => names.has(task))))
    assert.equal(lines.filter(line => line.target !== undefined).length, 8)
  })
})
