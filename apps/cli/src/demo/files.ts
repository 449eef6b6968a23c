import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

const CHUNK_BYTES = 1024 * 1024

/** A file that nobody has seen before. */
export async function writeRandomFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for (let written = 0; written < bytes; written += CHUNK_BYTES) {
      await file.write(randomBytes(Math.min(CHUNK_BYTES, bytes - written)))
    }
  } finally {
    await file.close()
  }
}

/** In hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), hash)
  return hash.digest('hex')
}
