import { attemptDecode, bytesToHex, DecodeError, type Result } from '@onehop/primitives'
import { hexToInfoHash, type InfoHash } from '../metainfo/infohash.ts'
import { MAX_LOCAL_INFOHASHES } from './limits.ts'

/** Where the local network is told of torrents (BEP 14). */
export const LOCAL_GROUPS = {
  4: { host: '239.192.152.143', port: 6771 },
  6: { host: 'ff15::efc0:988f', port: 6771 },
} as const

/** Bytes of such a message that are read; BEP 14 keeps them below 1400. */
const MAX_MESSAGE_BYTES = 1500

const REQUEST_LINE = /^BT-SEARCH \* HTTP\/1\.1$/
const HEADER = /^([A-Za-z-]+):\s*(.*?)\s*$/
const INFO_HASH = /^[0-9a-f]{40}$/i
/** What tells our own messages from those of others; text that needs no escape. */
const COOKIE = /^[\x21-\x7e]{1,64}$/

/** Someone on the local network has these torrents, or fetches them (BEP 14). */
export interface LocalMessage {
  /** Where it takes connections. */
  readonly port: number
  readonly infohashes: readonly InfoHash[]
  readonly cookie?: string
}

/** @param family of the group that it goes to. */
export function encodeLocalMessage({ port, infohashes, cookie }: LocalMessage, family: 4 | 6): Uint8Array {
  const group = LOCAL_GROUPS[family]
  const host = family === 6 ? `[${group.host}]` : group.host
  const lines = [
    'BT-SEARCH * HTTP/1.1',
    `Host: ${host}:${group.port}`,
    `Port: ${port}`,
    ...infohashes.map(infohash => `Infohash: ${bytesToHex(infohash)}`),
    ...(cookie === undefined ? [] : [`cookie: ${cookie}`]),
    '\r\n\r\n',
  ]
  return Uint8Array.from(lines.join('\r\n'), character => character.charCodeAt(0))
}

/** Reads what somebody sent to the group. Headers that we do not know are ignored. */
export function parseLocalMessage(bytes: Uint8Array): Result<LocalMessage> {
  return attemptDecode('bad-local-message', () => {
    if (bytes.length > MAX_MESSAGE_BYTES) throw new DecodeError('the message is too long')
    const [first = '', ...lines] = String.fromCharCode(...bytes).split('\r\n')
    if (!REQUEST_LINE.test(first)) throw new DecodeError('not a search of BEP 14')
    return readHeaders(lines)
  })
}

function readHeaders(lines: readonly string[]): LocalMessage {
  const headers = lines.flatMap(line => {
    const match = HEADER.exec(line)
    return match ? [{ name: match[1]!.toLowerCase(), value: match[2]! }] : []
  })
  const header = (name: string) => headers.find(each => each.name === name)?.value
  const port = /^\d{1,5}$/.test(header('port') ?? '') ? Number(header('port')) : 0
  if (port < 1 || port > 0xffff) throw new DecodeError('the message names no port')
  const cookie = header('cookie')
  const infohashes = headers
    .filter(({ name, value }) => name === 'infohash' && INFO_HASH.test(value))
    .slice(0, MAX_LOCAL_INFOHASHES)
    .map(({ value }) => hexToInfoHash(value.toLowerCase()))
  return { port, infohashes, ...(cookie !== undefined && COOKIE.test(cookie) ? { cookie } : {}) }
}
