import assert from 'node:assert/strict'
import {
  checkMemory,
  EXPERIMENT_DEFAULTS,
  type ExperimentInput,
  estimateMemoryBytes,
  loadPreset,
  presetNames,
  readExperiment,
} from '@onehop/simulator'

function refusalOf(input: ExperimentInput): string {
  const read = readExperiment(input)
  return read.ok ? 'accepted' : (read.detail ?? read.code)
}

describe('experiments as data', () => {
  it('have the defaults where nothing was said', () => {
    const read = readExperiment({ nodes: 50, churn: { perHour: 0.25 } })
    assert.ok(read.ok && read.value.kind === 'network')
    assert.equal(read.value.nodes, 50)
    assert.deepEqual(read.value.churn, { ...EXPERIMENT_DEFAULTS.churn, perHour: 0.25 })
    assert.deepEqual(read.value.latency, EXPERIMENT_DEFAULTS.latency)
  })

  const REFUSED: [ExperimentInput, string][] = [
    [{ groups: 200, nodes: 100 }, 'There would be more groups (200) than nodes (100).'],
    [{ churn: { perHour: -0.25 } }, 'The churn per hour must be a number from 0 to 60, not -0.25.'],
    [{ nodes: 1 }, 'The number of nodes must be a whole number from 2 to 1000000, not 1.'],
    [{ nodes: 10.5 }, 'The number of nodes must be a whole number from 2 to 1000000, not 10.5.'],
    [{ nodes: 'many' }, 'The number of nodes must be a whole number from 2 to 1000000, not "many".'],
    [{ nodes: Number.NaN }, 'The number of nodes must be a whole number from 2 to 1000000, not NaN.'],
    [{ files: 1e8 }, 'The number of files must be a whole number from 0 to 10000000, not 100000000.'],
    [{ zipf: 0.7 }, 'The Zipf exponent must be one of 0, 0.5, 1, 1.5, 2, not 0.7.'],
    [{ loss: 1 }, 'The loss must be a number from 0 to 0.9, not 1.'],
    [
      { groups: 'many' },
      'The number of groups must be "auto" or a whole number from 1 to 65536, not "many".',
    ],
    [
      { latency: { model: 'warp' } },
      'There is no latency model "warp"; there are constant, uniform, geographic, king.',
    ],
    [{ latency: { model: 'constant' } }, 'The latency model constant needs ms.'],
    [
      { latency: { model: 'uniform', leastMs: 80, mostMs: 10 } },
      'The least latency, 80 ms, must not be more than the greatest, 10 ms.',
    ],
    [
      { latency: { model: 'constant', ms: -1 } },
      'The latency in ms must be a number from 0 to 10000, not -1.',
    ],
    [
      { kind: 'memory', groups: [] },
      'A measurement of tables needs at least one group count, such as "auto".',
    ],
    [{ warmUp: { start: ['cold'] } }, 'The start must be one of cold, settled, not ["cold"].'],
    [{ files: 0 }, 'Lookups need files: there are none to be looked up.'],
    [
      { pointerLifetimeMinutes: 10, pointerRefreshMinutes: 10 },
      'Pointers that are refreshed every 10 minutes must live longer than 10.',
    ],
    [
      { minutes: 1, checkEverySeconds: 90 },
      'An interval of 90 s is longer than the experiment of 1 minutes.',
    ],
    [
      { groups: 16, warmUp: { start: 'settled' } },
      'Only a network that chooses its groups can begin settled.',
    ],
    [
      { connections: 'free', undialable: 0.2 },
      'Where everybody is connected there is nobody who cannot be dialled: connections must not be free.',
    ],
    [{ hostile: { share: 0.6 } }, 'The hostile share must be a number from 0 to 0.5, not 0.6.'],
    [{ phases: [{ atMinutes: 1 }] }, 'A phase must have exactly one of kill, growTo, shrinkTo, partition.'],
    [
      { minutes: 5, phases: [{ atMinutes: 6, kill: 0.5 }] },
      'A phase at minute 6 is after the end of the experiment, minute 5.',
    ],
    [
      { nodes: 100, phases: [{ atMinutes: 1, growTo: 50, overMinutes: 1 }] },
      'Nodes cannot grow to 50 where there are 100 already.',
    ],
    [{ phases: [{ atMinutes: 1, growTo: 5000 }] }, 'Growing and shrinking need overMinutes or perMinute.'],
    [{ phases: [{ atMinutes: 1, kill: 1 }] }, 'A phase leaves fewer than 2 nodes.'],
    [
      {
        phases: [
          { atMinutes: 2, kill: 0.1 },
          { atMinutes: 1, kill: 0.1 },
        ],
      },
      'Phases must be in order: minute 1 after 2.',
    ],
  ]
  for (const [input, sentence] of REFUSED)
    it(`are refused: ${JSON.stringify(input)}`, () => assert.equal(refusalOf(input), sentence))

  it('are refused with the names that there are when a field or a behaviour is unknown', () => {
    assert.match(refusalOf({ node: 5 }), /^An experiment has no field "node"; there are kind, .*nodes.*\.$/)
    assert.match(
      refusalOf({ churn: { hourly: 1 } }),
      /^An experiment has no field "churn.hourly"; there are perHour/,
    )
    assert.match(
      refusalOf({ hostile: { share: 0.1, behaviours: ['sulk'] } }),
      /^There is no hostile behaviour "sulk"; there are .*withhold.*\.$/,
    )
    assert.match(refusalOf({ hostile: { share: 0.1 } }), /^Hostile nodes need a behaviour: one or more of /)
  })

  it('begin settled where that is possible, and cold elsewhere', () => {
    const startOf = (input: ExperimentInput) => {
      const read = readExperiment(input)
      return read.ok && read.value.kind === 'network' ? read.value.warmUp.start : undefined
    }
    assert.equal(startOf({}), 'settled')
    assert.equal(startOf({ warmUp: { start: 'cold' } }), 'cold')
    assert.equal(startOf({ groups: 8 }), 'cold')
    assert.equal(startOf({ hostile: { share: 0.1, behaviours: ['drop'] } }), 'cold')
  })

  it('allow as many groups as there will be nodes', () => {
    assert.equal(
      refusalOf({ nodes: 100, groups: 200, phases: [{ atMinutes: 1, growTo: 400, overMinutes: 1 }] }),
      'accepted',
    )
  })

  it('are all possible where they are presets, and each asks a question', () => {
    assert.ok(presetNames().length > 10)
    for (const name of presetNames()) {
      const { input, question } = loadPreset(name)
      assert.equal(refusalOf(input), 'accepted', name)
      assert.match(question, /\?$/, name)
    }
  })

  it('say what memory they need before they start', () => {
    const read = readExperiment({ nodes: 100_000, files: 1_000_000 })
    assert.ok(read.ok)
    const needed = estimateMemoryBytes(read.value)
    assert.ok(needed > 1e9 && needed < 16e9, `${needed}`)
    assert.ok(checkMemory(read.value, 32e9).ok)
    const refused = checkMemory(read.value, 1e9)
    assert.ok(!refused.ok)
    assert.match(
      refused.detail ?? '',
      /^The experiment needs about \d+\.\d GB of memory, and 1\.0 GB are free: try fewer nodes or files\.$/,
    )
  })

  it('know no field that every object has', () => {
    assert.match(refusalOf({ constructor: 1 }), /^An experiment has no field "constructor"; there are /)
    assert.match(refusalOf(JSON.parse('{"__proto__": 1}') as ExperimentInput), /no field "__proto__"/)
  })
})
