import type { SwarmOutcome, SwarmResult } from '../swarm/run-swarm-experiments.ts'
import { escaped, machineText, type PageAssets, renderFrame, table } from './page-frame.ts'
import { PAGE_SCRIPT } from './page-script.ts'
import type { Plot } from './plots.ts'

/** Points of a line. */
const STEPS = 80

/** Download times, figures and plots of all swarm experiments, on one page. */
export function renderSwarms(result: SwarmResult, assets: PageAssets): string {
  const plots = result.experiments.filter(({ runs }) => runs.length > 0).map(finishedPlot)
  return renderFrame({
    title: `Swarms: ${result.experiments.map(({ name }) => name).join(', ')}`,
    subtitle: subtitleOf(result),
    body: result.experiments.map(outcome => section(outcome, plots)).join('\n'),
    input: { title: 'The swarms', value: result.experiments.map(({ parameters }) => parameters) },
    data: plots,
    script: PAGE_SCRIPT,
    assets,
  })
}

function subtitleOf({ size, seed, interrupted, machine, experiments }: SwarmResult): string {
  const seconds = experiments.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0)
  return `${interrupted ? 'INTERRUPTED. ' : ''}Seed ${seed}, ${size} size; ${seconds.toFixed(1)} s on ${machineText(machine)}.`
}

function section(outcome: SwarmOutcome, plots: readonly Plot[]): string {
  const { name, question, source, runs, rows, verdict } = outcome
  const plot = plots.find(({ id }) => id === name)
  return `<h2>${escaped(`${name}: ${verdict}`)}</h2><p>${escaped(question)}</p><p class="faint">${escaped(source)}</p>
${runs.length === 0 ? '' : groupTable(outcome)}
${plot === undefined ? '' : `<div class="plots">${renderPlot(plot)}</div>`}
${table(
  'Figures',
  ['what', 'measured', 'should be', ''],
  rows.map(({ what, measured, published, within }) => [
    what,
    measured,
    published,
    within === undefined ? '' : within ? 'yes' : 'NO',
  ]),
)}`
}

function groupTable({ runs }: SwarmOutcome): string {
  return table(
    'Time from coming to having everything',
    [
      ...['strategy', 'role', 'finished', 'mean s', 'p50 s', 'p95 s', 'slowest s'],
      ...['sent / received', 'upload used', 'from compliant, by an even share', 'trace'],
    ],
    runs.flatMap(({ strategy, groups, traceHash }) =>
      groups.map(group => [
        ...[strategy, group.role, `${group.finished} of ${group.nodes}`],
        ...[group.meanSeconds, group.p50Seconds, group.p95Seconds, group.slowestSeconds].map(shown),
        ...[group.ratio, group.uploadUsed, group.evenShareOfCompliant].map(shown),
        traceHash,
      ]),
    ),
  )
}

function finishedPlot({ name, runs }: SwarmOutcome): Plot {
  const groups = runs.flatMap(({ strategy, groups }) =>
    groups.filter(({ role }) => role !== 'seed').map(group => ({ strategy, ...group })),
  )
  const most = Math.max(1, ...groups.map(({ slowestSeconds }) => slowestSeconds ?? 0))
  const x = Array.from({ length: STEPS + 1 }, (_, i) => (i * most) / STEPS)
  return {
    id: name,
    title: `Nodes that have everything: ${name}`,
    caption: 'Share of each kind of nodes, by the time since each of them came.',
    ...{ xLabel: 'seconds', yLabel: 'share of the nodes', unit: 'percent', x, marks: [] },
    lines: groups.map(({ strategy, role, nodes, seconds }) => ({
      label: `${role}, ${strategy}`,
      values: x.map(limit => seconds.filter(time => time <= limit).length / nodes),
    })),
  }
}

function renderPlot({ id, title, caption }: Plot): string {
  return `<figure aria-labelledby="title-${id}"><h3 id="title-${id}">${escaped(title)}</h3><figcaption>${escaped(caption)}</figcaption><div class="plot" id="plot-${id}" role="img" aria-labelledby="title-${id}"></div></figure>`
}

function shown(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })
}
