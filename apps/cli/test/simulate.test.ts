import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LAUNCHER, type Run, runCli } from './support/run-cli.ts'

const TINY = ['--nodes', '12', '--files', '12', '--minutes', '0.5', '--groups', '3', '--lookups', '20']

describe('onehop simulate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-simulate-'))

  after(() => rmSync(folder, { recursive: true }))

  function simulate(...args: string[]): Promise<Run> {
    return runCli(['simulate', ...args], { cwd: folder })
  }

  it('prints a table, the trace hash, or everything as JSON, the same for the same seed', async () => {
    const [text, ids, json, other] = await Promise.all([
      simulate('kelips', ...TINY),
      simulate('kelips', ...TINY, '-q'),
      simulate('kelips', ...TINY, '--json'),
      simulate('kelips', ...TINY, '-q', '--seed', '2'),
    ])
    const result = JSON.parse(json.stdout) as { traceHash: string; nodes: number; lookups: { count: number } }
    assert.equal(result.nodes, 12)
    assert.ok(result.lookups.count > 50)
    assert.equal(ids.stdout, `${result.traceHash}\n`)
    assert.notEqual(other.stdout, ids.stdout)
    assert.match(text.stdout, new RegExp(`trace hash +${result.traceHash} \\(seed 1\\)`))
    assert.match(text.stdout, /lookups +\d+: 100\.00 % found/)
    assert.match(text.stderr, /^About \d+\.\d GB of memory needed, \d+\.\d GB available\.\n$/)
    for (const run of [ids, json]) assert.equal(run.stderr, '')
  })

  it('takes an experiment from a file, changed by flags, and writes a report and a log', async () => {
    const experiment = { nodes: 12, files: 12, minutes: 5, groups: 3, latency: { model: 'king' } }
    writeFileSync(join(folder, 'mine.json'), JSON.stringify(experiment))
    const changes = ['--minutes', '0.5', '--latency', 'uniform:5-20', '--churn', '100%/h']
    const run = await simulate(
      'kelips',
      'mine.json',
      ...changes,
      '--report',
      'out',
      '--log',
      'run.log',
      '--json',
    )
    assert.equal(run.code, 0, run.stderr)
    const result = JSON.parse(run.stdout) as { experiment: Record<string, unknown> }
    assert.deepEqual(result.experiment.latency, { model: 'uniform', leastMs: 5, mostMs: 20 })
    assert.equal((result.experiment.churn as { perHour: number }).perHour, 1)
    assert.ok(existsSync(join(folder, 'out', 'index.html')))
    assert.ok(existsSync(join(folder, 'out', 'series.csv')))
    assert.match(readFileSync(join(folder, 'run.log'), 'utf8'), /memory needed[\s\S]*joining[\s\S]*100\.0 %/)
  })

  it('lists the presets with their questions', async () => {
    const [text, json] = await Promise.all([simulate('list'), simulate('list', '--json')])
    assert.match(text.stdout, /^one-hop-1k\n {2}How many lookups/m)
    const presets = JSON.parse(json.stdout) as { name: string; question: string }[]
    assert.ok(presets.some(({ name }) => name === 'half-killed-1k'))
  })

  it('ends well when nobody reads to the end, as in `onehop … | head -1`', async () => {
    const child = spawn(
      process.execPath,
      ['--conditions=@onehop/source', LAUNCHER, 'simulate', 'list', '-q'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    child.stdout.destroy()
    let told = ''
    child.stderr.on('data', chunk => {
      told += chunk
    })
    const [code] = (await once(child, 'close')) as [number | null]
    assert.deepEqual([code, told], [0, ''])
  })

  it('says what is impossible, with code 2', async () => {
    writeFileSync(join(folder, 'broken.json'), '{')
    writeFileSync(join(folder, 'list.json'), '[]')
    const cases: [string[], RegExp][] = [
      [
        ['half-kiled-1k'],
        /^Error: There is no preset "half-kiled-1k"; did you mean "half-killed-1k"\? There are .*one-hop-1k/,
      ],
      [
        ['--nodes', '100', '--groups', '200'],
        /^Error: There would be more groups \(200\) than nodes \(100\)\.\n$/,
      ],
      [['--churn=-0.25/h'], /^Error: The churn per hour must be a number from 0 to 60, not -0\.25\.\n$/],
      [['--churn', 'much'], /^Error: --churn must be such as 0\.25\/h or 25%\/h, not "much"\.\n$/],
      [
        ['--nodes', 'many'],
        /^Error: The number of nodes must be a whole number from 2 to \d+, not "many"\.\n$/,
      ],
      [['--latency', 'warp'], /^Error: There is no latency model "warp"; there are constant/],
      [['--latency', 'constant'], /^Error: The latency in ms must be a number from 0 to 10000, not ""\.\n$/],
      [['--connections', '2'], /^Error: The number of connections must be "free" or a whole number/],
      [['--minutes', '0'], /^Error: The time in minutes must be a number from 0\.1/],
      [['--hostile', '0.9'], /^Error: The hostile share must be a number from 0 to 0\.5, not 0\.9\.\n$/],
      [['memory-10m', '--minutes', '3'], /^Error: An experiment has no field "minutes"; there are kind/],
      [['broken.json'], /^Error: broken\.json is not JSON\.\n$/],
      [['list.json'], /^Error: list\.json must hold an object with the fields of an experiment\.\n$/],
    ]
    await Promise.all(
      cases.map(async ([args, stderr]) => {
        const run = await simulate('kelips', ...args)
        assert.equal(run.code, 2, `${args.join(' ')}: ${run.stderr}`)
        assert.match(run.stderr, stderr)
        assert.equal(run.stderr.trim().split('\n').length, 1, 'one line')
        assert.equal(run.stdout, '')
      }),
    )
  })

  it('refuses what the memory is too small for, and says the estimate', async () => {
    const run = await simulate('kelips', '--nodes', '1000000', '--files', '10000000')
    assert.equal(run.code, 1)
    assert.match(
      run.stderr,
      /^Error: The experiment needs about \d+\.\d GB of memory, and \d+\.\d GB are free: try fewer nodes or files\.\n$/,
    )
  })

  it('says before it runs that a report cannot be written', async () => {
    const log = join(folder, 'unwritable.log')
    writeFileSync(join(folder, 'a-file'), '')
    const run = await simulate('kelips', ...TINY, '--report', 'a-file', '--log', log)
    assert.equal(run.code, 1)
    assert.match(run.stderr, /^Error: Cannot use .*a-file: a file of that name is there already\.\n$/)
    assert.equal(existsSync(log), false)
  })

  it('ends on Ctrl-C with what has been measured, and 130', async () => {
    const log = join(folder, 'long.log')
    const watcher = watch(folder)
    const args = ['kelips', '--nodes', '12', '--minutes', '5000', '--log', log, '--json']
    const run = await runCli(['simulate', ...args], {
      cwd: folder,
      onSpawn: pid => {
        watcher.on('change', () => {
          if (!existsSync(log) || !/building|settling/.test(readFileSync(log, 'utf8'))) return
          watcher.close()
          process.kill(pid, 'SIGINT')
        })
      },
    })
    assert.equal(run.code, 130, run.stderr)
    const result = JSON.parse(run.stdout) as { interrupted: boolean; nodes: number; error: { code: string } }
    assert.equal(result.interrupted, true)
    assert.equal(result.nodes, 12)
    assert.equal(result.error.code, 'interrupted')
  })
})
