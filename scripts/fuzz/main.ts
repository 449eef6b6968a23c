/**
 * Throws mutated data at everything that reads bytes from outside: `npm run fuzz -- [--seconds 60] [--seed n]
 * [--target name,…] [--cases n] [--case n | --input hex]`. Exits with 1 on a finding, after printing how to see it again.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { hexToBytes } from '@onehop/primitives'
import { runWithLimits } from './costs.ts'
import { type Failure, inputOf, TargetRun } from './runner.ts'
import { DECODER_LIMIT, type Target } from './target.ts'
import { allTargets } from './targets/all-targets.ts'
import { Watchdog } from './watchdog.ts'

/** Milliseconds before the next target has its turn. */
const TURN_MS = 250
const HEX_SHOWN = 20_000

const { values: args } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    target: { type: 'string' },
    cases: { type: 'string' },
    case: { type: 'string' },
    input: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

function tell(failure: Failure): void {
  const { target, seed, number, input, reason } = failure
  const hex = Buffer.from(input).toString('hex')
  const shown = hex.length > HEX_SHOWN ? `${hex.slice(0, HEX_SHOWN)}… (${input.length} bytes)` : hex
  console.error(`\nFINDING in ${target}: ${reason}\ninput: ${shown}`)
  const which = number < 0 ? `--input ${hex}` : `--seed ${seed} --case ${number}`
  console.error(`repro: npm run fuzz -- --target ${target} ${which}`)
}

async function runOne(target: Target, input: Uint8Array): Promise<void> {
  console.log(`${target.name}, ${input.length} bytes: ${Buffer.from(input).toString('hex')}`)
  await runWithLimits(target, input, target.limit ?? DECODER_LIMIT)
  console.log('nothing is wrong')
}

/** Turns of all targets until the time is over or each has run its cases. @returns the findings, one a target. */
async function fuzz(targets: readonly Target[], seed: number): Promise<Failure[]> {
  const watchdog = new Watchdog()
  const endMs = performance.now() + Number(args.seconds) * 1000
  const cases = args.cases === undefined ? Number.POSITIVE_INFINITY : Number(args.cases)
  const failures: Failure[] = []
  const runs = targets.map(target => ({ run: new TargetRun(target, seed), spentMs: 0, isDone: false }))
  const fail = (state: (typeof runs)[number], failure: Failure | undefined) => {
    if (failure === undefined) return
    state.isDone = true
    failures.push(failure)
    tell(failure)
  }
  for (const state of runs) {
    watchdog.begin(`--target ${state.run.target.name} (a seed)`)
    fail(state, await state.run.runSeeds())
  }
  while (performance.now() < endMs && runs.some(state => !state.isDone)) {
    for (const state of runs) {
      const startMs = performance.now()
      const turnMs = TURN_MS * (state.run.target.turns ?? 1)
      const isOver = () => {
        const nowMs = performance.now()
        return nowMs >= endMs || (nowMs >= startMs + turnMs && !state.run.isWatched)
      }
      while (!state.isDone && !isOver()) {
        watchdog.begin(
          `npm run fuzz -- --target ${state.run.target.name} --seed ${seed} --case ${state.run.cases}`,
        )
        fail(state, await state.run.next())
        if (state.run.cases >= cases) state.isDone = true
      }
      state.spentMs += performance.now() - startMs
    }
  }
  await watchdog.stop()
  for (const { run, spentMs } of runs) {
    const rate = Math.round(run.cases / (spentMs / 1000))
    console.log(
      `${run.target.name.padEnd(28)} ${String(run.cases).padStart(9)} cases ${String(rate).padStart(8)}/s`,
    )
  }
  return failures
}

function chosen(targets: readonly Target[]): readonly Target[] {
  if (args.target === undefined) return targets
  const names = args.target.split(',')
  const unknown = names.find(name => !targets.some(target => target.name === name))
  if (unknown !== undefined)
    throw new Error(`no target "${unknown}"; there are ${targets.map(({ name }) => name).join(', ')}`)
  return targets.filter(({ name }) => names.includes(name))
}

const targets = chosen(await allTargets({ vectors: true }))
const seed = args.seed === undefined ? randomInt(2 ** 31) : Number(args.seed)
const [first] = targets
try {
  if (args.list) for (const { name, seeds } of targets) console.log(`${name} (${seeds.length} seeds)`)
  else if (first !== undefined && args.input !== undefined) await runOne(first, hexToBytes(args.input))
  else if (first !== undefined && args.case !== undefined)
    await runOne(first, inputOf(first, seed, Number(args.case)))
  else {
    console.log(`seed ${seed}`)
    const failures = await fuzz(targets, seed)
    console.log(failures.length === 0 ? 'no findings' : `${failures.length} findings`)
    process.exitCode = failures.length === 0 ? 0 : 1
  }
} finally {
  for (const target of targets) await target.close?.()
}
