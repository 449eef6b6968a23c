import assert from 'node:assert/strict'
import {
  type KelipsExperiment,
  type NetworkResult,
  type Progress,
  reproduciblePart,
  runExperiment,
  startExperiment,
} from '@onehop/simulator'
import { tinyExperiment } from './tiny-experiment.ts'

function run(experiment: KelipsExperiment): NetworkResult {
  const result = runExperiment(experiment)
  assert.ok('traceHash' in result)
  return result
}

describe('a run of an experiment', () => {
  it('gives the same result for the same seed but for wall times, and another for another seed', () => {
    const churning = { churn: { perHour: 20 }, loss: 0.01, seed: 7 }
    const [first, second] = [run(tinyExperiment(churning)), run(tinyExperiment(churning))]
    assert.deepEqual(reproduciblePart(first), reproduciblePart(second))
    const other = run(tinyExperiment({ ...churning, seed: 8 }))
    assert.notEqual(other.traceHash, first.traceHash)
  })

  it('gives the same in a thread of its own', async () => {
    const experiment = tinyExperiment()
    const there = await startExperiment(experiment, () => {}).result
    assert.deepEqual(reproduciblePart(there), reproduciblePart(run(experiment)))
  })

  it('begins its JSON with the fields that issue 4 names', () => {
    const result = run(tinyExperiment())
    assert.deepEqual(Object.keys(result).slice(0, 9), [
      ...['nodes', 'seed', 'traceHash', 'virtualMinutes', 'wallSeconds', 'peakRssBytes', 'lookups'],
      ...['bandwidthBytesPerSecond', 'memoryBytesPerNode'],
    ])
    assert.deepEqual(Object.keys(result.lookups).slice(0, 5), [
      ...['count', 'oneHopShare', 'successShare', 'p50Ms', 'p99Ms'],
    ])
    assert.deepEqual(JSON.parse(JSON.stringify(reproduciblePart(result))), reproduciblePart(result))
  })

  it('finds every file of a calm network in one hop, and the tables where they belong', () => {
    const { lookups, series, bandwidthBytesPerSecond, virtualMinutes } = run(tinyExperiment())
    assert.equal(virtualMinutes, 0.5)
    assert.ok(lookups.count > 100, `${lookups.count} lookups`)
    assert.equal(lookups.successShare, 1)
    assert.equal(lookups.oneHopShare, 1)
    assert.equal(lookups.expiredPointers, 0)
    assert.ok(bandwidthBytesPerSecond > 100)
    assert.equal(series.length, 2)
    for (const row of series) {
      assert.equal(row.coverage, 1)
      assert.equal(row.lostFiles, 0)
      assert.equal(row.overfullTables, 0)
    }
  })

  it('replaces those who leave, and says how many were replaced', () => {
    const { departures, series } = run(tinyExperiment({ churn: { perHour: 30 } }))
    assert.ok(departures > 0)
    assert.equal(series.at(-1)?.nodes, 24)
  })

  it('brings nodes back with their files', () => {
    const churn = { perHour: 30, returning: 1, offlineMinutes: 0.05 }
    const { departures, lookups } = run(tinyExperiment({ minutes: 1, churn }))
    assert.ok(departures > 0)
    assert.ok(lookups.successShare > 0.9, `${lookups.successShare}`)
  })

  it('kills, grows and shrinks when it is time, and says so', () => {
    const phases = [
      { atMinutes: 0.1, kill: 0.5 },
      { atMinutes: 0.3, growTo: 30, overMinutes: 0.1 },
      { atMinutes: 0.6, shrinkTo: 10, perMinute: 5 },
    ]
    const result = run(tinyExperiment({ minutes: 1, checkEverySeconds: 3, phases }))
    const populations = result.series.map(row => row.nodes)
    assert.equal(populations[0], 24)
    assert.equal(Math.min(...(populations.slice(0, 6) as number[])), 12)
    assert.ok(populations.includes(30))
    assert.equal(populations.at(-1), 10)
    assert.deepEqual(
      result.phases.map(({ what }) => what),
      ['12 of 24 nodes killed at once', 'growing from 12 to 30 nodes', 'shrinking from 30 to 10 nodes'],
    )
    assert.equal(result.disturbances.length, 1)
  })

  it('ends with what there is when it is interrupted', async () => {
    const progress: Progress[] = []
    const running = startExperiment(tinyExperiment({ minutes: 500, checkEverySeconds: 60 }), told => {
      progress.push(told)
      if (told.stage === 'measuring') running.interrupt()
    })
    const result = await running.result
    assert.ok('traceHash' in result)
    assert.equal(result.interrupted, true)
    assert.ok(result.virtualMinutes < 500)
    assert.ok(result.series.length > 0)
    assert.ok(progress.length > 0)
  })

  it('follows views from cold, and new filetuples through their groups', () => {
    const { convergence, dissemination } = run(
      tinyExperiment({
        minutes: 1,
        warmUp: { joinSeconds: 0, publishSeconds: 5, settleSeconds: 30 },
        observe: { convergence: true, dissemination: 5 },
      }),
    )
    assert.ok(convergence?.rounds99 !== undefined && convergence.rounds99 < 15, JSON.stringify(convergence))
    assert.equal(dissemination?.filetuples, 5)
    assert.equal(dissemination.incomplete, 0)
    assert.ok(dissemination.seconds99.most < 10)
  })

  it('can begin settled: every pointer in its place, every view full, nothing published or joined', () => {
    const warmUp = { start: 'settled', settleSeconds: 10 }
    const changes = { nodes: 120, files: 240, groups: 'auto', warmUp }
    const { series, publications, lookups, warmUpMinutes } = run(tinyExperiment(changes))
    assert.equal(publications.preloaded, 240)
    assert.equal(publications.live, 240)
    assert.ok(series[0]!.medianGroups! > 1)
    assert.deepEqual([series[0]!.coverage, series[0]!.viewCompleteness], [1, 1])
    assert.ok(lookups.oneHopShare > 0.98, `${lookups.oneHopShare}`)
    assert.ok(warmUpMinutes < 0.2)
  })

  it('gives those who come while the network grows sessions like all others', () => {
    const phases = [{ atMinutes: 0, growTo: 96, overMinutes: 0.1 }]
    const { departures } = run(tinyExperiment({ churn: { perHour: 30 }, minutes: 2, phases }))
    assert.ok(departures > 60, `${departures} of about 90`)
  })

  it('counts the answers of hostile nodes for what they are', () => {
    const { lookups } = run(
      tinyExperiment({ nodes: 30, hostile: { share: 0.3, behaviours: ['withhold'] }, minutes: 0.5 }),
    )
    assert.ok(lookups.count > 50)
    assert.ok(lookups.successShare > 0.5)
  })
})
