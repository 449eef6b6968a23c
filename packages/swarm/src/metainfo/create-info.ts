import {
  compareBytes,
  DecodeError,
  sha256 as defaultSha256,
  type Result,
  type Sha1,
  type Sha256,
  utf8Encode,
} from '@onehop/primitives'
import { type Bencoded, encodeBencode, keyOf } from './bencode.ts'
import { paddingFile } from './file-list.ts'
import { alignUp } from './file-tree.ts'
import { attemptMetainfo, META_VERSION, readInfo } from './parse-info.ts'
import type { ContentFile, PieceLayout, TorrentInfo, TorrentVersion } from './torrent-info.ts'

/** A file of a folder that is published. */
export interface PublishedFile {
  /** Below the folder. */
  readonly path: readonly string[]
  readonly lengthBytes: number
  readonly isExecutable?: boolean
  /** Needed for v2 and hybrids, unless the file is empty. */
  readonly piecesRoot?: Uint8Array
}

/** What is published: one file, or a folder. */
export type PublishedContent = {
  readonly name: string
  readonly pieceLengthBytes: number
  /** `v1` unless told otherwise. */
  readonly version?: TorrentVersion
} & (
  | { readonly lengthBytes: number; readonly piecesRoot?: Uint8Array; readonly files?: undefined }
  | { readonly files: readonly PublishedFile[] }
)

/**
 * How content lies in the pieces that are to be hashed: the files of a folder in the order of their paths' bytes, in
 * a hybrid with padding between them. The same for all who publish the same folder.
 */
export function layoutContent(content: PublishedContent): PieceLayout {
  const version = content.version ?? 'v1'
  const files: ContentFile[] = []
  let end = 0
  for (const { path, ...file } of inOrder(content)) {
    const start = version === 'v1' || file.lengthBytes === 0 ? end : alignUp(end, content.pieceLengthBytes)
    if (version === 'hybrid' && start > end) files.push(paddingFile(content.name, end, start - end))
    files.push({ ...file, path, offsetBytes: start })
    end = start + file.lengthBytes
  }
  return { version, files, lengthBytes: end, pieceLengthBytes: content.pieceLengthBytes }
}

function inOrder(content: PublishedContent): Omit<ContentFile, 'offsetBytes'>[] {
  const { name } = content
  if (content.files === undefined) {
    const { lengthBytes, piecesRoot } = content
    const file = { path: [name], lengthBytes, isPadding: false, isExecutable: false }
    return [piecesRoot ? { ...file, piecesRoot } : file]
  }
  return content.files
    .map(file => ({
      ...file,
      path: [name, ...file.path],
      isPadding: false,
      isExecutable: file.isExecutable === true,
    }))
    .sort((a, b) => comparePaths(a.path, b.path))
}

/** By the bytes of the names, as a `file tree` has them (BEP 52). */
function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (const [i, name] of a.entries()) {
    const other = b[i]
    if (other === undefined) return 1
    const order = name === other ? 0 : compareBytes(utf8Encode(name), utf8Encode(other))
    if (order !== 0) return order
  }
  return a.length - b.length
}

/**
 * The info dictionary of a file or a folder. Of one file it is exactly `length`, `name`, `piece length` and `pieces`,
 * so that two publishers of the same file under the same name share one infohash; of a folder it has `files` instead.
 * @param content.pieceHashes SHA-1 of every piece of {@link layoutContent}, 20 bytes each; none for v2.
 * @param content.isPrivate whether peers may come from trackers only (BEP 27); makes another infohash.
 * @returns a refusal when a name or a size cannot be published.
 */
export function createInfo(
  content: PublishedContent & { readonly pieceHashes?: Uint8Array; readonly isPrivate?: boolean },
  sha1: Sha1,
  sha256: Sha256 = defaultSha256,
): Result<TorrentInfo> {
  return attemptMetainfo(() => {
    const layout = layoutContent(content)
    const isFolder = content.files !== undefined
    const dictionary = new Map<string, Bencoded>([
      ['name', utf8Encode(content.name)],
      ['piece length', content.pieceLengthBytes],
    ])
    if (content.isPrivate) dictionary.set('private', 1)
    if (layout.version !== 'v2') describeV1(dictionary, layout, isFolder, content.pieceHashes)
    if (layout.version !== 'v1') describeV2(dictionary, layout, isFolder)
    checkIntegers(layout)
    return readInfo(dictionary, encodeBencode(dictionary), sha1, sha256)
  })
}

function checkIntegers({ files, pieceLengthBytes }: PieceLayout): void {
  const lengths = [pieceLengthBytes, ...files.map(file => file.lengthBytes)]
  if (!lengths.every(Number.isSafeInteger)) throw new DecodeError('a length is not an integer')
}

function describeV1(
  dictionary: Map<string, Bencoded>,
  layout: PieceLayout,
  isFolder: boolean,
  pieceHashes: Uint8Array = new Uint8Array(0),
): void {
  dictionary.set('pieces', pieceHashes)
  if (isFolder) dictionary.set('files', layout.files.map(describeListed))
  else dictionary.set('length', layout.lengthBytes)
}

function describeListed(file: ContentFile): Bencoded {
  const entry = new Map<string, Bencoded>([
    ['length', file.lengthBytes],
    ['path', file.path.slice(1).map(utf8Encode)],
  ])
  if (file.isPadding || file.isExecutable) entry.set('attr', utf8Encode(file.isPadding ? 'p' : 'x'))
  return entry
}

function describeV2(dictionary: Map<string, Bencoded>, layout: PieceLayout, isFolder: boolean): void {
  const tree = new Map<string, Bencoded>()
  for (const file of layout.files) {
    if (!file.isPadding) plant(tree, isFolder ? file.path.slice(1) : file.path, describeLeaf(file))
  }
  dictionary.set('file tree', tree)
  dictionary.set('meta version', META_VERSION)
}

function describeLeaf(file: ContentFile): Map<string, Bencoded> {
  const leaf = new Map<string, Bencoded>([['length', file.lengthBytes]])
  if (file.isExecutable) leaf.set('attr', utf8Encode('x'))
  if (file.piecesRoot) leaf.set('pieces root', file.piecesRoot)
  return new Map([['', leaf]])
}

function plant(tree: Map<string, Bencoded>, path: readonly string[], leaf: Map<string, Bencoded>): void {
  let folder = tree
  for (const name of path.slice(0, -1)) {
    const key = keyOf(utf8Encode(name))
    const inner = folder.get(key) ?? new Map<string, Bencoded>()
    folder.set(key, inner)
    folder = inner as Map<string, Bencoded>
  }
  const last = keyOf(utf8Encode(path.at(-1) ?? ''))
  if (folder.has(last)) throw new DecodeError('two files have one path')
  folder.set(last, leaf)
}
