import {
  attemptDecode,
  DecodeError,
  describeRejection,
  type Result,
  refused,
  type Sha1,
  utf8Decode,
  utf8Encode,
} from '@onehop/primitives'
import {
  DEFAULT_PIECE_LENGTH_BYTES,
  MAX_CONTENT_BYTES,
  MAX_METADATA_BYTES,
  MAX_PIECE_LENGTH_BYTES,
  MAX_PIECES,
  MIN_PIECE_LENGTH_BYTES,
} from '../limits.ts'
import {
  type Bencoded,
  type BencodedDictionary,
  decodeBencode,
  encodeBencode,
  expectBytes,
  expectDictionary,
  expectInteger,
} from './bencode.ts'
import { checkFileName } from './file-name.ts'
import { type InfoHash, toInfoHash } from './infohash.ts'

/** Bytes of a piece's SHA-1. */
export const PIECE_HASH_BYTES = 20

/** A v1 torrent of one file (BEP 3). */
export interface TorrentInfo {
  /** The bencoded info dictionary as it was hashed; what ut_metadata hands on. */
  readonly bytes: Uint8Array
  readonly infohash: InfoHash
  /** A safe file name ({@link checkFileName}). */
  readonly name: string
  readonly lengthBytes: number
  readonly pieceLengthBytes: number
  /** SHA-1 of every piece, 20 bytes each, one after the other. */
  readonly pieceHashes: Uint8Array
}

/** How many pieces there are; the last one may be shorter. */
export function pieceCountOf(lengthBytes: number, pieceLengthBytes: number): number {
  return Math.ceil(lengthBytes / pieceLengthBytes)
}

/** Number of pieces; 0 for an empty file. */
export function pieceCount(info: TorrentInfo): number {
  return pieceCountOf(info.lengthBytes, info.pieceLengthBytes)
}

/** Length of a piece in bytes: the last one may be shorter. */
export function pieceLengthAt(info: TorrentInfo, piece: number): number {
  return Math.min(info.pieceLengthBytes, info.lengthBytes - piece * info.pieceLengthBytes)
}

/** SHA-1 that a piece must have, 20 bytes (a view). */
export function pieceHashAt(info: TorrentInfo, piece: number): Uint8Array {
  return info.pieceHashes.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
}

/**
 * The piece length for a file: 256 KiB, doubled until the pieces fit into {@link MAX_PIECES}. A function of the
 * length alone, so that all who publish the file arrive at one infohash.
 */
export function choosePieceLength(lengthBytes: number): number {
  let pieceLengthBytes = DEFAULT_PIECE_LENGTH_BYTES
  while (pieceCountOf(lengthBytes, pieceLengthBytes) > MAX_PIECES) pieceLengthBytes *= 2
  return pieceLengthBytes
}

/**
 * The info dictionary of a file: exactly `length`, `name`, `piece length` and `pieces`, so that two publishers of
 * the same file under the same name share one infohash.
 * @param content.pieceHashes SHA-1 of every piece, 20 bytes each.
 * @returns a refusal when the name or a size cannot be published.
 */
export function createInfo(
  content: { name: string; lengthBytes: number; pieceLengthBytes: number; pieceHashes: Uint8Array },
  sha1: Sha1,
): Result<TorrentInfo> {
  return attemptDecode('bad-metainfo', () => {
    checkSizes(content.lengthBytes, content.pieceLengthBytes, content.pieceHashes.length)
    const dictionary = new Map<string, Bencoded>([
      ['length', content.lengthBytes],
      ['name', utf8Encode(content.name)],
      ['piece length', content.pieceLengthBytes],
      ['pieces', content.pieceHashes],
    ])
    return readInfo(dictionary, encodeBencode(dictionary), sha1)
  })
}

/**
 * Parses and checks an info dictionary from outside. Other keys than ours are kept in `bytes` and otherwise ignored.
 * @returns a refusal without blame for what is valid elsewhere but not supported here (several files, v2 only).
 */
export function parseInfo(bytes: Uint8Array, sha1: Sha1): Result<TorrentInfo> {
  if (bytes.length > MAX_METADATA_BYTES) return refused('bad-metainfo', 'the info dictionary is too large')
  const decoded = attemptDecode('bad-metainfo', () =>
    expectDictionary(decodeBencode(bytes, { keyOrder: 'any' }), 'info'),
  )
  if (!decoded.ok) return decoded
  const unsupported = unsupportedFeature(decoded.value)
  if (unsupported !== undefined) return refused('unsupported-metainfo', unsupported)
  return attemptDecode('bad-metainfo', () => readInfo(decoded.value, bytes, sha1))
}

function unsupportedFeature(dictionary: BencodedDictionary): string | undefined {
  if (dictionary.has('files')) return 'the torrent has several files'
  if (dictionary.has('file tree') && !dictionary.has('pieces')) return 'the torrent is of version 2 only'
  return undefined
}

function readInfo(dictionary: BencodedDictionary, bytes: Uint8Array, sha1: Sha1): TorrentInfo {
  const lengthBytes = expectInteger(dictionary.get('length'), 'length')
  const pieceLengthBytes = expectInteger(dictionary.get('piece length'), 'piece length')
  const pieceHashes = expectBytes(dictionary.get('pieces'), 'pieces')
  const name = utf8Decode(expectBytes(dictionary.get('name'), 'name'))
  checkSizes(lengthBytes, pieceLengthBytes, pieceHashes.length)
  const nameVerdict = checkFileName(name)
  if (!nameVerdict.ok) throw new DecodeError(describeRejection(nameVerdict))
  return { bytes, infohash: toInfoHash(sha1(bytes)), name, lengthBytes, pieceLengthBytes, pieceHashes }
}

function checkSizes(lengthBytes: number, pieceLengthBytes: number, hashesLength: number): void {
  if (!Number.isInteger(lengthBytes) || !Number.isInteger(pieceLengthBytes)) {
    throw new DecodeError('a length is not an integer')
  }
  if (lengthBytes < 0 || lengthBytes > MAX_CONTENT_BYTES) throw new DecodeError('length is out of bounds')
  if (pieceLengthBytes < MIN_PIECE_LENGTH_BYTES || pieceLengthBytes > MAX_PIECE_LENGTH_BYTES) {
    throw new DecodeError('piece length is out of bounds')
  }
  const pieces = pieceCountOf(lengthBytes, pieceLengthBytes)
  if (pieces > MAX_PIECES) throw new DecodeError('there are too many pieces')
  if (hashesLength !== pieces * PIECE_HASH_BYTES) throw new DecodeError('length and pieces do not agree')
}
