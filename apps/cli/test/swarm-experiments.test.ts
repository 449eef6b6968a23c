import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SwarmResult } from '@onehop/simulator'
import { describeSwarms, swarmSummaryOf } from '../src/simulate/swarm-view.ts'
import { runCli } from './support/run-cli.ts'

const RESULT: SwarmResult = {
  ...{ size: 'quick', seed: 7, interrupted: false },
  machine: { cpu: 'a CPU', cores: 2, memoryBytes: 1, node: 'v24', platform: 'linux' },
  experiments: [
    {
      ...{ name: 'free-riders', question: 'What do they get?', source: 'Cohen 2003', runs: [] },
      parameters: {
        ...{ seed: 7, leechers: 10, others: {}, contentBytes: 2 ** 20, pieceBytes: 2 ** 16, rates: [] },
        seedRates: { up: 1, down: 1 },
      },
      rows: [
        { what: 'nodes that finished', measured: 10, published: '10 ± 0', within: true },
        { what: 'an even share', measured: 0.9, published: 'at most 0.75', within: false },
        { what: 'told', measured: 3, published: '' },
      ],
      ...{ verdict: 'not as it should be', wallSeconds: 1 },
    },
  ],
}

describe('the view of swarm experiments', () => {
  it('shows every figure beside what it should be, and sums up', () => {
    const text = describeSwarms(RESULT)
    assert.match(text, /an even share +0\.9 +at most 0\.75 +no/)
    assert.match(text, /10 leechers, 1 MiB in pieces of 64 KiB, seed 7/)
    assert.equal(swarmSummaryOf(RESULT), '1 of 2 figures as it should be; not those of free-riders.')
  })
})

describe('onehop simulate swarm', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-swarm-report-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('prints times and figures, and writes a page with them', async () => {
    const [text, json] = await Promise.all([
      runCli(['simulate', 'swarm', 'tyrants', '--quick']),
      runCli(['simulate', 'swarm', 'tyrants', '--quick', '--json', '--report', folder]),
    ])
    assert.deepEqual([text.code, json.code, json.stderr], [0, 0, ''])
    const result = JSON.parse(json.stdout) as SwarmResult
    const [outcome] = result.experiments
    assert.deepEqual(
      outcome?.runs.map(({ strategy }) => strategy),
      ['tit-for-tat', 'proportional-share'],
    )
    assert.match(text.stdout, /proportional-share +tyrant +3 of 3/)
    assert.deepEqual(readdirSync(folder).sort(), ['figures.csv', 'groups.csv', 'index.html', 'result.json'])
    assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /Time from coming to having everything/)
  })

  it('answers a name that there is not in one sentence, with code 2', async () => {
    const run = await runCli(['simulate', 'swarm', 'tyrant', '--quick'])
    assert.equal(run.code, 2)
    assert.match(run.stderr, /^Error: There is no swarm experiment "tyrant"; did you mean "tyrants"\?/)
  })

  it('stands in the list of experiments', async () => {
    const run = await runCli(['simulate', 'list', '-q'])
    assert.ok(run.stdout.split('\n').includes('departing-seed'))
  })
})
