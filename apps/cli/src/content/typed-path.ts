import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageFailure } from '../failure.ts'

/** The whole path. @throws {UsageFailure} for an empty one: that is a shell variable that was not set, not this folder. */
export function typedPath(typed: string, what: string): string {
  if (typed === '') throw new UsageFailure(`${what} wants a path, and got an empty text.`)
  return resolve(typed)
}

/** The whole path, for a node that runs in another folder; a `/` at its end, which means a folder, stays. */
export function outputPath(typed: string, what: string): string {
  return typedPath(typed, what) + (/[/\\]$/.test(typed) && typed !== '/' ? '/' : '')
}

/** The path without links, as far as it is there. */
export function realPathOf(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const folder = dirname(path)
  return folder === path ? path : join(realPathOf(folder), basename(path))
}
