/** Stores a sample in the folder argv[2], and prints the code of the error that this ends with. */
import { ReadCache } from '../../src/read-cache.ts'
import { openForFetch } from '../../src/storage/torrent-openers.ts'
import type { SwarmError } from '../../src/swarm-error.ts'
import { PIECE, singleSample } from '../storage/storage-scene.ts'

const sample = singleSample(4 * PIECE)
try {
  const { storage } = await openForFetch(sample.info, `${process.argv[2]}/one.bin`, {
    cache: new ReadCache(),
  })
  for (let piece = 0; piece < 4; piece++) await storage.writePiece(piece, sample.piece(piece))
  process.stdout.write('stored\n')
} catch (error) {
  process.stdout.write(`${(error as SwarmError).code}\n`)
}
