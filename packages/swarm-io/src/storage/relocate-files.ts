import { type FileHandle, lstat, rm, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { equalBytes } from '@onehop/primitives'
import type { TorrentInfo } from '@onehop/swarm'
import { syncFolder } from '../atomic-file.ts'
import { readFully, writeFully } from '../file-pieces.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { storedFiles } from './content-slices.ts'
import type { FilePlaces } from './file-places.ts'
import { COPY_BYTES, FILES_AT_ONCE } from './limits.ts'
import { movingPathOf } from './part-paths.ts'
import {
  foldersOf,
  hasCode,
  joined,
  makeChosenFolder,
  makeFolders,
  moveFileWithoutReplacing,
  openExisting,
  openNew,
  type RootedPath,
} from './safe-path.ts'

/**
 * Takes every file from where it is to where it is to be. May be repeated after it was interrupted: what has arrived
 * stays. What has to be copied is copied first, so that it can be stopped as long as that takes; when one file cannot be
 * moved, those that were go back. @throws `EEXIST` before anything is moved.
 */
export async function relocateFiles(from: FilePlaces, to: FilePlaces, signal?: AbortSignal): Promise<void> {
  const moves = await movesOf(from, to)
  const copied = await copyAhead(moves, signal)
  const moved: Move[] = []
  try {
    await forEachAtOnce(moves, FILES_AT_ONCE, async move => {
      if (copied.has(move)) await takeCopy(move)
      else await moveFile(move)
      moved.push(move)
    })
  } catch (error) {
    const back = moved.map(move => moveOf(move.to, move.from, to.info))
    // What does not go back either is found when the move is repeated.
    await forEachAtOnce(back, 1, moveFile).catch(() => {})
    await removeCopies(moves)
    throw error
  }
  await removeEmptyFolders(moves.map(({ from: place }) => place))
}

/** Copies what goes to another disk, beside its place; the originals stay where they are. @returns what was copied. */
async function copyAhead(moves: readonly Move[], signal?: AbortSignal): Promise<ReadonlySet<Move>> {
  const copied = new Set<Move>()
  try {
    await forEachAtOnce(moves, FILES_AT_ONCE, async move => {
      for (const folder of await makeFolders(move.to)) await syncFolder(folder)
      if (!(await isOnOtherDisk(move))) return
      await copyFileSafely(move, signal)
      copied.add(move)
    })
  } catch (error) {
    await removeCopies(moves)
    throw error
  }
  return copied
}

async function isOnOtherDisk({ from, to }: Move): Promise<boolean> {
  const [file, folder] = await Promise.all([lstat(joined(from)), lstat(dirname(joined(to)))])
  return file.dev !== folder.dev
}

/** Nothing of a move is left where it went. */
async function removeCopies(moves: readonly Move[]): Promise<void> {
  await forEachAtOnce(moves, FILES_AT_ONCE, ({ staging }) => rm(joined(staging), { force: true }))
  await removeEmptyFolders(moves.map(({ to }) => to))
}

/** Ends what was interrupted, perhaps between a copy's last step and the removal of what was copied. @throws {SwarmError} */
export async function endRelocation(from: FilePlaces, to: FilePlaces): Promise<void> {
  try {
    await forEachAtOnce(storedFiles(from.info), FILES_AT_ONCE, async ([file]) => {
      const place = from.of(file)
      if (place === undefined) return
      const move = moveOf(from.pathAt(file, place), to.pathAt(file, place), to.info)
      await rm(joined(move.staging), { force: true })
      if (joined(move.from) !== joined(move.to) && (await isCopied(move))) await unlink(joined(move.from))
    })
    await from.locate()
  } catch (error) {
    throw swarmErrorOf(error, `move ${from.placement.path} to ${to.placement.path}`)
  }
  await relocateContent(from, from.at(to.placement))
  const emptied = storedFiles(from.info).map(([file]) => from.pathAt(file, 'target'))
  await removeEmptyFolders([...emptied, ...emptied.map(({ below }) => ({ root: from.roots.part, below }))])
}

async function isCopied({ from, to }: Move): Promise<boolean> {
  const [here, there] = [await idOf(joined(from)), await idOf(joined(to))]
  if (here === undefined || there === undefined || here === there) return false
  const [a, b] = [await openExisting(from, false), await openExisting(to, false)]
  try {
    return await isSameContent(a, b)
  } finally {
    await a.close()
    await b.close()
  }
}

async function isSameContent(a: FileHandle, b: FileHandle): Promise<boolean> {
  const [one, other] = [new Uint8Array(COPY_BYTES), new Uint8Array(COPY_BYTES)]
  for (let position = 0; ; position += COPY_BYTES) {
    const read = await readFully(a, one, position)
    if (read !== (await readFully(b, other, position))) return false
    if (!equalBytes(one.subarray(0, read), other.subarray(0, read))) return false
    if (read < COPY_BYTES) return true
  }
}

/** Takes all files along. @throws {SwarmError} when it cannot, or is stopped; all is as it was then. */
export async function relocateContent(from: FilePlaces, to: FilePlaces, signal?: AbortSignal): Promise<void> {
  const { path } = to.placement
  try {
    await makeChosenFolder(dirname(path))
    await relocateFiles(from, to, signal)
    if (from.roots.part !== to.roots.part) await removeEmpty([from.roots.part])
  } catch (error) {
    throw swarmErrorOf(error, `move ${from.placement.path} to ${path}`)
  }
}

interface Move {
  /** Where a copy is made, if it has to be. */
  readonly staging: RootedPath
  readonly from: RootedPath
  readonly to: RootedPath
}

function moveOf(from: RootedPath, to: RootedPath, info: TorrentInfo): Move {
  return { from, to, staging: { root: movingPathOf(joined(to), info), below: [] } }
}

async function movesOf(from: FilePlaces, to: FilePlaces): Promise<Move[]> {
  const moves: Move[] = []
  await forEachAtOnce(storedFiles(from.info), FILES_AT_ONCE, async ([file]) => {
    const place = to.of(file)
    if (place === undefined || from.of(file) === undefined) return
    const move = moveOf(from.pathOf(file), to.pathAt(file, place), to.info)
    if (joined(move.from) === joined(move.to)) return
    const there = await idOf(joined(move.to))
    const here = await idOf(joined(move.from))
    if (here === undefined && there !== undefined) return
    // A link that was made before an interruption is no other file.
    if (there !== undefined && there !== here) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    moves.push(move)
  })
  return moves
}

/** What tells a file from all others. */
async function idOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}

