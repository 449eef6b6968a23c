/**
 * Measures: `npm run bench -- SUITE [--only name,…] [--rounds n] [--quick] [--large] [--json file]
 * [--nodes n] [--minutes n] [--node=options]`. `--only` takes lines' names, or what several begin with up to a hyphen;
 * `--nodes` and `--minutes` are for suites of simulations. Each task of a round runs in a fresh process, with these
 * options of Node.js. Prints a table; a line below its target fails nothing.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { thisMachine } from './machine.ts'
import { type LineResult, type Report, summarise, tableOf } from './report.ts'
import { runTask } from './run-task.ts'
import type { Line, Metrics, Round, Suite, Task } from './suite.ts'

const SUITES: Readonly<Record<string, () => Promise<{ readonly suite: Suite }>>> = {
  ledger: () => import('./ledger/suite.ts'),
  lookup: () => import('./lookup/suite.ts'),
  overlays: () => import('./overlays/suite.ts'),
  swarm: () => import('./swarm/suite.ts'),
}

const DEFAULT_ROUNDS = 3

interface Settings {
  readonly suite: Suite
  readonly only: readonly string[] | undefined
  readonly rounds: number
  readonly quick: boolean
  readonly large: boolean
  readonly nodes: number | undefined
  readonly minutes: number | undefined
  readonly json: string | undefined
  readonly nodeArguments: readonly string[]
}

function usage(reason: string): never {
  console.error(
    `${reason}\nusage: npm run bench -- ${Object.keys(SUITES).join('|')} [--only name,…] [--rounds n] [--quick] [--large] [--json file] [--nodes n] [--minutes n] [--node=options]`,
  )
  process.exit(2)
}

async function readSettings(): Promise<Settings> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      nodes: { type: 'string' },
      minutes: { type: 'string' },
      json: { type: 'string' },
      node: { type: 'string', default: '' },
    },
  })
  const [name = '', ...rest] = positionals
  const load = SUITES[name]
  if (load === undefined || rest.length > 0)
    usage(name === '' ? 'which suite?' : `no suite "${positionals.join(' ')}"`)
  const { suite } = await load()
  const usual = values.quick ? 1 : (suite.rounds ?? DEFAULT_ROUNDS)
  const rounds = values.rounds === undefined ? usual : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) usage('--rounds wants a number')
  return {
    suite,
    only: values.only?.split(','),
    rounds,
    quick: values.quick,
    large: values.large,
    nodes: numberOf('--nodes', values.nodes),
    minutes: numberOf('--minutes', values.minutes),
    json: values.json,
    nodeArguments: values.node.split(' ').filter(text => text !== ''),
  }
}

function numberOf(flag: string, typed: string | undefined): number | undefined {
  if (typed === undefined) return undefined
  const value = Number(typed)
  return value > 0 ? value : usage(`${flag} wants a number`)
}

function progress(text: string): void {
  console.error(text)
}

async function runOne(task: Task, nodeArguments: readonly string[]): Promise<Metrics | undefined> {
  const startedAtMs = performance.now()
  try {
    const metrics = await runTask(task, nodeArguments)
    const shown = Object.entries(metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    progress(
      `  ${task.name} (${((performance.now() - startedAtMs) / 1000).toFixed(1)} s): ${shown.join(', ')}`,
    )
    return metrics
  } catch (error) {
    progress(`  ${task.name}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

async function runRound(tasks: readonly Task[], nodeArguments: readonly string[]): Promise<Round> {
  const round: Record<string, Metrics | undefined> = {}
  for (const task of tasks) round[task.name] = await runOne(task, nodeArguments)
  return round
}

function chosenLines(lines: readonly Line[], only: readonly string[] | undefined): readonly Line[] {
  if (only === undefined) return lines
  const isMeant = (line: Line, name: string) => line.name === name || line.name.startsWith(`${name}-`)
  const unknown = only.find(name => !lines.some(line => isMeant(line, name)))
  if (unknown !== undefined)
    usage(`no line "${unknown}"; there are ${lines.map(line => line.name).join(', ')}`)
  return lines.filter(line => only.some(name => isMeant(line, name)))
}

async function main(): Promise<void> {
  const { suite, only, rounds: count, quick, json, nodeArguments, ...sizes } = await readSettings()
  const prepared = await suite.prepare({ quick, progress, ...sizes })
  const lines = chosenLines(prepared.lines, only)
  const tasks = prepared.tasks.filter(task => lines.some(line => line.tasks.includes(task.name)))
  const rounds: Round[] = []
  for (let i = 1; i <= count; i++) {
    progress(`round ${i} of ${count}`)
    rounds.push(await runRound(tasks, nodeArguments))
  }
  const results: LineResult[] = lines.map(line => summarise(line, rounds))
  const report: Report = { suite: suite.name, machine: thisMachine(), rounds: count, quick, lines: results }
  console.log(tableOf(report))
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
}

await main()
