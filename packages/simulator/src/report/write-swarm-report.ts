import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SwarmResult } from '../swarm/run-swarm-experiments.ts'
import { toCsv } from './csv.ts'
import { libraryFiles } from './page-frame.ts'
import { renderSwarms } from './swarm-page.ts'

/** Writes the page, the result and the raw figures into a folder, which is made. @returns the page's path. */
export function writeSwarmReport(folder: string, result: SwarmResult): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`)
  writeFileSync(join(folder, 'groups.csv'), toCsv(groupRows(result)))
  writeFileSync(join(folder, 'figures.csv'), toCsv(figureRows(result)))
  const page = join(folder, 'index.html')
  const files = ['result.json', 'groups.csv', 'figures.csv']
  writeFileSync(page, renderSwarms(result, { ...libraryFiles(), files }))
  return page
}

function groupRows({ experiments }: SwarmResult) {
  return experiments.flatMap(({ name, runs }) =>
    runs.flatMap(({ strategy, seed, traceHash, groups }) =>
      groups.map(({ receivedFrom, seconds: _times, ...figures }) => {
        const row: Record<string, string | number> = { experiment: name, strategy, seed, traceHash }
        for (const [key, value] of Object.entries(figures)) row[key] = value ?? ''
        for (const role of ['seed', 'compliant', 'tyrant'] as const) {
          row[`receivedFrom: ${role}`] = receivedFrom[role] ?? 0
        }
        return row
      }),
    ),
  )
}

function figureRows({ experiments }: SwarmResult) {
  return experiments.flatMap(({ name, rows }) =>
    rows.map(({ what, measured, published, within }) => ({
      ...{ experiment: name, what, measured, published },
      within: within ?? '',
    })),
  )
}
