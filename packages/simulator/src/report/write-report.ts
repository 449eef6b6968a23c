import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../experiments/result.ts'
import { toCsv } from './csv.ts'
import { renderPage } from './page.ts'
import { libraryFiles } from './page-frame.ts'

/** Writes the page, the result and the raw figures into a folder, which is made. @returns the page's path. */
export function writeReport(folder: string, result: ExperimentResult): string {
  mkdirSync(folder, { recursive: true })
  const tables = tablesOf(result)
  for (const [name, rows] of Object.entries(tables)) writeFileSync(join(folder, name), toCsv(rows))
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`)
  const page = join(folder, 'index.html')
  const files = ['result.json', ...Object.keys(tables)]
  writeFileSync(page, renderPage(result, { ...libraryFiles(), files }))
  return page
}

type Rows = readonly Readonly<Record<string, string | number | boolean>>[]

function tablesOf(result: ExperimentResult): Readonly<Record<string, Rows>> {
  if ('rows' in result) return { 'tables.csv': result.rows.map(row => ({ ...row })) }
  const { convergence, series } = result
  if (convergence === undefined) return { 'series.csv': series }
  const rounds = convergence.byRound.map((viewCompleteness, i) => ({ round: i + 1, viewCompleteness }))
  return { 'series.csv': series, 'convergence.csv': rounds }
}
