import { readFileSync } from 'node:fs'
import type { Experiment, ExperimentInput } from '@onehop/simulator'
import { suggestion } from '../command-line.ts'
import { UsageFailure } from '../failure.ts'

/** What a person says of an experiment, as typed. */
export interface ExperimentFlags {
  readonly nodes?: string | undefined
  readonly files?: string | undefined
  readonly minutes?: string | undefined
  readonly seed?: string | undefined
  readonly groups?: string | undefined
  readonly churn?: string | undefined
  readonly lookups?: string | undefined
  readonly zipf?: string | undefined
  readonly latency?: string | undefined
  readonly loss?: string | undefined
  readonly connections?: string | undefined
  readonly hostile?: string | undefined
}

/** What hostile nodes do unless a preset says otherwise: nothing that they could be punished for. */
const USUAL_BEHAVIOURS = ['lie', 'drop', 'eclipse', 'misestimate']
/** Flags whose values are fields of an experiment under other names, or under the same. */
const FIELD_OF_FLAG = {
  nodes: 'nodes',
  files: 'files',
  minutes: 'minutes',
  seed: 'seed',
  lookups: 'lookupsPerNodePerMinute',
  zipf: 'zipf',
  loss: 'loss',
  connections: 'connections',
} as const

/** The experiment that was asked for. @throws {UsageFailure} that says what is wrong with it. */
export async function experimentOf(preset: string | undefined, flags: ExperimentFlags): Promise<Experiment> {
  const { readExperiment } = await import('@onehop/simulator')
  const base = preset === undefined ? {} : await inputOf(preset)
  const read = readExperiment({ ...base, ...changesOf(base, flags) })
  if (read.ok) return read.value
  throw new UsageFailure(read.detail ?? read.code)
}

async function inputOf(preset: string): Promise<ExperimentInput> {
  if (preset.endsWith('.json')) return inputOfFile(preset)
  const { loadPreset, presetNames } = await import('@onehop/simulator')
  const names = presetNames()
  if (names.includes(preset)) return loadPreset(preset).input
  throw new UsageFailure(`There is no preset "${preset}"; ${suggestion(preset, names)}`)
}

function inputOfFile(path: string): ExperimentInput {
  const text = readFileSync(path, 'utf8')
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch {
    throw new UsageFailure(`${path} is not JSON.`)
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new UsageFailure(`${path} must hold an object with the fields of an experiment.`)
  return input as ExperimentInput
}

function changesOf(base: ExperimentInput, flags: ExperimentFlags): ExperimentInput {
  const changes: Record<string, unknown> = {}
  for (const [flag, field] of Object.entries(FIELD_OF_FLAG)) {
    const typed = flags[flag as keyof typeof FIELD_OF_FLAG]
    if (typed !== undefined) changes[field] = numberOr(typed)
  }
  if (flags.groups !== undefined) {
    const groups = numberOr(flags.groups)
    changes.groups = base.kind === 'memory' ? [groups] : groups
  }
  if (flags.churn !== undefined) changes.churn = { ...objectOf(base.churn), perHour: parseChurn(flags.churn) }
  if (flags.latency !== undefined) changes.latency = parseLatency(flags.latency)
  if (flags.hostile !== undefined)
    changes.hostile = {
      behaviours: USUAL_BEHAVIOURS,
      ...objectOf(base.hostile),
      share: numberOr(flags.hostile),
    }
  return changes
}

/** What is no number stays as it was typed, and is refused with the field's own sentence. */
export function numberOr(typed: string): number | string {
  return /^-?\d+(\.\d+)?(e\d+)?$/.test(typed) ? Number(typed) : typed
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

/** `0.25/h`, `25%/h`, or either without `/h`. */
export function parseChurn(typed: string): number | string {
  const match = /^(-?\d+(?:\.\d+)?)(%?)(?:\/h)?$/.exec(typed)
  if (match === null) throw new UsageFailure(`--churn must be such as 0.25/h or 25%/h, not "${typed}".`)
  return Number(match[1]) / (match[2] === '%' ? 100 : 1)
}

/** `king`, `geographic`, `constant:40`, `uniform:10-80`. */
export function parseLatency(typed: string): object {
  const [model = '', figures = ''] = typed.split(':', 2)
  const numbers = figures.split('-').map(numberOr)
  if (model === 'constant') return { model, ms: numbers[0] }
  if (model === 'uniform') return { model, leastMs: numbers[0], mostMs: numbers[1] ?? '' }
  return { model }
}
