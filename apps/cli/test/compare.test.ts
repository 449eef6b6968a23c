import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LAUNCHER, type Run, runCli } from './support/run-cli.ts'

const TINY = ['--overlays', 'kelips', '--minutes', '0.5', '--lookups', '40', '--files', '1']

describe('onehop compare', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-compare-'))

  after(() => rmSync(folder, { recursive: true }))

  function compare(...args: string[]): Promise<Run> {
    return runCli(['compare', ...args], { cwd: folder })
  }

  it('prints tables of at most 120 columns, trace hashes, or everything as JSON', async () => {
    const sizes = ['--nodes', '12,24', '--churn', '0,50%/h']
    const [text, ids, json] = await Promise.all([
      compare(...TINY, ...sizes),
      compare(...TINY, ...sizes, '-q', '--threads', '1'),
      compare(...TINY, ...sizes, '--json'),
    ])
    const { runs } = JSON.parse(json.stdout) as {
      runs: { overlay: string; nodes: number; churn: number; traceHash: string }[]
    }
    assert.deepEqual(
      runs.map(({ overlay, nodes, churn }) => [overlay, nodes, churn]),
      [
        ['kelips', 12, 0],
        ['kelips', 12, 0.5],
        ['kelips', 24, 0],
        ['kelips', 24, 0.5],
      ],
    )
    assert.equal(ids.stdout, runs.map(({ traceHash }) => `${traceHash}\n`).join(''))
    for (const { traceHash } of runs) assert.ok(text.stdout.includes(traceHash))
    assert.match(text.stdout, /What a lookup brings and costs[\s\S]*What a node bears[\s\S]*O\(√N\): /)
    for (const line of text.stdout.split('\n')) assert.ok(line.length <= 120, `${line.length}: ${line}`)
    assert.match(text.stderr, /^4 runs of 0.5 virtual minutes.* GB of memory needed, .* available\.\n/)
    for (const run of [ids, json]) assert.equal(run.stderr, '')
  })

  it('writes a page with the figures beside it', async () => {
    const run = await compare(...TINY, '--nodes', '12', '--report', 'out', '-q')
    assert.equal(run.code, 0, run.stderr)
    for (const name of ['index.html', 'result.json', 'runs.csv'])
      assert.ok(existsSync(join(folder, 'out', name)))
    const page = readFileSync(join(folder, 'out', 'index.html'), 'utf8')
    assert.match(page, /Bandwidth against latency/)
  })

  it('refuses what makes no sense with one sentence and exit code 2', async () => {
    const cases: [string[], RegExp][] = [
      [['--overlays', 'cord'], /There is no overlay "cord"; did you mean "chord"\? There are kelips, .*\.$/m],
      [['--overlays', 'foo'], /There is no overlay "foo"; there are kelips, .*\.$/m],
      [
        ['--nodes', '1000,few'],
        /The number of nodes must be a whole number from 10 to 1000000, not "few"\.$/m,
      ],
      [['--churn', 'much'], /--churn must be such as 0.25\/h or 25%\/h, not "much"\.$/m],
      [['--latency', 'warp'], /There is no latency model "warp"/],
      [['--threads', '0'], /--threads must be a whole number from 1 to 16, not "0"\.$/m],
      [['--lookups', '0'], /The number of lookups must be a whole number/],
      [['--hops', '1'], /There is no flag --hops; see --help\./],
    ]
    const runs = await Promise.all(cases.map(([args]) => compare(...args)))
    runs.forEach(({ code, stderr, stdout }, i) => {
      assert.equal(code, 2, stderr)
      assert.match(stderr, cases[i]![1])
      assert.equal(stderr.trimEnd().split('\n').length, 1)
      assert.equal(stdout, '')
    })
  })

  it('says before it runs that there can be no report, even where folders cannot be made', async () => {
    const run = await compare(...TINY, '--nodes', '12', '--report', '/proc/report/of-onehop')
    assert.equal(run.code, 1)
    assert.match(run.stderr, /^Error: [^\n]+\/proc[^\n]*\n$/)
  })

  it('ends with the figures so far, and exit code 130, when it is interrupted', async () => {
    const args = ['compare', '--overlays', 'kelips', '--nodes', '12,13', '--minutes', '5000']
    const child = spawn(
      process.execPath,
      ['--conditions=@onehop/source', LAUNCHER, ...args, '--threads', '1'],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let told = ''
    child.stdout.on('data', chunk => {
      told += chunk
    })
    child.stderr.once('data', () => child.kill('SIGINT'))
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 130)
    assert.match(told, /^(Nothing was measured\.|INTERRUPTED: what there is so far\.)/)
  })
})
