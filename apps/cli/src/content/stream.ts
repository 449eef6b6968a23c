import { setTimeout as sleep } from 'node:timers/promises'
import type { ContentFileStatus, FetchStatus, RpcClient } from '@onehop/rpc'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'

/** Time in ms between two looks at whether the files are known. */
const POLL_MS = 100

/** Where the one file of a fetch can be read, as soon as it is known which that is. @throws {CommandFailure} */
export async function findStreamedFile(
  client: RpcClient,
  asked: string,
  signal: AbortSignal,
): Promise<ContentFileStatus> {
  for (;;) {
    signal.throwIfAborted()
    const own = (await client.call('content.fetches', [], { signal })).find(fetch => fetch.asked === asked)
    if (own !== undefined && own.chosen !== undefined) return findFile(client, own, signal)
    await sleep(POLL_MS)
  }
}

/** Where the one file that was asked for can be read. @throws {CommandFailure} */
export async function findFile(
  client: RpcClient,
  { key, chosen = [] }: Pick<FetchStatus, 'key' | 'chosen'>,
  signal: AbortSignal,
): Promise<ContentFileStatus> {
  const { files } = await client.call('content.show', { key }, { signal })
  const file = files.find(({ index }) => index === chosen[0])
  if (file !== undefined) return file
  throw new CommandFailure(EXIT.failed, 'The node does not say which file is to be streamed.')
}

/**
 * Writes the file to stdout in its order, as fast as it is read there.
 * @returns whether somebody read all of it: a player may be closed before the end.
 */
export async function writeToStdout(client: RpcClient, url: string, signal: AbortSignal): Promise<boolean> {
  const { stdout } = process
  const gone = new AbortController()
  const onError = () => gone.abort()
  const over = AbortSignal.any([signal, gone.signal])
  stdout.on('error', onError)
  try {
    for await (const chunk of client.read(url, over)) {
      if (!stdout.write(chunk)) await drained(stdout, over)
      signal.throwIfAborted()
      if (gone.signal.aborted) return false
    }
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (gone.signal.aborted) return false
    throw error
  } finally {
    stdout.off('error', onError)
  }
}

/** Resolves when more can be written, or nobody is there any more. */
function drained(stream: NodeJS.WriteStream, over: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      stream.off('drain', done)
      over.removeEventListener('abort', done)
      resolve()
    }
    if (over.aborted) return resolve()
    stream.once('drain', done)
    over.addEventListener('abort', done)
  })
}
