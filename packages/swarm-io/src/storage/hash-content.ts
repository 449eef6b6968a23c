import { lstat } from 'node:fs/promises'
import { basename } from 'node:path'
import { concatBytes, describeRejection } from '@onehop/primitives'
import {
  BLOCK_BYTES,
  type ContentFile,
  checkFileName,
  choosePieceLength,
  createInfo,
  filesOfPiece,
  layoutContent,
  MAX_PIECE_LENGTH_BYTES,
  MAX_PIECES,
  MIN_PIECE_LENGTH_BYTES,
  nextPowerOfTwo,
  PIECE_HASH_BYTES,
  PieceLayers,
  type PieceLayout,
  type PublishedContent,
  pieceCount,
  pieceLengthAt,
  rootOfPieceLayer,
  type TorrentInfo,
} from '@onehop/swarm'
import { sha1Now, sha256Now } from '../piece-hash.ts'
import type { SeedOptions } from '../session-types.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { type FileStamps, sameStamp, stampOf } from './file-stamps.ts'
import { FILES_AT_ONCE } from './limits.ts'
import { type ListedContent, type ListedFile, listContent } from './list-content.ts'
import { hashOnThreads, type PieceTask, readSlicesOf } from './verify-pieces.ts'

/** Content as a torrent, and its files as they were when they were hashed. */
export interface HashedContent {
  readonly info: TorrentInfo
  readonly stamps: FileStamps
  /** Of v2 and hybrids. */
  readonly layers?: PieceLayers
}

/** What decides the infohash, besides the content. */
export type HashingChoices = Pick<
  SeedOptions,
  'name' | 'pieceLengthBytes' | 'version' | 'isPrivate' | 'signal' | 'onProgress'
>

/**
 * Describes a file or a folder as a torrent. Threads read and hash; in memory is never more than what they read at a time.
 * @throws {SwarmError} when it cannot be read, a name cannot be published, or it changes meanwhile.
 */
export async function hashContent(path: string, choices: HashingChoices): Promise<HashedContent> {
  const name = choices.name ?? basename(path)
  const verdict = checkFileName(name)
  if (!verdict.ok) {
    throw new SwarmError('bad-name', `Cannot publish ${path}: ${describeRejection(verdict)}.`)
  }
  try {
    const listed = await listContent(path)
    const hashed = await hashListed(listed, describe(listed, name, choices), choices)
    await assertUnchanged(listed.files)
    return hashed
  } catch (error) {
    throw swarmErrorOf(error, `publish ${path}`)
  }
}

function describe(
  { files, isFolder }: ListedContent,
  name: string,
  choices: HashingChoices,
): PublishedContent {
  const total = files.reduce((sum, file) => sum + file.stamp.size, 0)
  const version = choices.version ?? 'v1'
  const alignedFiles = version === 'v1' ? 0 : files.length
  const pieceLengthBytes = choices.pieceLengthBytes ?? choosePieceLength(total, alignedFiles)
  const common = { name, pieceLengthBytes, version } as const
  if (!isFolder) return { ...common, lengthBytes: total }
  return {
    ...common,
    files: files.map(({ below, stamp, isExecutable }) => ({
      path: below,
      lengthBytes: stamp.size,
      isExecutable,
    })),
  }
}

async function hashListed(
  listed: ListedContent,
  content: PublishedContent,
  choices: HashingChoices,
): Promise<HashedContent> {
  const layout = layoutContent(content)
  assertPieces(layout)
  const byName = new Map(listed.files.map(file => [file.below.join('/'), file]))
  const fileOf = (file: ContentFile) => byName.get(listed.isFolder ? file.path.slice(1).join('/') : '')
  const hashes = new ContentHashes(layout)
  await hashAll(layout, file => fileOf(layout.files[file]!)?.path, hashes, choices)
  const isPrivate = choices.isPrivate === true
  const described = { ...hashes.describe(content, layout), pieceHashes: hashes.sha1, isPrivate }
  const info = createInfo(described, sha1Now, sha256Now)
  if (!info.ok)
    throw new SwarmError('bad-metainfo', `Cannot publish ${listed.root}: ${describeRejection(info)}.`)
  return {
    info: info.value,
    stamps: info.value.files.map(file => (file.isPadding ? undefined : fileOf(file)?.stamp)),
    ...(layout.version === 'v1' ? {} : { layers: hashes.layersOf(info.value) }),
  }
}

/** What the metainfo would refuse in the end is refused before anything is hashed. */
function assertPieces(layout: PieceLayout): void {
  const { pieceLengthBytes } = layout
  const isOfSize = pieceLengthBytes >= MIN_PIECE_LENGTH_BYTES && pieceLengthBytes <= MAX_PIECE_LENGTH_BYTES
  if (isOfSize && Number.isInteger(pieceLengthBytes) && pieceCount(layout) <= MAX_PIECES) return
  throw new SwarmError('bad-metainfo', `Pieces of ${pieceLengthBytes} bytes cannot be published.`)
}

