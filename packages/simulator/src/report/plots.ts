import type uPlot from 'uplot'
import type { MemoryResult, NetworkResult } from '../experiments/result.ts'

/** One line of a plot. */
export interface PlotLine {
  readonly label: string
  /** As uPlot takes them. */
  readonly values: uPlot.AlignedData[1]
  /** A level to compare with, drawn dashed and thin. */
  readonly isReference?: boolean
  /** Drawn against the axis on the right. */
  readonly isSecondary?: boolean
}

/** A plot as data: what the page's script draws. */
export interface Plot {
  readonly id: string
  readonly title: string
  /** What can be seen, for those who cannot see it, and for everybody. */
  readonly caption: string
  readonly xLabel: string
  readonly yLabel: string
  readonly secondaryLabel?: string
  readonly unit: 'percent' | 'ms' | 'bytes' | 'count'
  readonly secondaryUnit?: 'count'
  readonly x: readonly number[]
  readonly lines: readonly PlotLine[]
  /** Upright lines: something happened here. */
  readonly marks: readonly { readonly at: number; readonly what: string }[]
}

/** What a node is to stay below, lookups and dials included, in bytes a second. */
const MOST_BYTES_PER_SECOND = 2_048

/** The plots of a run. */
export function plotsOf(result: NetworkResult): Plot[] {
  const x = result.series.map(row => row.minute!)
  const marks = result.phases.map(({ atMinutes, what }) => ({ at: atMinutes, what }))
  const column = (name: string) => result.series.map(row => row[name] ?? null)
  const common = { x, marks, xLabel: 'minutes after the warm-up' }
  const plots: Plot[] = [
    {
      ...common,
      id: 'lookups',
      title: 'Lookups found',
      caption: `Of ${result.lookups.count} lookups of files whose providers live, ${percent(result.lookups.successShare)} were answered, ${percent(result.lookups.oneHopShare)} over at most one hop.`,
      yLabel: 'share of the lookups',
      unit: 'percent',
      lines: [
        { label: 'found', values: column('successShare') },
        { label: 'in one hop', values: column('oneHopShare') },
        { label: 'at the first try', values: column('firstTryShare') },
        { label: '99 %', values: x.map(() => 0.99), isReference: true },
      ],
    },
    {
      ...common,
      id: 'times',
      title: 'Time of a lookup',
      caption: `Half of all lookups took at most ${result.lookups.p50Ms} ms, 99 % at most ${result.lookups.p99Ms} ms, time-outs included.`,
      yLabel: 'ms',
      unit: 'ms',
      lines: [
        { label: 'p50', values: column('p50Ms') },
        { label: 'p99', values: column('p99Ms') },
      ],
    },
    {
      ...common,
      id: 'bandwidth',
      title: 'Bandwidth of a node',
      caption: `A node sent ${Math.round(result.bandwidth.sent.mean)} bytes a second on average and received ${Math.round(result.bandwidth.received.mean)}: gossip, refreshes, lookups, dials.`,
      yLabel: 'bytes a second',
      unit: 'bytes',
      lines: [
        { label: 'sent, mean', values: column('sentBytesPerSecond') },
        { label: 'sent, p99', values: column('sentBytesPerSecondP99') },
        { label: 'received, mean', values: column('receivedBytesPerSecond') },
        { label: '2 KB/s', values: x.map(() => MOST_BYTES_PER_SECOND), isReference: true },
      ],
    },
    {
      ...common,
      id: 'tables',
      title: 'Entries in a node’s tables',
      caption:
        'Mean over the nodes, against the entries of a node with the best fixed k for the same nodes and files.',
      yLabel: 'entries',
      unit: 'count',
      lines: [
        { label: 'members', values: column('viewMean') },
        { label: 'contacts', values: column('contactsMean') },
        { label: 'filetuples', values: column('filetuplesMean') },
        { label: 'all', values: column('entriesMean') },
        { label: 'best fixed k', values: column('bestFixedEntries'), isReference: true },
      ],
    },
    {
      ...common,
      id: 'nodes',
      title: 'Nodes and groups',
      caption: 'Living nodes on the left, the number of groups that they have chosen on the right.',
      yLabel: 'nodes',
      secondaryLabel: 'groups (k)',
      unit: 'count',
      secondaryUnit: 'count',
      lines: [
        { label: 'nodes', values: column('nodes') },
        { label: 'k, median', values: column('medianGroups'), isSecondary: true },
        { label: 'k, least', values: column('leastGroups'), isSecondary: true, isReference: true },
        { label: 'k, most', values: column('mostGroups'), isSecondary: true, isReference: true },
      ],
    },
    {
      ...common,
      id: 'truth',
      title: 'Tables against the truth',
      caption: 'What everybody together knew at the end of each interval, looked at from outside.',
      yLabel: 'share',
      unit: 'percent',
      lines: [
        { label: 'pointers where they belong', values: column('coverage') },
        { label: 'views complete', values: column('viewCompleteness') },
        { label: 'dead members in views', values: column('viewStaleness') },
      ],
    },
  ]
  if (result.convergence !== undefined) plots.push(convergencePlot([...result.convergence.byRound]))
  return plots
}

function convergencePlot(byRound: number[]): Plot {
  return {
    id: 'convergence',
    title: 'Convergence from cold',
    caption: 'Share of the members that were in the views where they belong, after each gossip round.',
    xLabel: 'gossip rounds',
    yLabel: 'share',
    unit: 'percent',
    x: byRound.map((_share, i) => i + 1),
    lines: [
      { label: 'views complete', values: byRound },
      { label: '99 %', values: byRound.map(() => 0.99), isReference: true },
    ],
    marks: [],
  }
}

/** The plot of a measurement of one node's tables. */
export function memoryPlots(result: MemoryResult): Plot[] {
  if (result.rows.length < 2) return []
  const rows = [...result.rows].sort((a, b) => a.groups - b.groups)
  return [
    {
      id: 'memory',
      title: 'Memory of one node’s tables by k',
      caption: `For ${result.nodes} nodes and ${result.files} files.`,
      xLabel: 'groups (k)',
      yLabel: 'bytes',
      unit: 'bytes',
      x: rows.map(({ groups }) => groups),
      lines: [
        { label: 'bytes', values: rows.map(({ bytes }) => bytes) },
        { label: 'published figure, 1.93 MB', values: rows.map(() => 1_930_000), isReference: true },
      ],
      marks: [],
    },
  ]
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
