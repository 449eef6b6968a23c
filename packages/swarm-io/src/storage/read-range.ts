import { unfilledBytes } from '../file-pieces.ts'
import { forEachAtOnce } from './at-once.ts'
import type { ContentFiles } from './content-files.ts'
import { slicesOfRange } from './content-slices.ts'
import { FILES_AT_ONCE } from './limits.ts'

/** Fills `bytes` from a range of the stream of pieces. Padding, and what is stored nowhere, is zeros. */
export async function readRange(
  files: ContentFiles,
  start: number,
  length: number,
  bytes = unfilledBytes(length),
): Promise<Uint8Array> {
  const slices = slicesOfRange(files.info, start, start + length)
  if (slices.reduce((sum, slice) => sum + slice.lengthBytes, 0) < length) bytes.fill(0)
  await forEachAtOnce(slices, FILES_AT_ONCE, ({ fileIndex, positionInFile, offset, lengthBytes }) =>
    files.read(fileIndex, positionInFile, bytes.subarray(offset, offset + lengthBytes)),
  )
  return bytes
}
