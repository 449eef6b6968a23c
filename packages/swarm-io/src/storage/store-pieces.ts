import type { PieceCheck } from '@onehop/swarm'
import type { ContentFiles } from './content-files.ts'
import { type StoredSlice, slicesOfPiece } from './content-slices.ts'
import { MAX_SLICES_IN_A_JOB } from './limits.ts'
import type { StoreReply } from './piece-jobs.ts'
import { pieceThreads } from './piece-threads.ts'

/** A piece as it came, and what it must be. */
export interface PieceToStore {
  readonly piece: number
  readonly bytes: Uint8Array
  readonly check: PieceCheck
}

/** What became of a piece; an error of the system call that failed. */
export type StoreResult = StoreReply | Error

/** A part of a piece, no longer than a job of a thread may be. */
interface Part {
  readonly bytes: Uint8Array
  /** With the first part of each piece. */
  readonly check?: PieceCheck
  readonly slices: readonly StoredSlice[]
}

/** Verifies pieces on a thread, which then writes them. @returns of each what became of it. */
export async function storePieces(
  files: ContentFiles,
  pieces: readonly PieceToStore[],
): Promise<StoreResult[]> {
  const results: StoreResult[] = pieces.map(() => 'stored')
  const slices = pieces.map(({ piece }) => slicesOfPiece(files.info, piece))
  const most = Math.max(...slices.map(({ length }) => length))
  // A piece without a slice is nothing but padding; it is verified all the same.
  for (let from = 0; from === 0 || from < most; from += MAX_SLICES_IN_A_JOB) {
    const due = [...pieces.keys()].filter(
      i => results[i] === 'stored' && (from === 0 || from < slices[i]!.length),
    )
    const parts = due.map(i => ({
      bytes: pieces[i]!.bytes,
      slices: slices[i]!.slice(from, from + MAX_SLICES_IN_A_JOB),
      ...(from === 0 ? { check: pieces[i]!.check } : {}),
    }))
    const outcomes = await storeParts(files, parts)
    for (const [k, i] of due.entries()) results[i] = outcomes[k]!
  }
  return results
}

async function storeParts(files: ContentFiles, parts: readonly Part[]): Promise<readonly StoreResult[]> {
  const used = [...new Set(parts.flatMap(({ slices }) => slices.map(({ fileIndex }) => fileIndex)))]
  const written = used.filter(file => files.isWritable(file))
  try {
    const taken = await files.takeAll(used)
    for (const file of written) files.beginWriting(file)
    try {
      const descriptors = new Map(used.map((file, i) => [file, taken[i]!.handle.fd]))
      const results = await pieceThreads.store(parts.map(part => jobOf(files, part, descriptors)))
      for (const [i, { slices }] of parts.entries()) {
        if (results[i] === 'stored') for (const { fileIndex } of slices) files.needsSync(fileIndex)
      }
      return results
    } finally {
      for (const file of written) files.endWriting(file)
      for (const file of taken) files.release(file)
    }
  } catch (error) {
    return parts.map(() => error as Error)
  }
}

function jobOf(files: ContentFiles, { slices, ...part }: Part, descriptors: ReadonlyMap<number, number>) {
  const writes = slices.map(slice => ({
    descriptor: descriptors.get(slice.fileIndex)!,
    position: slice.positionInFile,
    offsetInPiece: slice.offset,
    lengthBytes: slice.lengthBytes,
    isComparedOnly: !files.isWritable(slice.fileIndex),
  }))
  return { kind: 'store', ...part, writes } as const
}
