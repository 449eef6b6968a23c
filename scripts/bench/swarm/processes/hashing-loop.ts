/** A thread that reads its share of a file and hashes it, piece by piece, and does nothing else. */
import { createHash } from 'node:crypto'
import { openSync, readSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const PIECE_BYTES = 256 * 1024
const { path, begin, end } = workerData as { path: string; begin: number; end: number }
const file = openSync(path, 'r')
const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
for (let at = begin; at < end; at += PIECE_BYTES) {
  const read = readSync(file, piece, 0, Math.min(PIECE_BYTES, end - at), at)
  createHash('sha1').update(piece.subarray(0, read)).digest()
}
