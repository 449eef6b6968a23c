import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Rights of a folder that only its owner can read. */
const PRIVATE = 0o700

/**
 * Makes a folder, and those above it. Node's own way to do that never returns where the system says of a folder that is
 * there that it is not (`/proc`).
 */
export function makeFolder(path: string, mode = PRIVATE): void {
  const missing = makeOne(path, mode)
  if (missing === undefined) return
  if (dirname(path) === path) throw missing
  makeFolder(dirname(path), mode)
  const stillMissing = makeOne(path, mode)
  if (stillMissing !== undefined) throw stillMissing
}

/** @returns the error, when the one above is not there; undefined when the folder is. */
function makeOne(path: string, mode: number): Error | undefined {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return error as Error
    if (code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
  return undefined
}
