import {
  attemptDecode,
  hexToBytes,
  invalid,
  magnetParameters,
  magnetTopics,
  parseInfohash,
  type Result,
} from '@onehop/primitives'
import { CID } from 'multiformats/cid'
import * as digest from 'multiformats/hashes/digest'
import { contentKey, type Key, nameKey } from './keys.ts'
import { MAX_MULTIHASH_BYTES, MAX_REFERENCE_CHARACTERS } from './limits.ts'

/** Multicodec of BitTorrent metainfo's info dict (`torrent-info`). */
const TORRENT_INFO_CODEC = 0x7b
/** Multihash code of SHA-1, which names BitTorrent v1 content. */
const SHA1_CODE = 0x11
const INFOHASH_BYTES = 20

/** What a person may mean: content by its id, or a name that pointers lead on from. */
export type ContentReference =
  | {
      readonly kind: 'content'
      readonly key: Key
      readonly multihash: Uint8Array
      /** As it is shown: the CID of the multihash (of codec torrent-info unless the text was another CID). */
      readonly cid: string
      /** 20 bytes, when the multihash is SHA-1. */
      readonly infohash?: Uint8Array
      /** A magnet link's `dn`. */
      readonly displayName?: string
    }
  | { readonly kind: 'name'; readonly key: Key; readonly name: string }

/** The multihash of a BitTorrent v1 infohash: 22 bytes. */
export function infohashToMultihash(infohash: Uint8Array): Uint8Array {
  return digest.create(SHA1_CODE, infohash).bytes
}

/** The infohash in a multihash, 20 bytes, if it is a SHA-1 one. */
export function multihashToInfohash(multihash: Uint8Array): Uint8Array | undefined {
  const isSha1 = multihash[0] === SHA1_CODE && multihash[1] === INFOHASH_BYTES
  return isSha1 && multihash.length === INFOHASH_BYTES + 2 ? multihash.subarray(2) : undefined
}

/** The CID (version 1, torrent-info, base32) of content whose multihash is known. @throws {Error} on no multihash. */
export function multihashToCid(multihash: Uint8Array): string {
  return CID.createV1(TORRENT_INFO_CODEC, digest.decode(multihash)).toString()
}

/** The CID of a 20-byte BitTorrent v1 infohash: 40 characters. */
export function infohashToCid(infohash: Uint8Array): string {
  return multihashToCid(infohashToMultihash(infohash))
}

/** The multihash of a CID of any version, codec and base that multiformats reads by itself. */
export function cidToMultihash(cid: string): Result<Uint8Array> {
  try {
    const { bytes } = CID.parse(cid).multihash
    if (bytes.length > MAX_MULTIHASH_BYTES) return invalid('bad-cid', 'the hash in this CID is too long')
    return { ok: true, value: bytes }
  } catch {
    return invalid('bad-cid', `"${shortened(cid)}" is not a CID`)
  }
}

/** The infohash that a CID carries. */
export function cidToInfohash(cid: string): Result<Uint8Array> {
  const multihash = cidToMultihash(cid)
  if (!multihash.ok) return multihash
  const infohash = multihashToInfohash(multihash.value)
  return infohash === undefined
    ? invalid('bad-cid', `"${shortened(cid)}" does not carry a BitTorrent infohash`)
    : { ok: true, value: infohash }
}

const CID_V1_BASE32 = /^ba[e-h][a-z2-7]{33,}$/
/** BEP 52: a SHA-256, in hex. */
const INFOHASH_V2 = /^[0-9a-f]{64}$/i
const CID_V0 = /^Qm[1-9A-HJ-NP-Za-km-z]{44}$/

/**
 * Understands a CID, an infohash (40 hex or 32 base32 digits; 64 hex of version 2), a magnet link (`xt=urn:btih:…` or
 * `urn:btmh:…`), and takes everything else for a name. Blame of a rejection says nothing here: the text is the user's own.
 */
export function parseContentReference(text: string): Result<ContentReference> {
  const trimmed = text.trim()
  if (trimmed.length === 0)
    return invalid('empty-reference', 'a content id, a magnet link or a name is needed')
  if (trimmed.length > MAX_REFERENCE_CHARACTERS)
    return invalid('long-reference', `a content reference has at most ${MAX_REFERENCE_CHARACTERS} characters`)
  if (/^magnet:/i.test(trimmed)) return parseMagnet(trimmed)
  if (CID_V1_BASE32.test(trimmed) || CID_V0.test(trimmed)) return referenceOfCid(trimmed)
  const infohash = parseInfohash(trimmed)
  if (infohash !== undefined) return { ok: true, value: referenceOfMultihash(infohashToMultihash(infohash)) }
  if (INFOHASH_V2.test(trimmed))
    return { ok: true, value: referenceOfMultihash(hexToBytes(`1220${trimmed}`)) }
  return attemptDecode('bad-name', () => ({ kind: 'name', key: nameKey(trimmed), name: trimmed }))
}

/** The reference of content whose multihash is known. */
export function referenceOfMultihash(
  multihash: Uint8Array,
  cid = multihashToCid(multihash),
): Extract<ContentReference, { kind: 'content' }> {
  const infohash = multihashToInfohash(multihash)
  const common = { kind: 'content' as const, key: contentKey(multihash), multihash, cid }
  return infohash === undefined ? common : { ...common, infohash }
}

function referenceOfCid(cid: string): Result<ContentReference> {
  const multihash = cidToMultihash(cid)
  return multihash.ok ? { ok: true, value: referenceOfMultihash(multihash.value, cid) } : multihash
}

function parseMagnet(link: string): Result<ContentReference> {
  const parameters = attemptDecode('bad-magnet', () => magnetParameters(link))
  if (!parameters.ok) return parameters
  const multihashes = magnetTopics(parameters.value)
    .map(multihashOfTopic)
    .filter(found => found !== undefined)
  // A hybrid has two names; everybody is to look under the same one (BEP 52).
  const multihash = multihashes.find(found => multihashToInfohash(found) !== undefined) ?? multihashes[0]
  if (multihash === undefined)
    return invalid('bad-magnet', 'the magnet link has no xt=urn:btih:… with an infohash')
  const reference = referenceOfMultihash(multihash)
  const displayName = parameters.value.find(([name]) => name === 'dn')?.[1]
  return { ok: true, value: displayName ? { ...reference, displayName } : reference }
}

function multihashOfTopic(topic: string): Uint8Array | undefined {
  const [, scheme, value] = /^urn:(btih|btmh):([0-9a-z]+)$/i.exec(topic) ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'btih') {
    const infohash = parseInfohash(value)
    return infohash && infohashToMultihash(infohash)
  }
  return multihashFromHex(value)
}

/** BEP 52 writes v2 infohashes as multihashes in hex. */
function multihashFromHex(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0 || hex.length > 2 * MAX_MULTIHASH_BYTES || !/^[0-9a-f]+$/i.test(hex))
    return undefined
  const bytes = hexToBytes(hex)
  try {
    digest.decode(bytes)
    return bytes
  } catch {
    return undefined
  }
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
