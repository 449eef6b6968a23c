import { bytesKey } from '@onehop/primitives'
import type { Key } from '../keys.ts'
import type { Pointer } from '../pointer.ts'

/** What names a publication of one node: its key and its target. */
export function publicationId(key: Key, target: Uint8Array | undefined): string {
  return target === undefined ? bytesKey(key) : `${bytesKey(key)}/${bytesKey(target)}`
}

/** What names a pointer whatever its version: its provider, key and target. */
export function pointerName({ provider, key, target }: Pointer): string {
  return `${bytesKey(provider)}/${publicationId(key, target)}`
}
