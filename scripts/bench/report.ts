import type { Machine } from './machine.ts'
import { median } from './statistics.ts'
import type { Line, Round } from './suite.ts'

/** A line with what came out of all rounds. */
export interface LineResult {
  readonly name: string
  readonly what: string
  readonly unit: string
  /** Medians over the rounds; the ratio is the median of the rounds' ratios. */
  readonly measured: number
  readonly reference: number | undefined
  readonly referenceName: string | undefined
  readonly ratio: number | undefined
  readonly ratios: readonly number[]
  readonly target: string | undefined
  readonly passes: boolean | undefined
  /** Why there are no numbers. */
  readonly failure?: string
}

/** What `--json` writes. */
export interface Report {
  readonly suite: string
  readonly machine: Machine
  readonly rounds: number
  readonly quick: boolean
  readonly lines: readonly LineResult[]
}

function targetText({ target, reference }: Line): string | undefined {
  if (target === undefined) return undefined
  const times = reference === undefined ? '' : ' ×'
  return 'atLeast' in target ? `≥ ${target.atLeast}${times}` : `≤ ${target.atMost}${times}`
}

function holds({ target }: Line, value: number): boolean | undefined {
  if (target === undefined || Number.isNaN(value)) return undefined
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

/** Sums a line up over the rounds in which all of its tasks ran. */
export function summarise(line: Line, rounds: readonly Round[]): LineResult {
  const { name, what, unit, referenceName } = line
  const complete = rounds.filter(round => line.tasks.every(task => round[task] !== undefined))
  const base = { name, what, unit, referenceName, target: targetText(line) }
  if (complete.length === 0) {
    const missing = line.tasks.filter(task => rounds.every(round => round[task] === undefined))
    const nothing = { measured: Number.NaN, reference: undefined, ratio: undefined, ratios: [] }
    return { ...base, ...nothing, passes: undefined, failure: `failed: ${missing.join(', ')}` }
  }
  const measured = complete.map(line.measured)
  if (line.reference === undefined) {
    const value = median(measured)
    return {
      ...base,
      measured: value,
      reference: undefined,
      ratio: undefined,
      ratios: measured,
      passes: holds(line, value),
    }
  }
  const references = complete.map(line.reference)
  const ratios = measured.map((value, i) => value / (references[i] ?? Number.NaN))
  const ratio = median(ratios)
  return {
    ...base,
    measured: median(measured),
    reference: median(references),
    ratio,
    ratios,
    passes: holds(line, ratio),
  }
}

/** Three digits that mean something. */
function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return ''
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3)
}

function verdictText({ passes, failure }: LineResult): string {
  if (failure !== undefined) return failure
  return passes === undefined ? '' : passes ? 'pass' : 'BELOW TARGET'
}

function cells(result: LineResult): string[] {
  const { what, measured, unit, reference, referenceName, ratio, target } = result
  const value = Number.isNaN(measured) ? '' : `${digits(measured)} ${unit}`
  const against = reference === undefined ? '' : `${digits(reference)} ${referenceName ?? ''}`.trim()
  return [what, value, against, digits(ratio), target ?? '', verdictText(result)]
}

/** The report as a table in Markdown, which is also readable as it is. */
export function tableOf({ machine, rounds, lines, suite, quick }: Report): string {
  const header = ['what', 'measured', 'against', 'ratio', 'target', '']
  const rows = [header, ...lines.map(cells)]
  const widths = header.map((_, column) => Math.max(3, ...rows.map(row => (row[column] ?? '').length)))
  const format = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  const { cpu, cores, node, platform } = machine
  const title = `${suite}, median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}${quick ? ' (quick: numbers mean little)' : ''}; ${cpu}, ${cores} cores, Node ${node}, ${platform}`
  return [title, '', format(header), rule, ...rows.slice(1).map(format)].join('\n')
}
