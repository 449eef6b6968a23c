import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { RpcClient } from '@onehop/rpc'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure, UsageFailure } from '../failure.ts'
import { MAX_TORRENT_FILE_BYTES } from './limits.ts'
import { realPathOf, typedPath } from './typed-path.ts'

/** A .torrent is a dictionary with an `info` in it (BEP 3). */
const TORRENT = /^d\d{1,10}:.*4:infod/s

/**
 * Where .torrent files can go: a file for one content, a folder that is there for one or several.
 * @param contents paths of what is published: a .torrent in it would be part of it, or take its place.
 * @throws {CommandFailure} before anything is done.
 */
export function checkTorrentOutput(typed: string, amount: number, contents: readonly string[] = []): string {
  const output = realPathOf(typedPath(typed, '--torrent-file'))
  const isFolder = isDirectory(output)
  if (amount > 1 && !isFolder) {
    throw new UsageFailure(`${amount} .torrent files need a folder that is there, and ${output} is none.`)
  }
  const content = contents.find(each => liesIn(output, each))
  if (content !== undefined) {
    throw new UsageFailure(`The .torrent cannot be written to ${output}: ${content} is what is published.`)
  }
  if (!isFolder) checkReplaceable(output)
  return output
}

/** Writes the .torrent files of content. @param output as {@link checkTorrentOutput} gave it. @returns where each is. */
export async function writeTorrentFiles(
  client: RpcClient,
  keys: readonly string[],
  output: string,
  signal: AbortSignal,
): Promise<string[]> {
  const isFolder = isDirectory(output)
  const written: string[] = []
  for (const key of keys) {
    const { name, torrent } = await client.call('content.torrent', { key }, { signal })
    const path = isFolder ? join(output, `${name}.torrent`) : output
    checkReplaceable(path)
    replaceFile(path, Buffer.from(torrent, 'base64'))
    written.push(path)
  }
  return written
}

/** A .torrent may take the place of another, and of nothing else. @throws {CommandFailure} */
function checkReplaceable(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  const isTorrent =
    found.isFile() &&
    (found.size === 0 || (found.size <= MAX_TORRENT_FILE_BYTES && TORRENT.test(readFileSync(path, 'latin1'))))
  if (!isTorrent)
    throw new CommandFailure(EXIT.failed, `${path} is there already, and is no .torrent: it stays as it is.`)
}

function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.${process.pid}.torrent.tmp`)
  try {
    writeFileSync(temporary, bytes)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    // A failed write names no path, and that of the temporary file says nothing to anybody.
    throw Object.assign(error as NodeJS.ErrnoException, { path })
  }
}

/** Whether the path is the content, or below it where that is a folder. */
function liesIn(path: string, content: string): boolean {
  const way = relative(content, resolve(path))
  return way === '' || !(way.startsWith('..') || resolve(way) === way)
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
