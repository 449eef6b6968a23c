import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeRejection } from '@onehop/primitives'
import { checkFileName, MAX_FILES, MAX_PATH_DEPTH } from '@onehop/swarm'
import { SwarmError } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { type FileStamp, stampOf } from './file-stamps.ts'
import { FILES_AT_ONCE } from './limits.ts'
import { withoutLink } from './safe-path.ts'

/** A file that is published. */
export interface ListedFile {
  /** Names below the folder; none when it is published by itself. */
  readonly below: readonly string[]
  readonly path: string
  readonly stamp: FileStamp
  readonly isExecutable: boolean
}

/** What stands at a path. */
export interface ListedContent {
  readonly root: string
  readonly isFolder: boolean
  readonly files: readonly ListedFile[]
}

/**
 * Lists a file, or all files of a folder. A link that was named itself is followed; one inside the folder is not, since
 * it could publish what was never meant to be.
 * @throws {SwarmError} `not-a-file`, `bad-name`, or the error of a system call.
 */
export async function listContent(path: string): Promise<ListedContent> {
  const root = await withoutLink(path)
  const stats = await lstat(root, { bigint: true })
  if (stats.isFile()) return { root, isFolder: false, files: [listed(root, [], stats)] }
  if (!stats.isDirectory()) {
    throw new SwarmError('not-a-file', `Cannot publish ${path}: it is not a regular file or a folder.`)
  }
  const paths: (readonly string[])[] = []
  await walk(root, [], paths)
  if (paths.length === 0)
    throw new SwarmError('not-a-file', `Cannot publish ${path}: there is no file in it.`)
  return { root, isFolder: true, files: await statAll(root, paths) }
}

async function walk(root: string, below: readonly string[], files: (readonly string[])[]): Promise<void> {
  if (below.length >= MAX_PATH_DEPTH)
    throw new SwarmError('bad-name', `Cannot publish ${root}: it is too deep.`)
  for (const entry of await readdir(join(root, ...below), { withFileTypes: true })) {
    const path = [...below, entry.name]
    checkEntry(entry, join(root, ...path))
    if (entry.isDirectory()) await walk(root, path, files)
    else files.push(path)
    if (files.length > MAX_FILES) {
      throw new SwarmError('bad-metainfo', `Cannot publish ${root}: it has more than ${MAX_FILES} files.`)
    }
  }
}

function checkEntry(entry: Dirent, path: string): void {
  if (entry.isSymbolicLink()) {
    throw new SwarmError('not-a-file', `Cannot publish ${path}: it is a symbolic link.`)
  }
  if (!entry.isDirectory() && !entry.isFile()) {
    throw new SwarmError('not-a-file', `Cannot publish ${path}: it is not a regular file.`)
  }
  const verdict = checkFileName(entry.name)
  if (!verdict.ok) {
    // Quoted: the name may well have line breaks in it.
    throw new SwarmError('bad-name', `Cannot publish ${JSON.stringify(path)}: ${describeRejection(verdict)}.`)
  }
}

async function statAll(root: string, paths: readonly (readonly string[])[]): Promise<ListedFile[]> {
  const files: ListedFile[] = []
  await forEachAtOnce(paths.entries(), FILES_AT_ONCE, async ([i, below]) => {
    const path = join(root, ...below)
    files[i] = listed(path, below, await lstat(path, { bigint: true }))
  })
  return files
}

function listed(path: string, below: readonly string[], stats: BigIntStats): ListedFile {
  return { path, below, stamp: stampOf(stats), isExecutable: (stats.mode & 0o111n) !== 0n }
}
