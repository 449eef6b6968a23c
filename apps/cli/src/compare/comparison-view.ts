import type { ComparedRun, ComparisonResult, Growing, Growth } from '@onehop/simulator'
import { duration, indented, style, table } from '../format.ts'

/** A comparison for people: three tables of at most 120 columns, and what their figures mean. */
export async function describeComparison(result: ComparisonResult): Promise<string> {
  const { runs, comparison, wallSeconds, interrupted } = result
  if (runs.length === 0) return 'Nothing was measured.'
  const { minutes, lookups, filesPerNode, seed, latency, connections } = comparison
  const head = `${interrupted ? 'INTERRUPTED: what there is so far. ' : ''}Seed ${seed}, ${minutes} virtual minutes, ${lookups} lookups a run, ${filesPerNode} files a node, ${latency.model} latency, ${connections === 'free' ? 'connections free: nothing is dialled' : `${connections} connections, dials counted`}, in ${duration(wallSeconds * 1000)}.`
  const sections = [
    ['What a lookup brings and costs', lookupTable(runs), LOOKUP_NOTE],
    ['What a node bears', nodeTable(runs), NODE_NOTE + serversNote(runs)],
    ['Growth with the number of nodes', await growthTable(result), GROWTH_NOTE],
  ] as const
  const shown = sections.map(
    ([title, body, note]) => `${style('bold', title)}\n${body}\n${style('dim', indented(note, 0, 118))}`,
  )
  return [indented(head, 0, 118), ...shown].join('\n\n')
}

const LOOKUP_NOTE =
  'found: the provider’s own live pointer was answered within 10 s. Hops are those of lookups that found something; times are of all, time-outs and failures with their whole time. Messages and bytes: of the whole network, answers and dials included.'
const NODE_NOTE =
  'background B/s: sent by a node for anything but lookups, dials included; all B/s: with one lookup a minute by everybody. Memory of a node’s tables. load: messages received, the most of a node over the mean; of lookups only. keys/join: pointers sent for each node that came.'
const GROWTH_NOTE =
  'What the lecture says, the measured exponent (the cost grew as N to this power), in brackets the exponent that the formula has between these sizes.'

function lookupTable(runs: readonly ComparedRun[]): string {
  const headings = [
    ...WHO,
    'found',
    'hops',
    'hops p99',
    'p50 ms',
    'p99 ms',
    'messages',
    'bytes',
    'lookups',
    'trace',
  ]
  const rows = runs.map(run => [
    ...whoOf(run),
    `${(run.successShare * 100).toFixed(2)} %`,
    run.hopsMean?.toFixed(2) ?? '–',
    figure(run.hopsP99),
    figure(run.p50Ms),
    figure(run.p99Ms),
    figure(run.messagesPerLookup),
    figure(run.bytesPerLookup),
    figure(run.lookups),
    run.traceHash,
  ])
  return numbers(headings, rows)
}

function nodeTable(runs: readonly ComparedRun[]): string {
  const headings = [
    ...WHO,
    ...['background B/s', 'all B/s', 'memory, mean', 'most', 'load', 'of lookups', 'keys/join', 'bytes/join'],
  ]
  const rows = runs.map(run => [
    ...whoOf(run),
    figure(run.backgroundBytesPerSecond),
    figure(run.bytesPerSecond),
    figure(run.memoryBytesMean),
    figure(run.memoryBytesMax),
    run.loadMaxOverMean.toFixed(1),
    run.lookupLoadMaxOverMean.toFixed(1),
    figure(run.keysMovedPerJoin),
    figure(run.bytesPerJoin),
  ])
  return numbers(headings, rows)
}

/** What churn did to Napster's server, which may go like all others. */
function serversNote(runs: readonly ComparedRun[]): string {
  const churning = runs.filter(({ overlay, churn }) => overlay === 'napster' && churn > 0)
  if (churning.length === 0) return ''
  const fates = churning.map(({ nodes, churn, departures: { server = 0 } }) => {
    const what = server === 0 ? 'stayed' : server === 1 ? 'went once' : `went ${server} times`
    return `${what} at ${churn}/h of ${nodes}`
  })
  return ` Napster’s server is among those that may go: it ${fates.join(', ')}.`
}

/** What is taught, and where there were several sizes, what was measured. */
async function growthTable({ growth, runs, comparison }: ComparisonResult): Promise<string> {
  const { formulaOf, GROWING } = await import('@onehop/simulator')
  const rows = comparison.overlays
    .filter(overlay => runs.some(run => run.overlay === overlay))
    .flatMap(overlay => {
      const steps = stepsOf(growth.filter(one => one.overlay === overlay))
      const cellsOf = (step: readonly Growth[] | undefined) =>
        GROWING.map(what => growthCell(what, formulaOf(overlay, what), step))
      if (steps.length === 0) return [[overlay, '', '', ...cellsOf(undefined)]]
      return steps.map(step => [
        overlay,
        `${step[0]!.from}–${step[0]!.to}`,
        `${step[0]!.churn}`,
        ...cellsOf(step),
      ])
    })
  return table(['overlay', 'nodes', 'churn/h', ...GROWING], rows)
}

/** Growth figures of the same two sizes and the same churn together. */
function stepsOf(growth: readonly Growth[]): Growth[][] {
  return Object.values(
    Object.groupBy(growth, ({ from, to, churn }) => `${from} ${to} ${churn}`),
  ) as Growth[][]
}

function growthCell(what: Growing, formula: string | null, step: readonly Growth[] | undefined): string {
  const measured = step?.find(one => one.what === what)
  const taught = formula ?? '–'
  if (measured === undefined) return taught
  const expected = measured.expected === null ? '' : ` (${measured.expected.toFixed(2)})`
  return `${taught}: ${measured.exponent.toFixed(2)}${expected}`
}

const WHO = ['overlay', 'nodes', 'churn/h']

function whoOf({ overlay, nodes, churn, interrupted }: ComparedRun): string[] {
  return [overlay + (interrupted ? ' *' : ''), String(nodes), String(churn)]
}

/** A table whose columns but the first end at the right. */
function numbers(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map(row => row[i]!.length)))
  const aligned = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell : cell.padStart(widths[i]!)))
  return table(aligned(headings), rows.map(aligned))
}

/** Up to three digits behind the point where there are few before it. */
function figure(value: number | null): string {
  if (value === null) return '–'
  if (Number.isInteger(value)) return String(value)
  return value.toFixed(value < 100 ? 1 : 0)
}
