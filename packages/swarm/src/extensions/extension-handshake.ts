import { attemptDecode, type Result, utf8Encode } from '@onehop/primitives'
import { MAX_CLIENT_NAME_CHARACTERS, MAX_QUEUED_REQUESTS } from '../limits.ts'
import { type Bencoded, type BencodedDictionary, encodeBencode } from '../metainfo/bencode.ts'
import { parseIpAddress } from '../peer-address.ts'
import { readableText } from '../readable-text.ts'
import { readExtensionDictionary } from './extension-dictionary.ts'

/** Number of the extension handshake (BEP 10). */
export const EXTENDED_HANDSHAKE_ID = 0

/** The number under which peers send us ut_metadata messages. */
export const OUR_UT_METADATA_ID = 1

/** The number under which peers send us ut_pex messages. */
export const OUR_UT_PEX_ID = 2

const CLIENT_VERSION = 'onehop 0.1'

/** What our extension handshake says. */
export interface OurExtensions {
  /** Bytes of the info dictionary, when we have it. */
  readonly metadataSize?: number
  /** Whether we exchange peers: not in private torrents (BEP 27). */
  readonly exchangesPeers: boolean
  /** Where we take TCP connections. */
  readonly listenPort?: number
  /** The peer's address as we see it. */
  readonly yourHost?: string
  /** We want nothing (BEP 21). */
  readonly isUploadOnly: boolean
}

/** What an extension handshake told us (BEP 10). */
export interface ExtensionHandshake {
  /** The number under which the sender takes ut_metadata messages; 0 when it does not any more. */
  readonly utMetadataId?: number
  /** The number under which the sender takes ut_pex messages; 0 when it does not any more. */
  readonly utPexId?: number
  /** Bytes of the info dictionary, as the sender says. */
  readonly metadataSize?: number
  /** Requests that the sender keeps waiting at most. */
  readonly requestQueue?: number
  /** The sender's program, for people. */
  readonly client?: string
  /** Where the sender takes TCP connections. */
  readonly listenPort?: number
  /** The sender wants nothing (BEP 21). */
  readonly isUploadOnly?: boolean
}

/** Payload of our extension handshake. An extension that is off is told as number 0 (BEP 10). */
export function encodeExtensionHandshake(ours: OurExtensions): Uint8Array {
  const messages = new Map([
    ['ut_metadata', OUR_UT_METADATA_ID],
    ['ut_pex', ours.exchangesPeers ? OUR_UT_PEX_ID : 0],
  ])
  const dictionary = new Map<string, Bencoded>([
    ['m', messages],
    ['reqq', MAX_QUEUED_REQUESTS],
    ['upload_only', ours.isUploadOnly ? 1 : 0],
    ['v', utf8Encode(CLIENT_VERSION)],
  ])
  const yourIp = ours.yourHost === undefined ? undefined : parseIpAddress(ours.yourHost)
  if (ours.metadataSize !== undefined) dictionary.set('metadata_size', ours.metadataSize)
  if (ours.listenPort !== undefined) dictionary.set('p', ours.listenPort)
  if (yourIp !== undefined) dictionary.set('yourip', yourIp)
  return encodeBencode(dictionary)
}

/** Fields of a wrong type are taken as absent, as other clients do: they may be extensions of the future. */
export function parseExtensionHandshake(payload: Uint8Array): Result<ExtensionHandshake> {
  return attemptDecode('bad-extension-handshake', () => {
    const { dictionary } = readExtensionDictionary(payload)
    const messages = dictionary.get('m')
    const fields = {
      utMetadataId: messages instanceof Map ? integer(messages, 'ut_metadata', 0, 255) : undefined,
      utPexId: messages instanceof Map ? integer(messages, 'ut_pex', 0, 255) : undefined,
      metadataSize: integer(dictionary, 'metadata_size', 1, Number.MAX_SAFE_INTEGER),
      requestQueue: integer(dictionary, 'reqq', 1, Number.MAX_SAFE_INTEGER),
      client: clientName(dictionary),
      listenPort: integer(dictionary, 'p', 1, 0xffff),
      isUploadOnly: flag(dictionary, 'upload_only'),
    }
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  })
}

function integer(dictionary: BencodedDictionary, key: string, min: number, max: number): number | undefined {
  const value = dictionary.get(key)
  return typeof value === 'number' && value >= min && value <= max ? value : undefined
}

function flag(dictionary: BencodedDictionary, key: string): boolean | undefined {
  const value = dictionary.get(key)
  return typeof value === 'number' ? value !== 0 : undefined
}

function clientName(dictionary: BencodedDictionary): string | undefined {
  const value = dictionary.get('v')
  if (!(value instanceof Uint8Array)) return undefined
  return readableText(value, MAX_CLIENT_NAME_CHARACTERS) || undefined
}
