import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ExperimentResult } from '../experiments/result.ts'
import { toCsv } from './csv.ts'
import { renderPage } from './page.ts'

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

/** The library that draws: the page holds a copy, so that it needs no network. */
function libraryFiles(): { libraryScript: string; libraryStyle: string } {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot'))
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  // Nothing in a script may look like its end.
  const libraryScript = read('uPlot.iife.min.js').replaceAll('</script', '<\\/script')
  return { libraryScript, libraryStyle: read('uPlot.min.css') }
}
