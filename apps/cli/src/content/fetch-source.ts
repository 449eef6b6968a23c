import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure, UsageFailure } from '../failure.ts'
import { MAX_TORRENT_FILE_BYTES } from './limits.ts'

/** What is to be fetched. */
export interface FetchSource {
  /** As the node wants it. */
  readonly params: { readonly key: string } | { readonly torrent: string }
  /** What the node knows the call by, among those of `content.fetches`. */
  readonly asked: string
}

/**
 * What was typed: the path of a .torrent, which is read here, since the node may run elsewhere; else a reference, which
 * only the node understands.
 * @throws {CommandFailure} when there is no such .torrent, or it is too large to be one, or it is elsewhere.
 */
export function fetchSource(typed: string): FetchSource {
  if (/^https?:\/\//i.test(typed))
    throw new UsageFailure(
      `Nothing is fetched from URLs: download ${typed}, and give the path of the .torrent.`,
    )
  if (/^magnet:/i.test(typed)) return ofKey(typed)
  if (!/\.torrent$/i.test(typed)) {
    assertNoPath(typed)
    return ofKey(typed)
  }
  const path = resolve(typed)
  if (!existsSync(path) && !/[/\\]/.test(typed)) return ofKey(typed)
  const { size } = statSync(path)
  if (size > MAX_TORRENT_FILE_BYTES)
    throw new CommandFailure(EXIT.failed, `${path} is too large to be a .torrent file.`)
  const bytes = readFileSync(path)
  return {
    params: { torrent: bytes.toString('base64') },
    asked: createHash('sha1').update(bytes).digest('hex'),
  }
}

/** No key, infohash or name has a `/` in it. @throws {UsageFailure} */
function assertNoPath(typed: string): void {
  if (/[/\\]/.test(typed) && existsSync(typed))
    throw new UsageFailure(`${resolve(typed)} is no .torrent file: the name of one ends so.`)
}

function ofKey(key: string): FetchSource {
  return { params: { key }, asked: key }
}
