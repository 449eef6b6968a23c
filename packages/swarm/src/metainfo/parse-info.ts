import {
  assert,
  DecodeError,
  sha256 as defaultSha256,
  describeRejection,
  equalBytes,
  invalid,
  type Result,
  refused,
  type Sha1,
  type Sha256,
} from '@onehop/primitives'
import {
  BLOCK_BYTES,
  MAX_CONTENT_BYTES,
  MAX_METADATA_BYTES,
  MAX_PIECE_LENGTH_BYTES,
  MAX_PIECES,
  MIN_PIECE_LENGTH_BYTES,
} from '../limits.ts'
import {
  type BencodedDictionary,
  decodeBencode,
  expectBytes,
  expectDictionary,
  expectInteger,
} from './bencode.ts'
import { checkFilePaths, readFileList, readName, UnsupportedMetainfo } from './file-list.ts'
import { checkFileName } from './file-name.ts'
import { placeFiles, readFileTree, type TreeFile } from './file-tree.ts'
import { type InfoHash, infohashOfV2, toInfoHash } from './infohash.ts'
import { nextPowerOfTwo } from './merkle.ts'
import {
  type ContentFile,
  PIECE_HASH_BYTES,
  pieceCountOf,
  type TorrentInfo,
  type TorrentVersion,
} from './torrent-info.ts'

/** The `meta version` of BEP 52. */
export const META_VERSION = 2

/**
 * Parses and checks an info dictionary from outside. Keys that we do not know are kept in `bytes` and otherwise
 * ignored.
 * @returns a refusal without blame for what is valid elsewhere but not supported here.
 */
export function parseInfo(
  bytes: Uint8Array,
  sha1: Sha1,
  sha256: Sha256 = defaultSha256,
): Result<TorrentInfo> {
  if (bytes.length > MAX_METADATA_BYTES) return refused('bad-metainfo', 'the info dictionary is too large')
  return attemptMetainfo(() => {
    const dictionary = expectDictionary(decodeBencode(bytes), 'info')
    return readInfo(dictionary, bytes, sha1, sha256)
  })
}

/**
 * The same, of a torrent that a link calls by two infohashes; one has been compared already.
 * @param infohashV2 32 bytes, where the link says them.
 */
export function parseInfoNamed(
  infohashV2: Uint8Array | undefined,
  bytes: Uint8Array,
  sha1: Sha1,
  sha256: Sha256 = defaultSha256,
): Result<TorrentInfo> {
  if (infohashV2 === undefined || equalBytes(sha256(bytes), infohashV2)) return parseInfo(bytes, sha1, sha256)
  return refused('bad-metainfo', 'its link has infohashes of two torrents')
}

/** Runs a reader of metainfo: what is malformed becomes `bad-metainfo`, what we cannot have `unsupported-metainfo`. */
export function attemptMetainfo<T>(read: () => T): Result<T> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof UnsupportedMetainfo) return refused('unsupported-metainfo', error.message)
    if (error instanceof DecodeError) return invalid('bad-metainfo', error.message)
    throw error
  }
}

/** @throws {DecodeError} unless all that is in the dictionary agrees. */
export function readInfo(
  dictionary: BencodedDictionary,
  bytes: Uint8Array,
  sha1: Sha1,
  sha256: Sha256,
): TorrentInfo {
  const version = readVersion(dictionary)
  const name = readName(dictionary.get('name.utf-8') ?? dictionary.get('name'), 'name')
  const nameVerdict = checkFileName(name)
  if (!nameVerdict.ok) throw new DecodeError(describeRejection(nameVerdict))
  const pieceLengthBytes = readPieceLength(dictionary, version)
  const { files, isSingleFile } = readFiles(dictionary, version, name, pieceLengthBytes)
  checkFilePaths(files)
  const last = files.at(-1)!
  const lengthBytes = last.offsetBytes + last.lengthBytes
  const pieceHashes = version === 'v2' ? new Uint8Array(0) : expectBytes(dictionary.get('pieces'), 'pieces')
  checkPieces(lengthBytes, pieceLengthBytes, version === 'v2' ? undefined : pieceHashes.length)
  return {
    bytes,
    version,
    ...infohashesOf(bytes, version, sha1, sha256),
    name,
    isSingleFile,
    isPrivate: dictionary.get('private') === 1,
    lengthBytes,
    contentBytes: files.reduce((sum, file) => sum + (file.isPadding ? 0 : file.lengthBytes), 0),
    pieceLengthBytes,
    pieceHashes,
    files,
  }
}

function infohashesOf(
  bytes: Uint8Array,
  version: TorrentVersion,
  sha1: Sha1,
  sha256: Sha256,
): Pick<TorrentInfo, 'infohash' | 'infohashes' | 'infohashV2'> {
  const v1 = version === 'v2' ? [] : [toInfoHash(sha1(bytes))]
  const infohashV2 = version === 'v1' ? undefined : sha256(bytes)
  const infohashes = infohashV2 ? [...v1, infohashOfV2(infohashV2)] : v1
  return { infohash: infohashes[0]!, infohashes, ...(infohashV2 && { infohashV2 }) }
}

