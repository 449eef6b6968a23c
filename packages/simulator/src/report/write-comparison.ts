import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ComparedRun } from '../compare/compared-run.ts'
import type { ComparisonResult } from '../compare/run-comparison.ts'
import { renderComparison } from './compare-page.ts'
import { toCsv } from './csv.ts'
import { libraryFiles } from './page-frame.ts'

/** Writes the page, the result and the raw figures into a folder, which is made. @returns the page's path. */
export function writeComparisonReport(folder: string, result: ComparisonResult): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`)
  writeFileSync(join(folder, 'runs.csv'), toCsv(result.runs.map(flat)))
  const page = join(folder, 'index.html')
  const files = ['result.json', 'runs.csv']
  writeFileSync(page, renderComparison(result, { ...libraryFiles(), files }))
  return page
}

/** A run as a row: no lists and no tables in it. */
function flat({
  background,
  failures,
  departures,
  ...figures
}: ComparedRun): Record<string, string | number | boolean> {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  const gone = Object.values(departures).reduce((sum, count) => sum + count, 0)
  const row: Record<string, string | number | boolean> = { failedLookups: failed, departures: gone }
  for (const [name, value] of Object.entries(figures)) row[name] = value ?? ''
  for (const [name, value] of Object.entries(background)) row[`background: ${name}`] = value
  return row
}
