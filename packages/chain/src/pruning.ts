import type { BlockEntry } from './block-index.ts'
import { MIN_KEPT_BLOCKS, PRUNE_AFTER_HEIGHT } from './limits.ts'
import type { RecordEnd, RecordLocation } from './storage/record-files.ts'

/** How much of old blocks is kept. */
export interface PruneOptions {
  /** Bytes that block and undo files may take; undefined deletes only what is asked for (`pruneblockchain`). */
  readonly targetBytes?: number | undefined
  /** Runs before blocks up to the height are deleted: the last chance to read them. */
  readonly beforePruning?: (height: number) => Promise<void>
}

/** Kinds of record files. */
export type FileKind = 'block' | 'undo'

/** A block or undo file that is finished. */
export interface StoredFile {
  readonly kind: FileKind
  readonly number: number
  readonly bytes: number
  /** Height of the highest block that has something in it. */
  readonly lastHeight: number
  readonly entries: readonly BlockEntry[]
}

/** Where the files that are written to end. */
export interface FileEnds {
  readonly block: RecordEnd
  readonly undo: RecordEnd
}

interface Tally {
  bytes: number
  lastHeight: number
  readonly entries: BlockEntry[]
}

function locationOf(kind: FileKind, entry: BlockEntry): RecordLocation | undefined {
  return kind === 'block' ? entry.block : entry.undo
}

/** The finished files of one kind that have something in them, lowest number first. */
function finishedFiles(kind: FileKind, entries: Iterable<BlockEntry>, current: number): StoredFile[] {
  const tallies = new Map<number, Tally>()
  for (const entry of entries) {
    const location = locationOf(kind, entry)
    if (location === undefined || location.file === current) continue
    const tally = tallies.get(location.file) ?? { bytes: 0, lastHeight: 0, entries: [] }
    tallies.set(location.file, tally)
    tally.bytes = Math.max(tally.bytes, location.offset + location.lengthBytes)
    tally.lastHeight = Math.max(tally.lastHeight, entry.node.height)
    tally.entries.push(entry)
  }
  return Array.from(tallies, ([number, tally]) => ({ kind, number, ...tally })).sort(
    (a, b) => a.number - b.number,
  )
}

/** All finished block and undo files, those with the lowest blocks first. */
export function storedFiles(entries: Iterable<BlockEntry>, ends: FileEnds): StoredFile[] {
  const all = [...entries]
  const files = [
    ...finishedFiles('block', all, ends.block.file),
    ...finishedFiles('undo', all, ends.undo.file),
  ]
  return files.sort((a, b) => a.lastHeight - b.lastHeight)
}

/** Bytes of all block and undo files. */
export function usedBytes(files: readonly StoredFile[], ends: FileEnds): number {
  return files.reduce((sum, { bytes }) => sum + bytes, ends.block.lengthBytes + ends.undo.lengthBytes)
}

/**
 * The highest block that may be deleted, under a tip: enough stay for a deep reorganisation, and a short chain stays whole.
 * @param neededFrom the lowest height that somebody still wants to read.
 */
export function highestPrunable(tipHeight: number, neededFrom: number): number {
  if (tipHeight < PRUNE_AFTER_HEIGHT) return 0
  return Math.min(tipHeight - MIN_KEPT_BLOCKS, neededFrom - 1)
}

/** The files to delete so that the rest takes less than the target, oldest blocks first; all that may go if that is not enough. */
export function filesOverTarget(
  files: readonly StoredFile[],
  used: number,
  targetBytes: number,
  highest: number,
): StoredFile[] {
  const surplus: StoredFile[] = []
  let left = used
  for (const file of files) {
    if (left < targetBytes || file.lastHeight > highest) break
    surplus.push(file)
    left -= file.bytes
  }
  return surplus
}

/** The files that hold nothing above the height. */
export function filesUpTo(files: readonly StoredFile[], height: number): StoredFile[] {
  return files.filter(({ lastHeight }) => lastHeight <= height)
}