function readVersion(dictionary: BencodedDictionary): TorrentVersion {
  const hasPieces = dictionary.has('pieces')
  const metaVersion = dictionary.get('meta version')
  if (metaVersion === META_VERSION) return hasPieces ? 'hybrid' : 'v2'
  if (hasPieces) return 'v1'
  if (metaVersion === undefined) throw new DecodeError('there are no pieces')
  throw new UnsupportedMetainfo('the torrent is of a version that is not known here')
}

function readPieceLength(dictionary: BencodedDictionary, version: TorrentVersion): number {
  const pieceLengthBytes = expectInteger(dictionary.get('piece length'), 'piece length')
  if (pieceLengthBytes < MIN_PIECE_LENGTH_BYTES || pieceLengthBytes > MAX_PIECE_LENGTH_BYTES) {
    throw new DecodeError('piece length is out of bounds')
  }
  const isTree = pieceLengthBytes >= BLOCK_BYTES && nextPowerOfTwo(pieceLengthBytes) === pieceLengthBytes
  if (version !== 'v1' && !isTree) throw new DecodeError('piece length is not a power of two (BEP 52)')
  return pieceLengthBytes
}

function readFiles(
  dictionary: BencodedDictionary,
  version: TorrentVersion,
  name: string,
  pieceLengthBytes: number,
): Pick<TorrentInfo, 'files' | 'isSingleFile'> {
  const listed = version === 'v2' ? undefined : readFileList(dictionary, name)
  const isListSingle = !dictionary.has('files')
  if (version === 'v1') return { files: listed!, isSingleFile: isListSingle }
  const tree = readFileTree(expectDictionary(dictionary.get('file tree'), 'file tree'))
  const isSingleFile = isTreeSingle(tree, name) && isListSingle
  const placed = placeFiles(tree, isSingleFile ? [] : [name], pieceLengthBytes)
  if (listed === undefined) return { files: placed, isSingleFile }
  return { files: joinVersions(listed, placed, pieceLengthBytes), isSingleFile }
}

function isTreeSingle(tree: readonly TreeFile[], name: string): boolean {
  return tree.length === 1 && tree[0]!.path.length === 1 && tree[0]!.path[0] === name
}

/** A hybrid describes the same files twice (BEP 52): what v1 lists, with the roots of v2. */
function joinVersions(
  listed: readonly ContentFile[],
  placed: readonly ContentFile[],
  pieceLengthBytes: number,
): ContentFile[] {
  let next = 0
  const files = listed.map(file => {
    if (file.isPadding) return file
    const twin = placed[next++]
    const isAligned = file.lengthBytes === 0 || file.offsetBytes % pieceLengthBytes === 0
    if (twin === undefined || !isAligned || !isSameFile(file, twin)) throw new DecodeError(DISAGREEMENT)
    return twin.piecesRoot === undefined ? file : { ...file, piecesRoot: twin.piecesRoot }
  })
  if (next !== placed.length) throw new DecodeError(DISAGREEMENT)
  return files
}

const DISAGREEMENT = 'the files of version 1 and of version 2 are not the same'

function isSameFile(a: ContentFile, b: ContentFile): boolean {
  return a.lengthBytes === b.lengthBytes && a.path.join('/') === b.path.join('/')
}

/** @param hashesLength bytes of the SHA-1s, of v1 and hybrids. */
function checkPieces(lengthBytes: number, pieceLengthBytes: number, hashesLength: number | undefined): void {
  if (lengthBytes > MAX_CONTENT_BYTES) throw new DecodeError('length is out of bounds')
  const pieces = pieceCountOf(lengthBytes, pieceLengthBytes)
  if (pieces > MAX_PIECES) throw new DecodeError('there are too many pieces')
  if (hashesLength !== undefined && hashesLength !== pieces * PIECE_HASH_BYTES) {
    throw new DecodeError('length and pieces do not agree')
  }
}

/** Whether an infohash, of either version, is the torrent's: a hybrid has two. */
export function isInfohashOf(infohash: Uint8Array, info: TorrentInfo): boolean {
  return info.infohashes.some(own => equalBytes(own, infohash))
}

/**
 * The info under the infohash that it was asked for by: who fetches a hybrid by its v2 infohash goes on among the
 * peers of that one.
 */
export function infoKnownAs(info: TorrentInfo, infohash: InfoHash): TorrentInfo {
  assert(isInfohashOf(infohash, info), 'the infohash is of another torrent')
  const others = info.infohashes.filter(other => !equalBytes(other, infohash))
  return { ...info, infohash, infohashes: [infohash, ...others] }
}

/** Whether bytes are the info dictionary of an infohash of either version. */
export function isInfoOf(
  bytes: Uint8Array,
  infohash: InfoHash,
  sha1: Sha1,
  sha256: Sha256 = defaultSha256,
): boolean {
  return equalBytes(sha1(bytes), infohash) || equalBytes(infohashOfV2(sha256(bytes)), infohash)
}
