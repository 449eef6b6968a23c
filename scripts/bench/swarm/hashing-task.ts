/** A file hashed for publication by two threads, or, to compare, by a loop in each of two threads. */
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { hashContent } from '@onehop/swarm-io'
import { numberOf, textOf } from '../parameters.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'
import { benchContent } from './content.ts'

const PIECE_BYTES = 256 * 1024
const THREADS = 2

async function hashInLoops(path: string, lengthBytes: number): Promise<void> {
  const pieces = Math.ceil(lengthBytes / PIECE_BYTES)
  const share = Math.ceil(pieces / THREADS) * PIECE_BYTES
  const threads = Array.from({ length: THREADS }, (_, i) => {
    const workerData = { path, pieceBytes: PIECE_BYTES, start: i * share, end: (i + 1) * share }
    return once(new Worker(new URL('hashing-loop.ts', import.meta.url), { workerData }), 'exit')
  })
  await Promise.all(threads)
}

const run: TaskRun = async parameters => {
  const content = benchContent(numberOf(parameters, 'lengthBytes'))
  const path = join(content.folder, content.name)
  const watch = new Stopwatch()
  if (textOf(parameters, 'kind') === 'loops') await hashInLoops(path, content.lengthBytes)
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
