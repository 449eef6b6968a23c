import assert from 'node:assert/strict'
import type { FidelityExperiment, FidelityOutcome, FidelityResult, FidelityRow } from '@onehop/simulator'
import { UsageFailure } from '../src/failure.ts'
import { chooseFidelity } from '../src/simulate/fidelity-names.ts'
import { describeFidelity, summaryOf } from '../src/simulate/fidelity-view.ts'
import { runCli } from './support/run-cli.ts'

function experiment(name: string, overlay: FidelityExperiment['overlay']): FidelityExperiment {
  return {
    ...{ name, overlay, question: '?', source: 'a paper', published: '½ log₂ N', standing: 'recalled' },
    parametersOf: () => ({ seed: 1 }),
    run: () => [],
  }
}

const KNOWN = [
  experiment('chord-path-length', 'chord'),
  experiment('chord-load', 'chord'),
  experiment('pastry-hops', 'pastry'),
]

function namesOf(typed: readonly string[]): string[] {
  return chooseFidelity(typed, KNOWN).map(({ name }) => name)
}

const GOOD: FidelityRow = { what: 'N = 128: hops', measured: 3.5, published: '3.5 ± 0.2', within: true }
const BAD: FidelityRow = { what: 'N = 256: hops', measured: 6, published: '4 ± 0.2', within: false }
const TOLD: FidelityRow = { what: 'N = 512: hops', measured: 4.5, published: '' }

function resultOf(rows: readonly FidelityRow[]): FidelityResult {
  const outcome: FidelityOutcome = {
    ...{ name: 'chord-path-length', overlay: 'chord', question: 'How far?', source: 'a paper' },
    ...{ published: '½ log₂ N', standing: 'recalled', parameters: { seed: 7, nodes: [128, 256] } },
    ...{ rows, verdict: rows.includes(BAD) ? 'not as published' : 'as published', wallSeconds: 1.5 },
  }
  const machine = { cpu: 'a CPU', cores: 2, memoryBytes: 1, node: 'v24', platform: 'linux' }
  return { size: 'quick', interrupted: false, experiments: [outcome], machine }
}

describe('the choice of fidelity experiments', () => {
  it('takes all where none is named, an experiment by its name, and an overlay for all of its own', () => {
    assert.deepEqual(namesOf([]), ['chord-path-length', 'chord-load', 'pastry-hops'])
    assert.deepEqual(namesOf(['pastry-hops', 'chord-load']), ['chord-load', 'pastry-hops'])
    assert.deepEqual(namesOf(['chord', 'chord-load']), ['chord-path-length', 'chord-load'])
  })

  it('answers a name that there is not with the nearest, and with all of them', () => {
    assert.throws(
      () => namesOf(['chord', 'pasty']),
      (error: unknown) =>
        error instanceof UsageFailure &&
        /^There is no fidelity experiment "pasty"; did you mean "pastry"\? There are .*pastry-hops\.$/.test(
          error.message,
        ),
    )
  })
})

describe('the view of fidelity experiments', () => {
  it('puts each measured figure beside the published one, and judges those that can be judged', () => {
    const lines = describeFidelity(resultOf([GOOD, BAD, TOLD])).split('\n')
    const cells = (what: string) =>
      lines
        .find(line => line.startsWith(what))
        ?.split(/ {2,}/)
        .slice(1)
    assert.deepEqual(cells('N = 128'), ['3.5', '3.5 ± 0.2', 'as published'])
    assert.deepEqual(cells('N = 256'), ['6', '4 ± 0.2', 'differs'])
    assert.deepEqual(cells('N = 512'), ['4.5'])
    assert.deepEqual(cells('source'), ['a paper (recalled from the paper, not checked against its text)'])
    assert.deepEqual(cells('parameters'), ['seed 7, nodes [128,256]'])
  })

  it('sums up how many figures as published, and where others are', () => {
    assert.equal(summaryOf(resultOf([GOOD, TOLD])), '1 of 1 figure as published.')
    assert.equal(
      summaryOf(resultOf([GOOD, BAD])),
      '1 of 2 figures as published; not those of chord-path-length.',
    )
  })
})

describe('onehop simulate fidelity', () => {
  function fidelity(...args: string[]) {
    return runCli(['simulate', 'fidelity', ...args])
  }

  it('prints a table, the trace hashes, or everything as JSON, the same for the same seed', async () => {
    const [text, ids, json] = await Promise.all([
      fidelity('chord-failures', '--quick'),
      fidelity('chord-failures', '--quick', '-q'),
      fidelity('chord-failures', '--quick', '--json'),
    ])
    const result = JSON.parse(json.stdout) as FidelityResult
    const rows = result.experiments.flatMap(one => one.rows)
    assert.deepEqual([result.size, result.interrupted, text.code, json.code], ['quick', false, 0, 0])
    assert.ok(rows.every(({ within }) => within))
    assert.match(
      text.stdout,
      /^chord-failures\n {2}Do lookups[\s\S]*as published[\s\S]*\d+ of \d+ figures as published\.\n$/,
    )
    const hashes = new Set(rows.flatMap(({ traceHash }) => traceHash ?? []))
    assert.ok(hashes.size > 0)
    assert.equal(ids.stdout, [...hashes].map(hash => `${hash}\n`).join(''))
    assert.equal(json.stderr, '')
  })

  it('answers a name that there is not in one sentence, with code 2', async () => {
    const run = await fidelity('chord-laod', '--quick')
    assert.equal(run.code, 2)
    assert.match(
      run.stderr,
      /^Error: There is no fidelity experiment "chord-laod"; did you mean "chord-load"\? There are .+\.\n$/,
    )
    assert.equal(run.stdout, '')
  })

  it('stands in the list of experiments, after the presets', async () => {
    const run = await runCli(['simulate', 'list', '--json'])
    const listed = JSON.parse(run.stdout) as { name: string; command: string; question: string }[]
    assert.equal(listed.find(({ name }) => name === 'chord-load')?.command, 'simulate fidelity')
    assert.equal(listed[0]?.command, 'simulate kelips')
  })
})
