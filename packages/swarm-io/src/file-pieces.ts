import type { FileHandle } from 'node:fs/promises'
import { HASH_WINDOW_BYTES } from './limits.ts'
import { sha1OnThread } from './piece-hash.ts'
import { SwarmError } from './swarm-error.ts'

/** Memory that is about to be written in full, without the cost of zeroing it first. */
export function unfilledBytes(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

/** Fills `buffer` from `position`. @returns the bytes read: fewer only at the end of the file. */
export async function readFully(file: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let read = 0
  while (read < buffer.length) {
    const { bytesRead } = await file.read(buffer, read, buffer.length - read, position + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return read
}

/** Writes all of `bytes` at `position`. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}

/** How content is cut into pieces. */
export interface PieceLayout {
  readonly lengthBytes: number
  readonly pieceLengthBytes: number
}

/**
 * Hashes pieces of a file, several at a time but never more than {@link HASH_WINDOW_BYTES} in memory.
 * @param onHash gets the SHA-1 of each piece, in any order; undefined for one that the file is too short for.
 */
export async function hashPieces(
  file: FileHandle,
  layout: PieceLayout,
  pieces: Iterable<number>,
  onHash: (piece: number, hash: Uint8Array | undefined) => void,
  signal?: AbortSignal,
): Promise<void> {
  const queue = pieces[Symbol.iterator]()
  const worker = async () => {
    const buffer = new Uint8Array(layout.pieceLengthBytes)
    for (let next = queue.next(); !next.done; next = queue.next()) {
      if (signal?.aborted) throw new SwarmError('aborted', 'Hashing was stopped.')
      const position = next.value * layout.pieceLengthBytes
      const wanted = Math.min(layout.pieceLengthBytes, layout.lengthBytes - position)
      const read = await readFully(file, buffer.subarray(0, wanted), position)
      onHash(next.value, read < wanted ? undefined : await sha1OnThread(buffer.subarray(0, wanted)))
    }
  }
  const workers = Math.min(4, Math.max(1, Math.floor(HASH_WINDOW_BYTES / layout.pieceLengthBytes)))
  await Promise.all(Array.from({ length: workers }, worker))
}
