import { statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RpcClient } from '@onehop/rpc'
import { UsageFailure } from '../failure.ts'

/**
 * Writes the .torrent files of content to the path: a file for one, a folder that is there for one or several.
 * @returns where each is.
 * @throws {UsageFailure} when several would go into one file.
 */
export async function writeTorrentFiles(
  client: RpcClient,
  keys: readonly string[],
  typed: string,
  signal: AbortSignal,
): Promise<string[]> {
  const output = resolve(typed)
  const isFolder = isDirectory(output)
  if (keys.length > 1 && !isFolder) {
    throw new UsageFailure(
      `${keys.length} .torrent files need a folder that is there, and ${output} is none.`,
    )
  }
  const written: string[] = []
  for (const key of keys) {
    const { name, torrent } = await client.call('content.torrent', { key }, { signal })
    const path = isFolder ? join(output, `${name}.torrent`) : output
    writeFileSync(path, Buffer.from(torrent, 'base64'))
    written.push(path)
  }
  return written
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
