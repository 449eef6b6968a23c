/** A file hashed for publication, or, to compare, read and hashed by one loop in one thread. */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { hashContent } from '@onehop/swarm-io'
import { numberOf, textOf } from '../parameters.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'
import { benchContent } from './content.ts'

const PIECE_BYTES = 256 * 1024

function hashInLoop(path: string): void {
  const file = openSync(path, 'r')
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
    createHash('sha1').update(piece.subarray(0, length)).digest()
  }
  closeSync(file)
}

const run: TaskRun = async parameters => {
  const content = benchContent(numberOf(parameters, 'lengthBytes'))
  const path = join(content.folder, content.name)
  const watch = new Stopwatch()
  if (textOf(parameters, 'by') === 'loop') hashInLoop(path)
  else await hashContent(path, { pieceLengthBytes: PIECE_BYTES })
  const { cpuSeconds, wallSeconds } = watch.stop()
  const megabytes = content.lengthBytes / 1e6
  return {
    megabytesPerSecond: megabytes / wallSeconds,
    megabytesPerCpuSecond: megabytes / cpuSeconds,
    peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6,
  }
}

export default run
