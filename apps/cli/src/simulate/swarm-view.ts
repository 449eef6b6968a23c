import type { FidelityRow, GroupReport, SwarmOutcome, SwarmResult } from '@onehop/simulator'
import { count, duration, fields, indented, style, table } from '../format.ts'

/** All outcomes for people, with a sentence at the end. */
export function describeSwarms(result: SwarmResult): string {
  return [...result.experiments.map(describeOutcome), swarmSummaryOf(result)].join('\n\n')
}

/** One sentence that says how many figures are as they should be, and which experiments have others. */
export function swarmSummaryOf({ experiments, interrupted }: SwarmResult): string {
  const judged = experiments.flatMap(({ rows }) => rows).filter(({ within }) => within !== undefined)
  const good = judged.filter(({ within }) => within).length
  const different = experiments
    .filter(({ verdict }) => verdict === 'not as it should be')
    .map(({ name }) => name)
  const where = different.length === 0 ? '' : `; not those of ${different.join(', ')}`
  const ending = interrupted ? ' Interrupted: these are the figures so far.' : ''
  return `${good} of ${count(judged.length, 'figure')} as it should be${where}.${ending}`
}

function describeOutcome({ name, question, source, runs, rows, verdict, ...rest }: SwarmOutcome): string {
  const { leechers, contentBytes, pieceBytes, seed } = rest.parameters
  const head = fields({
    source,
    swarm: `${leechers} leechers, ${contentBytes / 2 ** 20} MiB in pieces of ${pieceBytes / 1024} KiB, seed ${seed}`,
    verdict: `${verdict}, after ${duration(rest.wallSeconds * 1000)}`,
  })
  const groups = runs.flatMap(({ strategy, groups: all }) => all.map(group => groupCells(strategy, group)))
  const parts = [`${style('bold', name)}\n${indented(question, 2)}\n${head}`]
  if (groups.length > 0) parts.push(table(GROUP_HEADINGS, groups))
  parts.push(table(['what', 'measured', 'should be', ''], rows.map(rowCells)))
  return parts.join('\n\n')
}

const GROUP_HEADINGS = [
  ...['strategy', 'role', 'finished', 'mean s', 'p50 s', 'p95 s'],
  ...['sent / received', 'upload used', 'even share'],
]

function groupCells(strategy: string, group: GroupReport): string[] {
  const { role, finished, nodes, meanSeconds, p50Seconds, p95Seconds } = group
  return [
    ...[strategy, role, `${finished} of ${nodes}`],
    ...[meanSeconds, p50Seconds, p95Seconds].map(seconds => shown(seconds, 0)),
    ...[group.ratio, group.uploadUsed, group.evenShareOfCompliant].map(value => shown(value, 2)),
  ]
}

function shown(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits)
}

function rowCells({ what, measured, published, within }: FidelityRow): string[] {
  const verdict = within === undefined ? '' : within ? style('green', 'yes') : style('red', 'no')
  return [what, String(measured), published, verdict]
}