async function moveFile(move: Move): Promise<void> {
  const from = joined(move.from)
  const to = joined(move.to)
  for (const folder of await makeFolders(move.to)) await syncFolder(folder)
  if ((await idOf(to)) === (await idOf(from))) return unlink(from)
  try {
    await moveFileWithoutReplacing(from, to)
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error
    // Two mounts of one disk, or the way back.
    await copyFileSafely(move)
    await takeCopy(move)
  }
}

async function takeCopy({ from, to, staging }: Move): Promise<void> {
  await moveFileWithoutReplacing(joined(staging), joined(to))
  await unlink(joined(from))
}

/** To another disk: under another name first, so that half a file is never taken for the whole. */
async function copyFileSafely({ from, staging }: Move, signal?: AbortSignal): Promise<void> {
  // Left there by a copy that was interrupted.
  await rm(joined(staging), { force: true })
  const source = await openExisting(from, false)
  try {
    await copyTo(source, staging, signal)
  } catch (error) {
    await rm(joined(staging), { force: true })
    throw error
  } finally {
    await source.close()
  }
}

async function copyTo(source: FileHandle, path: RootedPath, signal?: AbortSignal): Promise<void> {
  const { size, mode, atime, mtime } = await source.stat()
  const target = await openNew(path, mode & 0o777)
  try {
    const buffer = new Uint8Array(COPY_BYTES)
    for (let position = 0; position < size; ) {
      if (signal?.aborted)
        throw new SwarmError('aborted', 'The move was stopped; everything is where it was.')
      const read = await readFully(source, buffer, position)
      if (read === 0) break
      // A hole stays a hole.
      const bytes = buffer.subarray(0, read)
      if (bytes.some(byte => byte !== 0)) await writeFully(target, bytes, position)
      position += read
    }
    await target.truncate(size)
    await target.utimes(atime, mtime)
    await target.sync()
  } finally {
    await target.close()
  }
}

/** Folders that the files came from go when nothing is left in them, the root with them. */
async function removeEmptyFolders(paths: Iterable<RootedPath>): Promise<void> {
  const folders = new Set<string>()
  for (const path of paths) for (const folder of foldersOf(path)) folders.add(folder)
  await removeEmpty(folders)
}

/** Removes those of the folders that are empty, the innermost first. */
export async function removeEmpty(folders: Iterable<string>): Promise<void> {
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) await rmdir(folder).catch(() => {})
}
