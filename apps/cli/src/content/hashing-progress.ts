import { basename } from 'node:path'
import type { RpcClient } from '@onehop/rpc'
import { byteCount, fitted } from '../format.ts'
import type { ProgressView } from '../watching.ts'

/** Columns of a name before a bar. */
const MAX_NAME_COLUMNS = 24

/** How far the hashing of one of the paths is; undefined when none of them is being hashed. */
export async function lookAtHashing(
  client: RpcClient,
  paths: readonly string[],
): Promise<ProgressView | undefined> {
  const all = await client.call('content.hashing')
  const own = all.find(({ path }) => paths.includes(path))
  if (own === undefined) return undefined
  const { path, bytes, bytesDone } = own
  const figures = `${byteCount(bytesDone)} of ${byteCount(bytes)} hashed`
  return { title: fitted(basename(path), MAX_NAME_COLUMNS), done: bytesDone, total: bytes, figures }
}
