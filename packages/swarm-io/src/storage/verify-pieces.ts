import { equalBytes } from '@onehop/primitives'
import {
  filesOfPiece,
  type PieceCheck,
  type PieceLayout,
  pieceLengthAt,
  type TorrentInfo,
} from '@onehop/swarm'
import { SwarmError } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { HASH_JOB_BYTES, HASH_JOBS_AT_ONCE, MAX_SLICES_IN_A_JOB } from './limits.ts'
import type { PieceDigests, PieceToHash, ReadSlice } from './piece-jobs.ts'
import { pieceThreads } from './piece-threads.ts'

/** How long something that takes a while has come, and how to stop it. */
export interface HashingOptions {
  readonly onProgress?: (piecesDone: number, pieces: number) => void
  readonly signal?: AbortSignal
}

/** The file's path, or undefined where it is stored nowhere. */
export type PathOfFile = (file: number) => string | undefined

/** Where to read a piece; undefined when a file of it is stored nowhere. */
export function readSlicesOf(
  layout: PieceLayout,
  piece: number,
  pathOf: PathOfFile,
): ReadSlice[] | undefined {
  const slices: ReadSlice[] = []
  for (const { fileIndex, file, offsetInFile, lengthBytes } of filesOfPiece(layout, piece)) {
    const path = file.isPadding ? undefined : pathOf(fileIndex)
    if (path === undefined && !file.isPadding) return undefined
    slices.push({ ...(path === undefined ? {} : { path }), position: offsetInFile, lengthBytes })
  }
  return slices
}

/** A piece that waits to be hashed. */
export interface PieceTask {
  readonly piece: number
  readonly lengthBytes: number
  readonly toHash: PieceToHash
}

/** Hashes pieces on threads, in about their order. @param onDigests gets each one's, in any order. */
export async function hashOnThreads(
  tasks: Iterable<PieceTask>,
  onDigests: (task: PieceTask, digests: PieceDigests | undefined) => void,
  signal?: AbortSignal,
): Promise<void> {
  await forEachAtOnce(jobsOf(tasks), HASH_JOBS_AT_ONCE, async job => {
    if (signal?.aborted) throw new SwarmError('aborted', 'Hashing was stopped.')
    const results = await pieceThreads.hash({ kind: 'hash', pieces: job.map(({ toHash }) => toHash) })
    for (const [i, task] of job.entries()) onDigests(task, results[i])
  })
}

function* jobsOf(tasks: Iterable<PieceTask>): Generator<PieceTask[]> {
  let job: PieceTask[] = []
  let bytes = 0
  let slices = 0
  for (const task of tasks) {
    job.push(task)
    bytes += task.lengthBytes
    slices += task.toHash.slices.length
    if (bytes < HASH_JOB_BYTES && slices < MAX_SLICES_IN_A_JOB) continue
    yield job
    job = []
    bytes = 0
    slices = 0
  }
  if (job.length > 0) yield job
}

/** Hashes pieces where they are stored. @param onGood gets those that are as they should be. */
export async function verifyPieces(
  info: TorrentInfo,
  pieces: readonly number[],
  checkOf: (piece: number) => PieceCheck | undefined,
  pathOf: PathOfFile,
  onGood: (piece: number) => void,
  { onProgress, signal }: HashingOptions = {},
): Promise<void> {
  let done = 0
  function* tasks(): Generator<PieceTask> {
    for (const piece of pieces) {
      const check = checkOf(piece)
      const slices = readSlicesOf(info, piece, pathOf)
      if (check && slices)
        yield { piece, lengthBytes: pieceLengthAt(info, piece), toHash: toHash(check, slices) }
      else done++
    }
  }
  await hashOnThreads(
    tasks(),
    ({ piece }, digests) => {
      done++
      if (digests && isGood(digests, checkOf(piece)!)) onGood(piece)
      onProgress?.(done, pieces.length)
    },
    signal,
  )
}

function toHash({ sha1, tree }: PieceCheck, slices: readonly ReadSlice[]): PieceToHash {
  return { slices, sha1: sha1 !== undefined, ...(tree ? { treeWidth: tree.width } : {}) }
}

function isGood({ sha1, root }: PieceDigests, check: PieceCheck): boolean {
  if (check.sha1 && !equalBytes(sha1!, check.sha1)) return false
  return check.tree === undefined || equalBytes(root!, check.tree.root)
}
