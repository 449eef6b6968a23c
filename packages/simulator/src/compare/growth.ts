import { naturalLogarithm } from '../experiments/draws.ts'
import type { ComparedOverlay } from './compared-overlays.ts'
import type { ComparedRun } from './compared-run.ts'

/** How a cost grows with the number of nodes. */
export type Formula = 'O(1)' | 'O(log N)' | 'O(√N)' | 'O(N)'

/** What is watched as networks grow. */
export const GROWING = ['hops', 'messages per lookup', 'memory, mean', 'memory, most'] as const

/** One of {@link GROWING}. */
export type Growing = (typeof GROWING)[number]

/** How a cost grew between two sizes, beside what is taught. */
export interface Growth {
  readonly overlay: ComparedOverlay
  readonly churn: number
  readonly what: Growing
  /** Of the lecture's table; null: it gives none. */
  readonly formula: Formula | null
  readonly from: number
  readonly to: number
  /** The cost grew as N to this power. */
  readonly exponent: number
  /** The power with which the formula grows between these sizes; null without a formula. */
  readonly expected: number | null
}

/** Exponents have four digits. */
const EXPONENT_STEPS = 10_000

type Formulas = Readonly<Record<Growing, Formula | null>>

function formulas(
  hops: Formula | null,
  messages: Formula | null,
  memory: Formula | null,
  most = memory,
): Formulas {
  return { hops, 'messages per lookup': messages, 'memory, mean': memory, 'memory, most': most }
}

/**
 * Lecture "Peer-to-peer systems", the table of comparative performance (memory, lookup latency, messages for a lookup)
 * and the slides on Pastry's routing and on Kelips. Of FastTrack nothing is said but that it is like Gnutella with
 * supernodes, of Pastry's memory nothing.
 */
const FORMULAS: Readonly<Record<ComparedOverlay, Formulas>> = {
  kelips: formulas('O(1)', 'O(1)', 'O(√N)'),
  napster: formulas('O(1)', 'O(1)', 'O(1)', 'O(N)'),
  gnutella: formulas('O(N)', 'O(N)', 'O(N)'),
  fasttrack: formulas(null, null, null),
  chord: formulas('O(log N)', 'O(log N)', 'O(log N)'),
  pastry: formulas('O(log N)', 'O(log N)', null),
}

/** What is taught of an overlay. */
export function formulaOf(overlay: ComparedOverlay, what: Growing): Formula | null {
  return FORMULAS[overlay][what]
}

/** The growth of every cost of every overlay between each two sizes that follow one another, at the same churn. */
export function growthOf(runs: readonly ComparedRun[]): Growth[] {
  return runs.flatMap(larger => {
    const smaller = nextSmaller(runs, larger)
    return smaller === undefined ? [] : GROWING.flatMap(what => growthBetween(smaller, larger, what) ?? [])
  })
}

function nextSmaller(runs: readonly ComparedRun[], { overlay, churn, nodes }: ComparedRun) {
  return runs
    .filter(run => run.overlay === overlay && run.churn === churn && run.nodes < nodes)
    .sort((a, b) => b.nodes - a.nodes)[0]
}

function growthBetween(smaller: ComparedRun, larger: ComparedRun, what: Growing): Growth | undefined {
  const { overlay, churn } = larger
  const [before, after] = [costOf(smaller, what), costOf(larger, what)]
  if (!before || !after) return undefined
  const formula = formulaOf(overlay, what)
  const [from, to] = [smaller.nodes, larger.nodes]
  const exponent = exponentOf(after / before, to / from)
  return { overlay, churn, what, formula, from, to, exponent, expected: expectedExponent(formula, from, to) }
}

function costOf(run: ComparedRun, what: Growing): number | null {
  switch (what) {
    case 'hops':
      return run.hopsMean
    case 'messages per lookup':
      return run.messagesPerLookup
    case 'memory, mean':
      return run.memoryBytesMean
    case 'memory, most':
      return run.memoryBytesMax
  }
}

function expectedExponent(formula: Formula | null, from: number, to: number): number | null {
  switch (formula) {
    case null:
      return null
    case 'O(1)':
      return 0
    case 'O(√N)':
      return 0.5
    case 'O(N)':
      return 1
    case 'O(log N)':
      return exponentOf(naturalLogarithm(to) / naturalLogarithm(from), to / from)
  }
}

function exponentOf(growth: number, sizes: number): number {
  const exponent = naturalLogarithm(growth) / naturalLogarithm(sizes)
  return Math.round(exponent * EXPONENT_STEPS) / EXPONENT_STEPS
}
