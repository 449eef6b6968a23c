import { constants } from 'node:fs'
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../atomic-file.ts'
import { SwarmError } from '../swarm-error.ts'

/**
 * A place below a folder that somebody chose. What is above the root is his, links and all; what is below it came with
 * a torrent, and no symbolic link there is ever followed.
 */
export interface RootedPath {
  readonly root: string
  /** Names below the root; none when the root is the file itself. */
  readonly below: readonly string[]
}

/** As one path. */
export function joined({ root, below }: RootedPath): string {
  return join(root, ...below)
}

/** The folders from the root down to the one that holds the file. */
export function foldersOf({ root, below }: RootedPath): string[] {
  return below.map((_, depth) => join(root, ...below.slice(0, depth)))
}

/** @throws {SwarmError} `unsafe-path` when the way to the file leads through a link, or `ENOENT`. */
export async function checkFolders(path: RootedPath): Promise<void> {
  for (const folder of foldersOf(path)) assertFolder(folder, await lstat(folder))
}

function assertFolder(path: string, stats: { isDirectory(): boolean }): void {
  if (stats.isDirectory()) return
  throw new SwarmError('unsafe-path', `Cannot use ${path}: it is not a folder of its own, or a link to one.`)
}

/**
 * Makes the folders that are missing. @param made those that are known to be there, and are not looked at.
 * @returns the folders with a new entry, to be synced.
 */
export async function makeFolders(path: RootedPath, made = new Set<string>()): Promise<string[]> {
  const changed: string[] = []
  for (const folder of foldersOf(path)) {
    if (made.has(folder)) continue
    if (await makeFolder(folder)) changed.push(dirname(folder))
    made.add(folder)
  }
  return changed
}

/** @returns whether it was not there. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    assertFolder(path, await lstat(path))
    return false
  }
}

/**
 * Makes a folder that somebody chose, and those above it, links and all. Node's own recursive mkdir never ends where a
 * folder is there in which none can be made, such as /proc. @throws what mkdir(2) says.
 */
export async function makeChosenFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await stat(path)).isDirectory()) return
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error
    await makeChosenFolder(dirname(path))
    await mkdir(path).catch(tolerateExisting)
  }
}

/** Another may make the same folder at the same time. */
function tolerateExisting(error: unknown): void {
  if (!hasCode(error, 'EEXIST')) throw error
}

/** For Windows, which has neither. */
const NO_FOLLOW = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Opens an ordinary file for reading, or for reading and writing. @throws {SwarmError} `unsafe-path`, `not-a-file` */
export async function openExisting(path: RootedPath, isWritable: boolean): Promise<FileHandle> {
  await checkFolders(path)
  const flags = (isWritable ? constants.O_RDWR : constants.O_RDONLY) | NO_FOLLOW
  return checkedFile(await open(joined(path), flags), path)
}

/** Makes a file that was not there. */
export async function openNew(path: RootedPath, mode: number): Promise<FileHandle> {
  await checkFolders(path)
  return open(joined(path), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, mode)
}

async function checkedFile(file: FileHandle, path: RootedPath): Promise<FileHandle> {
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new SwarmError('not-a-file', `Cannot use ${joined(path)}: it is not a regular file.`)
}

/** A hard link fails where a rename would replace; not all file systems have links. @throws `EEXIST` */
export async function moveFileWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
    await unlink(from)
  } catch (error) {
    if (hasCode(error, 'EEXIST') || hasCode(error, 'EXDEV') || hasCode(error, 'ENOENT')) throw error
    if (await existsAtAll(to)) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    await rename(from, to)
  }
  await syncFolder(dirname(to))
}

/** A folder takes the place of nothing, or of an empty folder: rename(2) refuses all else. @throws `EEXIST` */
export async function moveFolderWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'ENOTDIR')) throw error
    throw Object.assign(new Error('exists'), { code: 'EEXIST' })
  }
  await syncFolder(dirname(to))
}

/** Where a link leads that somebody named himself; any other path as it is. @throws when it leads nowhere. */
export async function withoutLink(path: string): Promise<string> {
  return (await lstat(path)).isSymbolicLink() ? realpath(path) : path
}

/** Whether something is at the path, be it a link that leads nowhere. */
export async function existsAtAll(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Whether the path is a folder with nothing in it. */
export async function isEmptyFolder(path: string): Promise<boolean> {
  return readdir(path).then(
    names => names.length === 0,
    () => false,
  )
}

/** Whether a system call failed so. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
