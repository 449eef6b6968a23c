import { attemptDecode, concatBytes, DecodeError, type Result } from '@onehop/primitives'
import { BLOCK_BYTES } from '../limits.ts'
import { type Bencoded, encodeBencode, expectInteger } from '../metainfo/bencode.ts'
import { readExtensionDictionary } from './extension-dictionary.ts'

/** A message of ut_metadata (BEP 9). `piece` counts parts of the info dictionary of 16 KiB. */
export type MetadataMessage =
  | { readonly type: 'request' | 'reject'; readonly piece: number }
  | { readonly type: 'data'; readonly piece: number; readonly totalSize: number; readonly data: Uint8Array }

const METADATA_TYPES = ['request', 'data', 'reject'] as const

/** Payload of a `ut_metadata` message: the dictionary, and behind it the piece of a `data` (BEP 9). */
export function encodeMetadataMessage(message: MetadataMessage): Uint8Array {
  const dictionary = new Map<string, Bencoded>([
    ['msg_type', METADATA_TYPES.indexOf(message.type)],
    ['piece', message.piece],
  ])
  if (message.type !== 'data') return encodeBencode(dictionary)
  dictionary.set('total_size', message.totalSize)
  return concatBytes(encodeBencode(dictionary), message.data)
}

/** @returns undefined for a type of message that we do not know, which BEP 9 has us ignore. */
export function parseMetadataMessage(payload: Uint8Array): Result<MetadataMessage | undefined> {
  return attemptDecode('bad-metadata-message', () => {
    const { dictionary, consumed } = readExtensionDictionary(payload)
    const type = METADATA_TYPES[expectInteger(dictionary.get('msg_type'), 'msg_type')]
    const piece = expectInteger(dictionary.get('piece'), 'piece')
    if (piece < 0) throw new DecodeError('piece is negative')
    if (type === undefined) return undefined
    if (type !== 'data') return { type, piece }
    const data = payload.subarray(consumed)
    if (data.length > BLOCK_BYTES) throw new DecodeError('a part of the metadata is too long')
    return { type, piece, totalSize: expectInteger(dictionary.get('total_size'), 'total_size'), data }
  })
}
