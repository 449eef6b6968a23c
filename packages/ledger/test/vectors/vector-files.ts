import { existsSync, readFileSync } from 'node:fs'
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

export function readVectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(vectorPath(path)))
}

/** The rows of a JSON file that are cases, not comments. */
export function readVectorRows<Row extends readonly unknown[]>(path: string, leastColumns: number): Row[] {
  const rows = JSON.parse(readFileSync(vectorPath(path), 'utf8')) as unknown[][]
  return rows.filter(row => row.length >= leastColumns) as unknown as Row[]
}
