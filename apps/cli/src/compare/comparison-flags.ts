import type { Comparison, ComparisonInput } from '@onehop/simulator'
import { suggestion } from '../command-line.ts'
import { UsageFailure } from '../failure.ts'
import { numberOr, parseChurn, parseLatency } from '../simulate/experiment-flags.ts'

/** What a person says of a comparison, as typed. */
export interface ComparisonFlags {
  readonly overlays?: string | undefined
  readonly nodes?: string | undefined
  readonly churn?: string | undefined
  readonly minutes?: string | undefined
  readonly lookups?: string | undefined
  readonly files?: string | undefined
  readonly seed?: string | undefined
  readonly latency?: string | undefined
  readonly connections?: string | undefined
}

/** Flags whose values are fields of a comparison. */
const FIELD_OF_FLAG = {
  minutes: 'minutes',
  lookups: 'lookups',
  files: 'filesPerNode',
  seed: 'seed',
  connections: 'connections',
} as const

/** The comparison that was asked for. @throws {UsageFailure} that says what is wrong with it. */
export async function comparisonOf(flags: ComparisonFlags): Promise<Comparison> {
  const { comparableOverlays, readComparison } = await import('@onehop/simulator')
  const read = readComparison(inputOf(flags, comparableOverlays()))
  if (read.ok) return read.value
  throw new UsageFailure(read.detail ?? read.code)
}

function inputOf(flags: ComparisonFlags, known: readonly string[]): ComparisonInput {
  const input: Record<string, unknown> = {}
  for (const [flag, field] of Object.entries(FIELD_OF_FLAG)) {
    const typed = flags[flag as keyof typeof FIELD_OF_FLAG]
    if (typed !== undefined) input[field] = numberOr(typed)
  }
  if (flags.overlays !== undefined)
    input.overlays = listed(flags.overlays).map(name => knownName(name, known))
  if (flags.nodes !== undefined) input.nodes = listed(flags.nodes).map(numberOr)
  if (flags.churn !== undefined) input.churn = listed(flags.churn).map(parseChurn)
  if (flags.latency !== undefined) input.latency = parseLatency(flags.latency)
  return input
}

function listed(typed: string): string[] {
  return typed.split(',').map(one => one.trim())
}

function knownName(typed: string, known: readonly string[]): string {
  const name = typed.toLowerCase()
  if (known.includes(name)) return name
  throw new UsageFailure(`There is no overlay "${typed}"; ${suggestion(typed, known)}`)
}
