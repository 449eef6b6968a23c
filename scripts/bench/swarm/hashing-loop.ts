/** A thread that reads its share of a file and hashes the pieces in it, and does nothing else. */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const { path, pieceBytes, start, end } = workerData as {
  path: string
  pieceBytes: number
  start: number
  end: number
}

const file = openSync(path, 'r')
const piece = Buffer.allocUnsafeSlow(pieceBytes)
for (let at = start; at < end; at += pieceBytes) {
  const length = readSync(file, piece, 0, pieceBytes, at)
  createHash('sha1').update(piece.subarray(0, length)).digest()
}
closeSync(file)
