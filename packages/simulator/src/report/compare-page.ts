import type { ComparedRun } from '../compare/compared-run.ts'
import { formulaOf, GROWING } from '../compare/growth.ts'
import type { ComparisonResult } from '../compare/run-comparison.ts'
import { COMPARE_SCRIPT } from './compare-script.ts'
import { escaped, machineText, type PageAssets, renderFrame, table } from './page-frame.ts'

/** A run as a point. */
interface PlotPoint {
  readonly overlay: string
  readonly label: string
  readonly x: number
  readonly y: number
}

/** A plot of points, both axes logarithmic. */
interface PointPlot {
  readonly id: string
  readonly title: string
  readonly caption: string
  readonly xLabel: string
  readonly yLabel: string
  readonly points: readonly PlotPoint[]
}

/** Bandwidth against latency, the tables, the whole comparison, on one page. */
export function renderComparison(result: ComparisonResult, assets: PageAssets): string {
  const { runs, comparison } = result
  const plots = [latencyPlot(result, 'p50Ms', 'half'), latencyPlot(result, 'p99Ms', '99 %')]
  const overlays = comparison.overlays.filter(overlay => runs.some(run => run.overlay === overlay))
  return renderFrame({
    title: `Overlays compared: ${overlays.join(', ')}`,
    subtitle: subtitleOf(result),
    body: `<h2>Bandwidth against latency</h2>
<ul class="keys">${overlays.map(keyOf).join('')}</ul>
<div class="plots">${plots.map(renderPlot).join('')}</div>
${lookupTable(runs)}
${nodeTable(runs)}
${growthTable(result)}`,
    input: { title: 'The comparison', value: comparison },
    data: plots,
    script: COMPARE_SCRIPT,
    assets,
  })
}

function subtitleOf({ comparison, machine, wallSeconds, interrupted }: ComparisonResult): string {
  const { seed, minutes, lookups, filesPerNode, latency, connections } = comparison
  const state = interrupted ? 'INTERRUPTED. ' : ''
  return `${state}Seed ${seed}, ${minutes} virtual minutes, ${lookups} lookups a run, ${filesPerNode} files a node, ${latency.model} latency, ${connectionsText(connections)}; ${wallSeconds.toFixed(1)} s on ${machineText(machine)}.`
}

function latencyPlot(
  { runs, comparison }: ComparisonResult,
  which: 'p50Ms' | 'p99Ms',
  share: string,
): PointPlot {
  const points = runs.flatMap(run => {
    const ms = run[which]
    // A logarithmic axis has no 0: own tables answer in less than a millisecond.
    return ms === null
      ? []
      : [{ overlay: run.overlay, label: labelOf(run, comparison), x: run.bytesPerSecond, y: Math.max(1, ms) }]
  })
  return {
    id: which,
    title: `Time in which ${share} of the lookups ended`,
    caption:
      'Each point is a run; left and low is good. Time-outs and failures count with their whole time. Bandwidth is what a node sends with one lookup a minute by everybody.',
    xLabel: 'bytes a second sent by a node',
    yLabel: 'ms',
    points,
  }
}

/** What dials cost, in a few words. */
function connectionsText(connections: number | 'free'): string {
  return connections === 'free'
    ? 'everybody connected to everybody: nothing is dialled'
    : `${connections} connections a node (more where it serves others), dials counted`
}

/** What tells the runs of an overlay apart. */
function labelOf({ overlay, nodes, churn }: ComparedRun, comparison: ComparisonResult['comparison']): string {
  const size = comparison.nodes.length > 1 ? ` ${nodes.toLocaleString('en')}` : ''
  return comparison.churn.length > 1 ? `${overlay}${size}, ${churn}/h` : `${overlay}${size}`
}

function keyOf(overlay: string): string {
  return `<li><canvas data-overlay="${escaped(overlay)}" width="16" height="16" aria-hidden="true"></canvas> ${escaped(overlay)}</li>`
}

function renderPlot({ id, title, caption }: PointPlot): string {
  return `<figure aria-labelledby="title-${id}"><h3 id="title-${id}">${escaped(title)}</h3><figcaption>${escaped(caption)}</figcaption><div class="plot" id="plot-${id}" role="img" aria-labelledby="title-${id}"></div></figure>`
}

function lookupTable(runs: readonly ComparedRun[]): string {
  return table(
    'What a lookup brings and costs',
    [...WHO, 'found', 'hops', 'hops p99', 'p50 ms', 'p99 ms', 'messages', 'bytes', 'lookups', 'trace'],
    runs.map(run => [
      ...whoOf(run),
      `${(run.successShare * 100).toFixed(2)} %`,
      ...[run.hopsMean, run.hopsP99, run.p50Ms, run.p99Ms].map(shown),
      ...[run.messagesPerLookup, run.bytesPerLookup, run.lookups].map(shown),
      run.traceHash,
    ]),
  )
}

function nodeTable(runs: readonly ComparedRun[]): string {
  return table(
    'What a node bears',
    [
      ...WHO,
      ...['background B/s', 'all B/s', 'memory, mean', 'memory, most', 'load, most / mean', 'of lookups'],
      ...['keys moved per join', 'bytes per join'],
    ],
    runs.map(run => [
      ...whoOf(run),
      ...[run.backgroundBytesPerSecond, run.bytesPerSecond, run.memoryBytesMean, run.memoryBytesMax].map(
        shown,
      ),
      ...[run.loadMaxOverMean, run.lookupLoadMaxOverMean, run.keysMovedPerJoin, run.bytesPerJoin].map(shown),
    ]),
  )
}

function growthTable({ growth, runs, comparison }: ComparisonResult): string {
  if (growth.length === 0) {
    const known = comparison.overlays.filter(overlay => runs.some(run => run.overlay === overlay))
    const taught = known.map(overlay => [overlay, ...GROWING.map(what => formulaOf(overlay, what) ?? '–')])
    return table('Growth with the number of nodes, as taught', ['overlay', ...GROWING], taught)
  }
  return table(
    'Growth with the number of nodes',
    ['overlay', 'what', 'churn/h', 'nodes', 'taught', 'exponent of the formula', 'measured exponent'],
    growth.map(({ overlay, what, churn, from, to, formula, expected, exponent }) => [
      ...[
        overlay,
        what,
        churn,
        `${from}–${to}`,
        formula ?? '–',
        expected?.toFixed(2) ?? '–',
        exponent.toFixed(2),
      ],
    ]),
  )
}

const WHO = ['overlay', 'nodes', 'churn/h']

function whoOf({ overlay, nodes, churn }: ComparedRun): (string | number)[] {
  return [overlay, nodes.toLocaleString('en'), churn]
}

function shown(value: number | null): string {
  if (value === null) return '–'
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })
}
