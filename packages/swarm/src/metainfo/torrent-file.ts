import {
  DecodeError,
  sha256 as defaultSha256,
  describeRejection,
  type Result,
  refused,
  type Sha1,
  type Sha256,
  utf8Decode,
  utf8Encode,
} from '@onehop/primitives'
import { MAX_METADATA_BYTES } from '../limits.ts'
import { MAX_TRACKERS } from '../tracker/limits.ts'
import { isTrackerUrl } from '../tracker/tracker-tiers.ts'
import {
  type Bencoded,
  type BencodedField,
  decodeBencodeFields,
  encodeBencode,
  encodeBencodeFields,
  expectBytes,
  expectDictionary,
  keyBytes,
  keyOf,
} from './bencode.ts'
import { MAX_COMMENT_CHARACTERS, MAX_TORRENT_FILE_BYTES } from './limits.ts'
import { attemptMetainfo, readInfo } from './parse-info.ts'
import { PieceLayers } from './piece-layers.ts'
import type { TorrentInfo } from './torrent-info.ts'

/** What a .torrent says (BEP 3). */
export interface TorrentFile {
  readonly info: TorrentInfo
  /** Tiers of URLs (BEP 12): those of the first are asked first. Only such as we can ask. */
  readonly trackers: readonly (readonly string[])[]
  /** The hashes of the pieces of v2 and hybrids, as far as they are known. */
  readonly pieceLayers?: PieceLayers
  readonly comment?: string
  /** The program that made it. */
  readonly createdBy?: string
  /** When it was made, in seconds since 1970. */
  readonly creationDate?: number
}

type Fields = ReadonlyMap<string, BencodedField>

/** Parses and checks a .torrent. What else is in it is ignored, and so is what it says of itself in a wrong form. */
export function parseTorrentFile(
  bytes: Uint8Array,
  { sha1, sha256 = defaultSha256 }: { readonly sha1: Sha1; readonly sha256?: Sha256 },
): Result<TorrentFile> {
  if (bytes.length > MAX_TORRENT_FILE_BYTES) return refused('bad-metainfo', 'the .torrent is too large')
  return attemptMetainfo(() => {
    const fields = decodeBencodeFields(bytes)
    const info = readInfoField(fields, sha1, sha256)
    const creationDate = fields.get('creation date')?.value
    const pieceLayers = readPieceLayers(fields, info, sha256)
    return {
      info,
      trackers: readTrackers(fields),
      ...(pieceLayers && { pieceLayers }),
      ...optionalText('comment', fields.get('comment.utf-8') ?? fields.get('comment')),
      ...optionalText('createdBy', fields.get('created by')),
      ...(typeof creationDate === 'number' && creationDate > 0 ? { creationDate } : {}),
    }
  })
}

function readInfoField(fields: Fields, sha1: Sha1, sha256: Sha256): TorrentInfo {
  const field = fields.get('info')
  if (field === undefined) throw new DecodeError('there is no info dictionary')
  if (field.encoded.length > MAX_METADATA_BYTES) throw new DecodeError('the info dictionary is too large')
  // The copy lets go of the .torrent, whose pieces' hashes may be larger than all the rest.
  return readInfo(expectDictionary(field.value, 'info'), field.encoded.slice(), sha1, sha256)
}

/** `announce-list` replaces `announce` (BEP 12). */
function readTrackers(fields: Fields): string[][] {
  const seen = new Set<string>()
  const list = fields.get('announce-list')?.value
  const tiers = Array.isArray(list) ? (list as readonly Bencoded[]).map(tier => readTier(tier, seen)) : []
  const found = tiers.filter(tier => tier.length > 0)
  if (found.length > 0) return found
  const single = readTier([fields.get('announce')?.value ?? []], seen)
  return single.length > 0 ? [single] : []
}

function readTier(tier: Bencoded, seen: Set<string>): string[] {
  if (!Array.isArray(tier)) return []
  const urls: string[] = []
  for (const item of tier as readonly Bencoded[]) {
    const url = textOf(item)?.trim()
    if (url === undefined || !isTrackerUrl(url) || seen.has(url) || seen.size >= MAX_TRACKERS) continue
    seen.add(url)
    urls.push(url)
  }
  return urls
}

function readPieceLayers(fields: Fields, info: TorrentInfo, sha256: Sha256): PieceLayers | undefined {
  if (info.version === 'v1') return undefined
  const layers = new PieceLayers(info, sha256)
  const field = fields.get('piece layers')
  if (field === undefined) return layers
  for (const [key, value] of expectDictionary(field.value, 'piece layers')) {
    const verdict = layers.add(keyBytes(key), expectBytes(value, 'piece layer').slice())
    if (!verdict.ok && verdict.code !== 'unknown-pieces-root')
      throw new DecodeError(describeRejection(verdict))
  }
  return layers
}

function optionalText<K extends string>(
  key: K,
  field: BencodedField | undefined,
): { readonly [k in K]?: string } {
  const text = field && textOf(field.value)
  return text ? ({ [key]: text.slice(0, MAX_COMMENT_CHARACTERS) } as { readonly [k in K]: string }) : {}
}

function textOf(value: Bencoded): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined
  try {
    return utf8Decode(value)
  } catch {
    return undefined
  }
}

/** The .torrent: canonical, but for the info dictionary, which stays as it was hashed. */
export function encodeTorrentFile(file: TorrentFile): Uint8Array {
  const fields = new Map<string, Uint8Array>([['info', file.info.bytes]])
  const set = (key: string, value: Bencoded) => void fields.set(key, encodeBencode(value))
  const tiers = file.trackers.filter(tier => tier.length > 0)
  const first = tiers[0]?.[0]
  if (first !== undefined) set('announce', utf8Encode(first))
  if (tiers.flat().length > 1)
    set(
      'announce-list',
      tiers.map(tier => tier.map(utf8Encode)),
    )
  if (file.comment) set('comment', utf8Encode(file.comment))
  if (file.createdBy) set('created by', utf8Encode(file.createdBy))
  if (file.creationDate !== undefined) set('creation date', file.creationDate)
  if (file.info.version !== 'v1') set('piece layers', describeLayers(file.pieceLayers))
  return encodeBencodeFields(fields)
}

function describeLayers(layers: PieceLayers | undefined): Bencoded {
  const entries = layers ? [...layers.entries()] : []
  return new Map(entries.map(([root, layer]) => [keyOf(root), layer]))
}
