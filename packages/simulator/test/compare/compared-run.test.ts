import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ComparedRun,
  type ComparedSetup,
  type Comparison,
  type ComparisonListener,
  type ComparisonResult,
  comparableOverlays,
  readComparison,
  runCompared,
  startComparison,
  writeComparisonReport,
} from '@onehop/simulator'

const SMALL: ComparedSetup = {
  overlay: 'kelips',
  nodes: 30,
  churn: 0,
  minutes: 0.5,
  lookups: 60,
  filesPerNode: 2,
  seed: 7,
  latency: { model: 'geographic' },
  connections: 64,
}
const SILENT: ComparisonListener = { onProgress: () => {}, onRun: () => {} }

function smallComparison(): Comparison {
  const { overlay: _, nodes, churn, ...workload } = SMALL
  const read = readComparison({ ...workload, overlays: ['kelips'], nodes: [nodes, 40], churn: [churn] })
  assert.ok(read.ok)
  return read.value
}

function withoutWallTime({ wallSeconds: _, ...run }: ComparedRun): object {
  return run
}

describe('a run of a comparison', () => {
  it('begins its JSON with the fields that issue 5 names', () => {
    assert.deepEqual(Object.keys(runCompared(SMALL)).slice(0, 16), [
      ...['overlay', 'nodes', 'churn', 'seed', 'traceHash', 'successShare', 'hopsMean', 'hopsP99', 'p50Ms'],
      ...['p99Ms', 'messagesPerLookup', 'bytesPerLookup', 'backgroundBytesPerSecond', 'memoryBytesMean'],
      ...['memoryBytesMax', 'loadMaxOverMean'],
    ])
  })

  it('gives the same for the same seed, here and in threads, and another trace for another seed', async () => {
    const here = runCompared(SMALL)
    const { runs } = await startComparison(smallComparison(), 2, SILENT).result
    assert.deepEqual(withoutWallTime(runs[0]!), withoutWallTime(here))
    assert.deepEqual(
      runs.map(({ nodes }) => nodes),
      [30, 40],
    )
    assert.notEqual(runCompared({ ...SMALL, seed: 8 }).traceHash, here.traceHash)
  })

  it('ends with what there is when it is interrupted', async () => {
    const running = startComparison(smallComparison(), 1, { ...SILENT, onRun: () => running.interrupt() })
    const { runs, interrupted } = await running.result
    assert.equal(interrupted, true)
    assert.ok(runs.length >= 1 && runs[0]!.nodes === 30)
  })

  it('counts no dials where connections are free', () => {
    const [capped, free] = [8, 'free' as const].map(connections =>
      runCompared({ ...SMALL, overlay: 'chord', connections }),
    )
    assert.equal(free!.background.dials, 0)
    assert.equal(free!.dialBytesPerLookup, 0)
    assert.ok(capped!.background.dials! > 0)
    assert.ok(free!.p50Ms! < capped!.p50Ms!)
  })

  it('measures the nodes that there are, not those that it lets in afterwards', () => {
    const { nodes } = SMALL
    const { joinedNodes, ...run } = runCompared({ ...SMALL, overlay: 'napster' })
    assert.equal(joinedNodes, nodes)
    // Of the clients nobody bears much: the server's share shows by how many the sums were divided.
    assert.ok(run.memoryBytesMean * nodes > run.memoryBytesMax, `${run.memoryBytesMean} B`)
  })

  for (const overlay of comparableOverlays())
    it(`measures ${overlay} with and without churn`, () => {
      for (const churn of [0, 6]) {
        const run = runCompared({ ...SMALL, overlay, churn })
        assert.ok(run.lookups > 40, `${run.lookups} lookups`)
        assert.ok(run.successShare > (churn === 0 ? 0.98 : 0.8), `${run.successShare} of them found`)
        assert.ok(run.hopsMean !== null && run.hopsMean <= run.hopsP99!)
        assert.ok(run.p50Ms! >= 0 && run.p50Ms! <= run.p99Ms!)
        assert.ok(run.bytesPerLookup >= 30 * run.messagesPerLookup)
        assert.ok(run.memoryBytesMean > 0 && run.memoryBytesMean <= run.memoryBytesMax)
        assert.ok(run.loadMaxOverMean >= 1 && run.lookupLoadMaxOverMean >= 1)
        assert.ok(run.bytesPerSecond >= run.backgroundBytesPerSecond)
        assert.ok(run.keysMovedPerJoin !== null)
        assert.equal(Object.keys(run.departures).length > 0, churn > 0)
      }
    })
})

describe('the report of a comparison', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-compared-'))
  let result: ComparisonResult
  let page = ''

  before(async () => {
    result = await startComparison(smallComparison(), 1, SILENT).result
    page = readFileSync(writeComparisonReport(folder, result), 'utf8')
  })

  after(() => rmSync(folder, { recursive: true }))

  it('is one page that loads nothing, with a point for each run in each plot', () => {
    assert.doesNotMatch(page, /<script[^>]+src|<link[^>]|@import|url\(/)
    assert.match(page, /<div class="plot" id="plot-p50Ms" role="img"/)
    assert.match(page, /<div class="plot" id="plot-p99Ms" role="img"/)
    assert.equal(page.match(/"label":"kelips (?:30|40)"/g)?.length, 4)
    for (const { traceHash } of result.runs) assert.ok(page.includes(traceHash))
  })

  it('has the result and the runs beside it', () => {
    const written = readFileSync(join(folder, 'result.json'), 'utf8')
    assert.deepEqual(JSON.parse(written), JSON.parse(JSON.stringify(result)))
    const lines = readFileSync(join(folder, 'runs.csv'), 'utf8').trimEnd().split('\r\n')
    assert.equal(lines.length, 3)
    assert.match(lines[0]!, /^failedLookups,departures,overlay,nodes,churn,seed,traceHash,/)
  })
})
