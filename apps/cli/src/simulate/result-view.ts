import type { ExperimentResult, LatencyFigures, MemoryResult, NetworkResult } from '@onehop/simulator'
import { byteCount, duration, fields, table } from '../format.ts'

/** A result for people. */
export function describeResult(result: ExperimentResult): string {
  return 'rows' in result ? describeMemory(result) : describeNetwork(result)
}

function describeNetwork(result: NetworkResult): string {
  const parts = [
    fields(headOf(result)),
    table(['lookups', 'p50', 'p99', 'p50 / RTT', 'p99 / RTT', 'count'], latencyRows(result)),
  ]
  const { disturbances, failures } = { disturbances: result.disturbances, failures: failedRows(result) }
  if (failures.length > 0) parts.push(table(['failed', 'lookups'], failures))
  if (disturbances.length > 0)
    parts.push(
      table(
        ['minute', 'what happened', '99 % of lookups found again'],
        disturbances.map(({ atMinutes, what, recoverySeconds }) => [
          String(atMinutes),
          what,
          recoverySeconds === null ? 'not before the end' : `after ${recoverySeconds} s`,
        ]),
      ),
    )
  return parts.join('\n\n')
}

function headOf(result: NetworkResult): Record<string, string | undefined> {
  const { lookups, bandwidth, tables, convergence, dissemination } = result
  return {
    question: result.experiment.question,
    nodes: `${tables.nodes ?? result.nodes} at the end, ${result.departures} left`,
    time: `${result.virtualMinutes} virtual minutes in ${duration(result.wallSeconds * 1000)}`,
    'trace hash': `${result.traceHash} (seed ${result.seed})`,
    lookups: `${lookups.count}: ${percent(lookups.successShare)} found, ${percent(lookups.oneHopShare)} in one hop, ${percent(lookups.firstTryShare)} at the first try`,
    'warm contacts': percent(lookups.warmShare),
    bandwidth: `${rate(bandwidth.sent.mean)} sent, ${rate(bandwidth.received.mean)} received by a node; p99 ${rate(bandwidth.sent.p99)} and ${rate(bandwidth.received.p99)}`,
    dials: `${bandwidth.dialsPerNodePerMinute} per node and minute`,
    tables: `${Math.round(tables.viewMean ?? 0)} members, ${Math.round(tables.contactsMean ?? 0)} contacts, ${Math.round(tables.filetuplesMean ?? 0)} filetuples, ${byteCount(Math.round(result.memoryBytesPerNode))}; k = ${tables.medianGroups}`,
    truth: `${percent(tables.coverage ?? 0)} of the pointers are where they belong, views ${percent(tables.viewCompleteness ?? 0)} complete`,
    'against best k': `at most ${result.worstStateRatio} × the entries`,
    convergence:
      convergence &&
      `99 % after ${convergence.rounds99 ?? '?'} rounds, 99.9 % after ${convergence.rounds999 ?? '?'}`,
    'new filetuple':
      dissemination &&
      `99 % of a group of ${dissemination.groupSize.toFixed(0)} know it after ${dissemination.seconds99.p50} s, p99 ${dissemination.seconds99.p99} s`,
    'peak memory': byteCount(result.peakRssBytes),
    speed: `${result.eventsPerSecond} events/s, ${result.wallSecondsPerVirtualMinute} s per virtual minute`,
  }
}

function latencyRows({ lookups }: NetworkResult): string[][] {
  const all: LatencyFigures = lookups
  return [['all', all] as const, ['warm', lookups.warm] as const, ['cold', lookups.cold] as const].map(
    ([name, { p50Ms, p99Ms, p50Rtts, p99Rtts, count }]) => [
      name,
      duration(p50Ms),
      duration(p99Ms),
      multiple(p50Rtts),
      multiple(p99Rtts),
      String(count),
    ],
  )
}

function failedRows({ lookups }: NetworkResult): string[][] {
  return Object.entries(lookups.failures)
    .filter(([, count]) => count > 0)
    .map(([cause, count]) => [cause, String(count)])
}

function describeMemory(result: MemoryResult): string {
  const rows = result.rows.map(row => [
    `${row.groups}${row.chosen ? ' (chosen)' : ''}`,
    String(row.members),
    String(row.contacts),
    String(row.filetuples),
    String(row.entries),
    `${(row.bytes / 1e6).toFixed(2)} MB`,
    row.bytesPerEntry.toFixed(1),
  ])
  return [
    fields({ question: result.experiment.question, nodes: result.nodes, files: result.files }),
    table(['k', 'members', 'contacts', 'filetuples', 'entries', 'memory', 'bytes per entry'], rows),
  ].join('\n\n')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

function rate(bytesPerSecond: number): string {
  return `${Math.round(bytesPerSecond)} B/s`
}

function multiple(rtts: number | undefined): string {
  return rtts === undefined ? '' : rtts.toFixed(2)
}
