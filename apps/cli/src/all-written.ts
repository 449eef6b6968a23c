import type { Writable } from 'node:stream'

/**
 * Resolves when everything has left the process, however slowly it is read, or nobody reads any more: as in
 * `onehop … | head -1`. What is written to a pipe waits in memory once that is full, and ends with the process: that
 * less waits than a stream wants to hold says nothing.
 */
export async function allWritten(streams: readonly Writable[]): Promise<void> {
  await Promise.all(streams.map(written))
}

function written(stream: Writable): Promise<void> {
  return new Promise(resolve => {
    if (stream.errored) return resolve()
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}
