import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = process.env.ONEHOP_VECTORS ?? '../shared/vectors'

/** Skips the suite where there are no vectors, unless they are required. */
export function requireVectors(suite: Mocha.Context): void {
  if (existsSync(ROOT)) return
  if (process.env.ONEHOP_VECTORS_REQUIRED) throw new Error(`no vectors in ${ROOT}`)
  console.log('skipped: no vectors')
  suite.skip()
}

export function vectorPath(path: string): string {
  return join(ROOT, path)
}

/** Names of the files in a folder that end so, sorted. */
export function listVectors(folder: string, ending: string): string[] {
  return readdirSync(vectorPath(folder))
    .filter(name => name.endsWith(ending))
    .sort()
}

export function readVectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(vectorPath(path)))
}

/** The rows of a JSON file but for comments, which are one text alone: every other row is a case. */
export function readVectorRows<Row extends readonly unknown[]>(path: string, leastColumns: number): Row[] {
  const rows = JSON.parse(readFileSync(vectorPath(path), 'utf8')) as unknown[][]
  const cases = leastColumns === 1 ? rows : rows.filter(row => row.length !== 1)
  for (const row of cases) assert.ok(row.length >= leastColumns, `${path}: ${JSON.stringify(row)}`)
  return cases as unknown as Row[]
}
