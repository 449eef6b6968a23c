import { bytesKey } from '@onehop/primitives'
import type { Key } from '../keys.ts'

/** What names a publication of one node: its key and its target. */
export function publicationId(key: Key, target: Uint8Array | undefined): string {
  return target === undefined ? bytesKey(key) : `${bytesKey(key)}/${bytesKey(target)}`
}
