import { firstRejection, OK, type Result, type Verdict } from '@onehop/primitives'
import type { LatencyChoice } from '../experiments/experiment.ts'
import {
  checkField,
  type Field,
  type Fields,
  impossible,
  NETWORK_FIELDS,
} from '../experiments/experiment-fields.ts'
import { checkLatency } from '../experiments/read-experiment.ts'
import { MAX_FILES, MAX_NODES } from '../limits.ts'
import { LIVE_CONNECTIONS } from '../network-model.ts'
import { MAX_COMPARED_RUNS } from './compare-limits.ts'
import { type ComparedOverlay, comparableOverlays } from './compared-overlays.ts'

/** What the runs of a comparison have in common. */
export interface ComparisonWorkload {
  /** Virtual minutes that are measured. */
  readonly minutes: number
  /** Of each run, evenly over the minutes, by nodes and for files drawn at random. */
  readonly lookups: number
  /** Files that each node provides. */
  readonly filesPerNode: number
  readonly seed: number
  readonly latency: LatencyChoice
  /**
   * Open connections of a node, more where its machine wants them; `free`: everybody is connected to everybody, and
   * nothing is dialled, as where the classics' authors counted.
   */
  readonly connections: number | 'free'
}

/** One network of one overlay. */
export interface ComparedSetup extends ComparisonWorkload {
  readonly overlay: ComparedOverlay
  readonly nodes: number
  /** Share of the nodes that goes and is replaced in an hour. */
  readonly churn: number
}

/** Which networks are compared: every overlay at every size under every churn. */
export interface Comparison extends ComparisonWorkload {
  readonly overlays: readonly ComparedOverlay[]
  readonly nodes: readonly number[]
  readonly churn: readonly number[]
}

/** What a comparison has unless it says otherwise: a thousand nodes that stay, a workload of a few minutes. */
export const COMPARISON_DEFAULTS = Object.freeze<Omit<Comparison, 'overlays'>>({
  nodes: [1_000],
  churn: [0],
  minutes: 5,
  lookups: 2_000,
  filesPerNode: 10,
  seed: 1,
  latency: { model: 'geographic' },
  connections: LIVE_CONNECTIONS.cap,
})

/** The fields of a comparison, as experiments have them. */
const FIELDS = {
  nodes: { kind: 'number', label: 'number of nodes', least: 10, most: MAX_NODES, whole: true },
  churn: { kind: 'number', label: 'churn per hour', least: 0, most: 60 },
  lookups: { kind: 'number', label: 'number of lookups', least: 1, most: 10_000_000, whole: true },
  filesPerNode: { kind: 'number', label: 'number of files per node', least: 1, most: 10_000, whole: true },
} as const satisfies Fields

/** Some of the fields of a comparison, from a command line. */
export type ComparisonInput = { readonly [Name in keyof Comparison]?: unknown }

/**
 * A comparison of what was given and the defaults; or what is wrong with it, in one sentence for people, in the detail
 * of the refusal.
 */
export function readComparison(input: ComparisonInput): Result<Comparison> {
  const merged = { overlays: comparableOverlays(), ...COMPARISON_DEFAULTS, ...input } as Comparison
  const value: Comparison = {
    ...merged,
    overlays: [...new Set(merged.overlays)],
    nodes: [...new Set(merged.nodes)],
    churn: [...new Set(merged.churn)],
  }
  const verdict = firstRejection(
    () => checkOverlays(value.overlays),
    () => checkEach(FIELDS.nodes, value.nodes),
    () => checkEach(FIELDS.churn, value.churn),
    () => checkField(NETWORK_FIELDS.minutes!, value.minutes),
    () => checkField(FIELDS.lookups, value.lookups),
    () => checkField(FIELDS.filesPerNode, value.filesPerNode),
    () => checkField(NETWORK_FIELDS.seed!, value.seed),
    () => checkLatency(value.latency),
    () => checkField(NETWORK_FIELDS.connections!, value.connections),
    () => checkSize(value),
  )
  return verdict.ok ? { ok: true, value } : verdict
}

/** The runs of a comparison, overlay by overlay, the smallest networks first. */
export function setupsOf(comparison: Comparison): ComparedSetup[] {
  const { overlays, nodes, churn, ...workload } = comparison
  return overlays.flatMap(overlay =>
    nodes
      .toSorted((a, b) => a - b)
      .flatMap(size => churn.map(rate => ({ overlay, nodes: size, churn: rate, ...workload }))),
  )
}

function checkOverlays(overlays: readonly string[]): Verdict {
  const known = comparableOverlays()
  const unknown = overlays.find(name => !known.some(one => one === name))
  if (unknown !== undefined)
    return impossible(`There is no overlay "${unknown}"; there are ${known.join(', ')}.`)
  return overlays.length > 0 ? OK : impossible(`A comparison needs overlays: some of ${known.join(', ')}.`)
}

function checkEach(field: Field, values: readonly unknown[]): Verdict {
  return values.length === 0
    ? impossible(`A comparison needs a ${field.label}.`)
    : firstRejection(...values.map(value => () => checkField(field, value)))
}

function checkSize({ overlays, nodes, churn, filesPerNode }: Comparison): Verdict {
  const runs = overlays.length * nodes.length * churn.length
  if (runs > MAX_COMPARED_RUNS)
    return impossible(`That would be ${runs} runs, and a comparison has at most ${MAX_COMPARED_RUNS}.`)
  const files = Math.max(...nodes) * filesPerNode
  return files > MAX_FILES
    ? impossible(`${Math.max(...nodes)} nodes with ${filesPerNode} files each have more than ${MAX_FILES}.`)
    : OK
}