async function hashAll(
  layout: PieceLayout,
  pathOf: (file: number) => string | undefined,
  hashes: ContentHashes,
  { signal, onProgress }: HashingChoices,
): Promise<void> {
  let done = 0
  function* tasks(): Generator<PieceTask> {
    for (let piece = 0; piece < pieceCount(layout); piece++) {
      const slices = readSlicesOf(layout, piece, pathOf)!
      const lengthBytes = pieceLengthAt(layout, piece)
      yield { piece, lengthBytes, toHash: { slices, ...hashes.wantedOf(piece) } }
    }
  }
  await hashOnThreads(
    tasks(),
    ({ piece, lengthBytes }, digests) => {
      if (!digests) throw new SwarmError('file-changed', 'A file became shorter while it was read.')
      hashes.set(piece, digests)
      done += lengthBytes
      onProgress?.(done, layout.lengthBytes)
    },
    signal,
  )
}

/** The hashes of content as they come, in any order. */
class ContentHashes {
  readonly sha1: Uint8Array
  private readonly layout: PieceLayout
  /** Of v2 and hybrids: the root of every piece. */
  private readonly roots: Uint8Array[] = []

  constructor(layout: PieceLayout) {
    this.layout = layout
    this.sha1 = new Uint8Array(layout.version === 'v2' ? 0 : pieceCount(layout) * PIECE_HASH_BYTES)
  }

  wantedOf(piece: number): { sha1: boolean; treeWidth?: number } {
    const sha1 = this.layout.version !== 'v2'
    return this.layout.version === 'v1' ? { sha1 } : { sha1, treeWidth: this.treeWidthOf(piece) }
  }

  /** Every piece of these has one file in it, and padding (BEP 52). */
  private treeWidthOf(piece: number): number {
    const { pieceLengthBytes } = this.layout
    const { file } = filesOfPiece(this.layout, piece)[0]!
    const isOfOnePiece = file.lengthBytes <= pieceLengthBytes
    return isOfOnePiece
      ? nextPowerOfTwo(Math.ceil(file.lengthBytes / BLOCK_BYTES))
      : pieceLengthBytes / BLOCK_BYTES
  }

  set(piece: number, digests: { readonly sha1?: Uint8Array; readonly root?: Uint8Array }): void {
    if (digests.sha1) this.sha1.set(digests.sha1, piece * PIECE_HASH_BYTES)
    if (digests.root) this.roots[piece] = digests.root
  }

  private layerOf(file: ContentFile): Uint8Array {
    const { pieceLengthBytes } = this.layout
    const first = file.offsetBytes / pieceLengthBytes
    return concatBytes(...this.roots.slice(first, first + Math.ceil(file.lengthBytes / pieceLengthBytes)))
  }

  private rootOf(file: ContentFile): Uint8Array {
    const layer = this.layerOf(file)
    if (file.lengthBytes <= this.layout.pieceLengthBytes) return layer
    return rootOfPieceLayer(layer, this.layout.pieceLengthBytes, sha256Now)
  }

  /** The content with the roots of its files, where it has them. */
  describe(content: PublishedContent, layout: PieceLayout): PublishedContent {
    if (layout.version === 'v1') return content
    const roots = new Map<string, Uint8Array>()
    for (const file of layout.files) {
      if (!file.isPadding && file.lengthBytes > 0) roots.set(file.path.join('/'), this.rootOf(file))
    }
    const rootAt = (...path: string[]) => {
      const piecesRoot = roots.get(path.join('/'))
      return piecesRoot ? { piecesRoot } : {}
    }
    if (content.files === undefined) return { ...content, ...rootAt(content.name) }
    return {
      ...content,
      files: content.files.map(file => ({ ...file, ...rootAt(content.name, ...file.path) })),
    }
  }

  layersOf(info: TorrentInfo): PieceLayers {
    const layers = new PieceLayers(info, sha256Now)
    for (const file of info.files) {
      if (file.piecesRoot && !layers.isKnown(file)) layers.add(file.piecesRoot, this.layerOf(file))
    }
    return layers
  }
}

async function assertUnchanged(files: readonly ListedFile[]): Promise<void> {
  await forEachAtOnce(files, FILES_AT_ONCE, async ({ path, stamp }) => {
    if (sameStamp(stamp, stampOf(await lstat(path, { bigint: true })))) return
    throw new SwarmError('file-changed', `Cannot publish ${path}: it changed while it was read.`)
  })
}
