import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runExperiment, writeReport } from '@onehop/simulator'
import { toCsv } from '../../src/report/csv.ts'
import { tinyExperiment } from './tiny-experiment.ts'

describe('a report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-report-'))
  const experiment = tinyExperiment({
    question: 'Is </script> or "a < b" & c shown as it is?',
    phases: [{ atMinutes: 0.2, kill: 0.3 }],
    observe: { convergence: true },
  })
  const result = runExperiment(experiment)
  let page = ''

  before(() => {
    page = readFileSync(writeReport(folder, result), 'utf8')
  })

  after(() => rmSync(folder, { recursive: true }))

  it('is one page that loads nothing from anywhere', () => {
    assert.doesNotMatch(page, /<script[^>]+src|<link[^>]|@import|url\(/)
    const addresses = page.match(/(?:src|href)\s*=\s*"[^"]*"/g) ?? []
    assert.deepEqual(addresses, ['href="result.json"', 'href="series.csv"', 'href="convergence.csv"'])
  })

  it('holds the library, the plots and the experiment, whatever is written in it', () => {
    assert.match(page, /uPlot/)
    assert.equal(page.match(/<script>/g)?.length, 2)
    assert.equal(page.match(/<\/script>/g)?.length, 2)
    assert.match(page, /<h1>Is &lt;\/script&gt; or &quot;a &lt; b&quot; &amp; c shown as it is\?<\/h1>/)
    for (const id of ['lookups', 'times', 'bandwidth', 'tables', 'nodes', 'truth', 'convergence'])
      assert.match(
        page,
        new RegExp(`<div class="plot" id="plot-${id}" role="img" aria-labelledby="title-${id}">`),
      )
    assert.match(page, /7 of 24 nodes killed at once/)
  })

  it('has the result beside it, and the series as comma-separated values', () => {
    assert.ok('series' in result)
    assert.deepEqual(
      JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')),
      JSON.parse(JSON.stringify(result)),
    )
    const lines = readFileSync(join(folder, 'series.csv'), 'utf8').trimEnd().split('\r\n')
    assert.equal(lines.length, 1 + result.series.length)
    assert.match(lines[0]!, /^minute,nodes,joinedNodes,liveFiles,lookups,successShare,/)
  })

  it('quotes what would break a row', () => {
    assert.equal(toCsv([{ a: 'x,y', b: 'say "hi"' }]), 'a,b\r\n"x,y","say ""hi"""\r\n')
    assert.equal(toCsv([]), '\r\n')
  })
})
