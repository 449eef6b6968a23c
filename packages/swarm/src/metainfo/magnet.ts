import {
  attemptDecode,
  bytesToHex,
  DecodeError,
  magnetParameters,
  magnetTopics,
  parseInfohash,
  type Result,
} from '@onehop/primitives'
import { MAX_MAGNET_CHARACTERS } from '../limits.ts'
import { type InfoHash, toInfoHash } from './infohash.ts'

/** A link to a v1 torrent (BEP 9). */
export interface Magnet {
  readonly infohash: InfoHash
  /** What the link calls the content (`dn`). Only for showing: the info dictionary has the real name. */
  readonly displayName?: string
  /** Length of the content in bytes (`xl`), as the link claims. */
  readonly lengthBytes?: number
}

const URN = 'urn:btih:'

/** Parses `magnet:?xt=urn:btih:…` with the infohash in hex or Base32. Parameters that we do not know are ignored. */
export function parseMagnet(text: string): Result<Magnet> {
  return attemptDecode('bad-magnet', () => readMagnet(text))
}

function readMagnet(text: string): Magnet {
  if (text.length > MAX_MAGNET_CHARACTERS) throw new DecodeError('the magnet link is too long')
  const parameters = magnetParameters(text)
  const found = magnetTopics(parameters)
    .map(readBtih)
    .find(hash => hash !== undefined)
  if (found === undefined) throw new DecodeError('the magnet link has no BitTorrent infohash')
  const displayName = parameters.find(([key]) => key === 'dn')?.[1]
  const length = parameters.find(([key, value]) => key === 'xl' && /^\d{1,15}$/.test(value))?.[1]
  return {
    infohash: found,
    ...(displayName ? { displayName } : {}),
    ...(length === undefined ? {} : { lengthBytes: Number(length) }),
  }
}

function readBtih(urn: string): InfoHash | undefined {
  const isBtih = urn.slice(0, URN.length).toLowerCase() === URN
  const infohash = isBtih ? parseInfohash(urn.slice(URN.length)) : undefined
  return infohash && toInfoHash(infohash)
}

/** `magnet:?xt=urn:btih:<hex>` with `dn` and `xl` where they are known. */
export function formatMagnet(magnet: Magnet): string {
  let link = `magnet:?xt=${URN}${bytesToHex(magnet.infohash)}`
  if (magnet.displayName !== undefined) link += `&dn=${encodeURIComponent(magnet.displayName)}`
  if (magnet.lengthBytes !== undefined) link += `&xl=${magnet.lengthBytes}`
  return link
}
