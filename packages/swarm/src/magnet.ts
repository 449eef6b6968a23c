import { attemptDecode, bytesToHex, DecodeError, decodeBase32, type Result } from '@onehop/primitives'
import { hexToInfoHash, type InfoHash, toInfoHash } from './infohash.ts'
import { MAX_MAGNET_CHARACTERS } from './limits.ts'

/** A link to a v1 torrent (BEP 9). */
export interface Magnet {
  readonly infohash: InfoHash
  /** What the link calls the content (`dn`). Only for showing: the info dictionary has the real name. */
  readonly displayName?: string
  /** Length of the content in bytes (`xl`), as the link claims. */
  readonly lengthBytes?: number
}

const SCHEME = 'magnet:?'
const BTIH = /^urn:btih:(?:([0-9a-f]{40})|([a-z2-7]{32}))$/i

/** Parses `magnet:?xt=urn:btih:…` with the infohash in hex or Base32. Parameters that we do not know are ignored. */
export function parseMagnet(text: string): Result<Magnet> {
  return attemptDecode('bad-magnet', () => readMagnet(text))
}

function readMagnet(text: string): Magnet {
  if (text.length > MAX_MAGNET_CHARACTERS) throw new DecodeError('the magnet link is too long')
  if (text.slice(0, SCHEME.length).toLowerCase() !== SCHEME) throw new DecodeError('not a magnet link')
  const parameters = text.slice(SCHEME.length).split('&').map(splitParameter)
  const infohash = parameters.filter(([key]) => /^xt(?:\.\d+)?$/.test(key)).map(([, urn]) => readBtih(urn))
  const found = infohash.find(hash => hash !== undefined)
  if (found === undefined) throw new DecodeError('the magnet link has no BitTorrent infohash')
  const displayName = parameters.find(([key]) => key === 'dn')?.[1]
  const length = parameters.find(([key, value]) => key === 'xl' && /^\d{1,15}$/.test(value))?.[1]
  return {
    infohash: found,
    ...(displayName ? { displayName } : {}),
    ...(length === undefined ? {} : { lengthBytes: Number(length) }),
  }
}

function splitParameter(parameter: string): [key: string, value: string] {
  const equals = parameter.indexOf('=')
  if (equals < 0) return [parameter.toLowerCase(), '']
  return [parameter.slice(0, equals).toLowerCase(), percentDecode(parameter.slice(equals + 1))]
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new DecodeError('the magnet link is not percent-encoded UTF-8')
  }
}

function readBtih(urn: string): InfoHash | undefined {
  const match = BTIH.exec(urn)
  if (!match) return undefined
  return match[1] ? hexToInfoHash(match[1]) : toInfoHash(decodeBase32(match[2]!))
}

/** `magnet:?xt=urn:btih:<hex>` with `dn` and `xl` where they are known. */
export function formatMagnet(magnet: Magnet): string {
  let link = `${SCHEME}xt=urn:btih:${bytesToHex(magnet.infohash)}`
  if (magnet.displayName !== undefined) link += `&dn=${encodeURIComponent(magnet.displayName)}`
  if (magnet.lengthBytes !== undefined) link += `&xl=${magnet.lengthBytes}`
  return link
}
