import { attemptDecode, concatBytes, DecodeError, type Result, utf8Encode } from '@onehop/primitives'
import { BLOCK_BYTES, MAX_EXTENSION_DICTIONARY_BYTES, MAX_QUEUED_REQUESTS } from '../limits.ts'
import {
  type Bencoded,
  type BencodedDictionary,
  decodeBencodePrefix,
  encodeBencode,
  expectDictionary,
  expectInteger,
} from '../metainfo/bencode.ts'

/** Number of the extension handshake (BEP 10). */
export const EXTENDED_HANDSHAKE_ID = 0

/** The number under which peers send us ut_metadata messages. */
export const OUR_UT_METADATA_ID = 1

const CLIENT_VERSION = 'onehop 0.1'

/** What an extension handshake told us (BEP 10). */
export interface ExtensionHandshake {
  /** The number under which the sender takes ut_metadata messages; absent when it does not. */
  readonly utMetadataId?: number
  /** Bytes of the info dictionary, as the sender says. */
  readonly metadataSize?: number
  /** Requests that the sender keeps waiting at most. */
  readonly requestQueue?: number
}

/** Payload of our extension handshake. @param metadataSize bytes of the info dictionary, when we have it. */
export function encodeExtensionHandshake(metadataSize: number | undefined): Uint8Array {
  const dictionary = new Map<string, Bencoded>([
    ['m', new Map([['ut_metadata', OUR_UT_METADATA_ID]])],
    ['reqq', MAX_QUEUED_REQUESTS],
    ['v', utf8Encode(CLIENT_VERSION)],
  ])
  if (metadataSize !== undefined) dictionary.set('metadata_size', metadataSize)
  return encodeBencode(dictionary)
}

/** Fields of a wrong type are taken as absent, as other clients do: they may be extensions of the future. */
export function parseExtensionHandshake(payload: Uint8Array): Result<ExtensionHandshake> {
  return attemptDecode('bad-extension-handshake', () => {
    const { dictionary } = readDictionary(payload)
    const messages = dictionary.get('m')
    const utMetadataId = messages instanceof Map ? positive(messages.get('ut_metadata'), 255) : undefined
    const metadataSize = positive(dictionary.get('metadata_size'), Number.MAX_SAFE_INTEGER)
    const requestQueue = positive(dictionary.get('reqq'), Number.MAX_SAFE_INTEGER)
    return {
      ...(utMetadataId === undefined ? {} : { utMetadataId }),
      ...(metadataSize === undefined ? {} : { metadataSize }),
      ...(requestQueue === undefined ? {} : { requestQueue }),
    }
  })
}

function positive(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && value > 0 && value <= max ? value : undefined
}

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
    const { dictionary, consumed } = readDictionary(payload)
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

function readDictionary(payload: Uint8Array): { dictionary: BencodedDictionary; consumed: number } {
  const bounded = payload.subarray(0, MAX_EXTENSION_DICTIONARY_BYTES)
  const { value, consumed } = decodeBencodePrefix(bounded, { keyOrder: 'any' })
  return { dictionary: expectDictionary(value, 'the extension message'), consumed }
}
