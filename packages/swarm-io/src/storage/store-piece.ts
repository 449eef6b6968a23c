import type { PieceCheck } from '@onehop/swarm'
import type { ContentFiles } from './content-files.ts'
import { type StoredSlice, slicesOfPiece } from './content-slices.ts'
import { MAX_SLICES_IN_A_JOB } from './limits.ts'
import type { StoreReply } from './piece-jobs.ts'
import { pieceThreads } from './piece-threads.ts'

/** Verifies a piece on a thread, which then writes it. Rejects with the error of the system call that failed. */
export async function storePiece(
  files: ContentFiles,
  piece: number,
  bytes: Uint8Array,
  check: PieceCheck,
): Promise<StoreReply> {
  const slices = slicesOfPiece(files.info, piece)
  let outcome: StoreReply = 'stored'
  // A piece without a slice is nothing but padding; it is verified all the same.
  for (let i = 0; (i === 0 || i < slices.length) && outcome === 'stored'; i += MAX_SLICES_IN_A_JOB) {
    const group = slices.slice(i, i + MAX_SLICES_IN_A_JOB)
    outcome = await storeGroup(files, bytes, group, i === 0 ? { check } : {})
  }
  return outcome
}

async function storeGroup(
  files: ContentFiles,
  bytes: Uint8Array,
  slices: readonly StoredSlice[],
  first: { readonly check?: PieceCheck },
): Promise<StoreReply> {
  const taken = await files.takeAll(slices.map(({ fileIndex }) => fileIndex))
  const written = slices.map(({ fileIndex }) => fileIndex).filter(file => files.isWritable(file))
  for (const file of written) files.beginWriting(file)
  try {
    const writes = slices.map((slice, i) => ({
      descriptor: taken[i]!.handle.fd,
      position: slice.positionInFile,
      offsetInPiece: slice.offset,
      lengthBytes: slice.lengthBytes,
      isComparedOnly: !files.isWritable(slice.fileIndex),
    }))
    const outcome = await pieceThreads.store({ kind: 'store', bytes, ...first, writes })
    if (outcome === 'stored') for (const { fileIndex } of slices) files.needsSync(fileIndex)
    return outcome
  } finally {
    for (const file of written) files.endWriting(file)
    for (const file of taken) files.release(file)
  }
}
