import type { ExperimentResult, MemoryResult, NetworkResult } from '../experiments/result.ts'
import { escaped, machineText, type PageAssets, renderFrame, table } from './page-frame.ts'
import { PAGE_SCRIPT } from './page-script.ts'
import { memoryPlots, type Plot, plotsOf } from './plots.ts'

/** One page that needs nothing but itself: figures, plots, tables, the whole experiment. */
export function renderPage(result: ExperimentResult, assets: PageAssets): string {
  const plots = 'rows' in result ? memoryPlots(result) : plotsOf(result)
  const tables = 'rows' in result ? memoryTable(result) : networkTables(result)
  return renderFrame({
    title: result.experiment.question,
    subtitle: subtitleOf(result),
    body: `${figuresOf('rows' in result ? memoryFigures(result) : networkFigures(result))}
${tables}
<h2>Plots</h2>
<div class="plots">${plots.map(renderPlot).join('')}</div>`,
    input: { title: 'The experiment', value: result.experiment },
    data: plots,
    script: PAGE_SCRIPT,
    assets,
  })
}

function subtitleOf(result: ExperimentResult): string {
  const { machine, seed, wallSeconds } = result
  const what =
    'traceHash' in result ? `trace ${result.traceHash}, ${result.virtualMinutes} virtual minutes, ` : ''
  const state = result.interrupted ? 'INTERRUPTED. ' : ''
  return `${state}Seed ${seed}, ${what}${wallSeconds.toFixed(1)} s on ${machineText(machine)}.`
}

type Figures = readonly (readonly [name: string, value: string])[]

function networkFigures(result: NetworkResult): Figures {
  const { lookups, bandwidth, tables } = result
  return [
    ['Nodes', count(tables.nodes ?? result.nodes)],
    ['Lookups', count(lookups.count)],
    ['Found', percent(lookups.successShare)],
    ['In one hop', percent(lookups.oneHopShare)],
    ['At the first try', percent(lookups.firstTryShare)],
    ['Time p50 / p99', `${lookups.p50Ms} / ${lookups.p99Ms} ms`],
    ['Sent by a node', `${count(Math.round(bandwidth.sent.mean))} B/s`],
    ['Received', `${count(Math.round(bandwidth.received.mean))} B/s`],
    ['Dials', `${bandwidth.dialsPerNodePerMinute} a minute`],
    ['Tables of a node', `${count(Math.round(result.memoryBytesPerNode))} bytes`],
    ['Groups (k)', String(tables.medianGroups ?? '–')],
    ['Expired answers', String(lookups.expiredPointers)],
  ]
}

function memoryFigures({ nodes, files, memoryBytesPerNode }: MemoryResult): Figures {
  return [
    ['Nodes', count(nodes)],
    ['Files', count(files)],
    ['Tables at the chosen k', `${(memoryBytesPerNode / 1e6).toFixed(2)} MB`],
  ]
}

function figuresOf(figures: Figures): string {
  const items = figures.map(
    ([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`,
  )
  return `<dl class="figures">${items.join('')}</dl>`
}

function networkTables(result: NetworkResult): string {
  const { lookups, disturbances } = result
  const times = [
    ['all', lookups.count, lookups.p50Ms, lookups.p99Ms, '', ''],
    ...(['warm', 'cold'] as const).map(kind => {
      const { count: many, p50Ms, p99Ms, p50Rtts, p99Rtts } = lookups[kind]
      return [kind, many, p50Ms, p99Ms, p50Rtts ?? '', p99Rtts ?? '']
    }),
  ]
  const failures = Object.entries(lookups.failures).filter(([, many]) => many > 0)
  return [
    table('Time of lookups', ['contacts', 'lookups', 'p50 ms', 'p99 ms', 'p50 in RTT', 'p99 in RTT'], times),
    failures.length === 0
      ? ''
      : table('Lookups that failed, by what was true', ['cause', 'lookups'], failures),
    disturbances.length === 0
      ? ''
      : table(
          'Disturbances',
          ['what', 'minute', 'seconds until 99 % were found again'],
          disturbances.map(({ what, atMinutes, recoverySeconds }) => [
            what,
            atMinutes,
            recoverySeconds ?? 'not before the end',
          ]),
        ),
  ].join('\n')
}

function memoryTable(result: MemoryResult): string {
  return table(
    'Tables by k',
    ['k', 'members', 'contacts', 'filetuples', 'entries', 'bytes', 'bytes per entry'],
    result.rows.map(row => [
      `${row.groups}${row.chosen ? ' (chosen)' : ''}`,
      row.members,
      row.contacts,
      row.filetuples,
      row.entries,
      row.bytes,
      row.bytesPerEntry,
    ]),
  )
}

function renderPlot({ id, title, caption, marks }: Plot): string {
  const what = marks.map(mark => ` Minute ${mark.at}: ${mark.what}.`).join('')
  return `<figure aria-labelledby="title-${id}"><h3 id="title-${id}">${escaped(title)}</h3><figcaption>${escaped(caption + what)}</figcaption><div class="plot" id="plot-${id}" role="img" aria-labelledby="title-${id}"></div></figure>`
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
