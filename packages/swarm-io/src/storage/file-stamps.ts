import type { BigIntStats } from 'node:fs'

/** What tells a file that was changed: its size and the time of its last change. */
export interface FileStamp {
  readonly size: number
  readonly mtimeNs: bigint
}

/** Of every file of a torrent, in its order; undefined where there is none: padding, and what is not stored. */
export type FileStamps = readonly (FileStamp | undefined)[]

/** The stamp in what the system tells of a file. */
export function stampOf(stats: BigIntStats): FileStamp {
  return { size: Number(stats.size), mtimeNs: stats.mtimeNs }
}

/** Whether the file is as it was, as far as size and time tell. */
export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs
}

/**
 * Whether an unfinished file may be the one that was noted. Later writes make it younger, which is no harm to what was
 * there before; a copy from a backup is older.
 */
export function continuesFrom(now: FileStamp, noted: FileStamp): boolean {
  return now.size >= noted.size && now.mtimeNs >= noted.mtimeNs
}
