import { createHash } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SeededRandom } from '@onehop/primitives'
import {
  BLOCK_BYTES,
  createInfo,
  filesOfPiece,
  hashBlocks,
  isPieceGood,
  layoutContent,
  merkleRoot,
  nextPowerOfTwo,
  PieceLayers,
  type PieceLayout,
  pieceCheckAt,
  pieceCount,
  pieceLengthAt,
  rootOfPieceLayer,
  type TorrentFile,
  type TorrentVersion,
} from '@onehop/swarm'

const digest = (name: string) => (bytes: Uint8Array) =>
  new Uint8Array(createHash(name).update(bytes).digest())
const hashes = { sha1: digest('sha1'), sha256: digest('sha256') }

const PIECE_LENGTH = 4 * BLOCK_BYTES

/** A folder with what folders have: empty files, a program, names beyond ASCII, names that sort before their neighbours. */
export class PublishedFolder {
  readonly name = 'folder'
  readonly contents: ReadonlyMap<string, Uint8Array>

  constructor(seed = 47) {
    const random = new SeededRandom(seed)
    const lengths = {
      'a.txt': BLOCK_BYTES,
      'b/c/deep.bin': 600_001,
      'b/empty': 0,
      'b.dot': 2 * PIECE_LENGTH,
      'run.sh': 5,
      'ärger/日本.bin': 100_000,
    }
    this.contents = new Map(Object.entries(lengths).map(([path, length]) => [path, random.bytes(length)]))
  }

  /** Writes the folder into a directory. */
  async write(directory: string): Promise<string> {
    for (const [path, content] of this.contents) {
      const file = join(directory, this.name, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
      if (path.endsWith('.sh')) await chmod(file, 0o755)
    }
    return join(directory, this.name)
  }

  torrent(version: TorrentVersion, more: Partial<TorrentFile> & { isPrivate?: boolean } = {}): TorrentFile {
    const { isPrivate = false, ...rest } = more
    const files = [...this.contents].map(([path, content]) => ({
      path: path.split('/'),
      lengthBytes: content.length,
      isExecutable: path.endsWith('.sh'),
      ...(content.length > 0 && { piecesRoot: rootOf(content) }),
    }))
    const content = { name: this.name, version, pieceLengthBytes: PIECE_LENGTH, files, isPrivate }
    const layout = layoutContent(content)
    const pieceHashes = Buffer.concat(
      Array.from({ length: pieceCount(layout) }, (_, i) => hashes.sha1(this.piece(layout, i))),
    )
    const info = createInfo({ ...content, pieceHashes: new Uint8Array(pieceHashes) }, hashes.sha1)
    if (!info.ok) throw new Error(info.detail)
    const pieceLayers = new PieceLayers(info.value, hashes.sha256)
    for (const bytes of this.contents.values())
      if (bytes.length > PIECE_LENGTH) pieceLayers.add(rootOf(bytes), layerOf(bytes))
    return { info: info.value, trackers: [], ...(version !== 'v1' && { pieceLayers }), ...rest }
  }

  /** The bytes of a piece of a torrent of this folder, whoever made that. */
  piece(layout: PieceLayout, piece: number): Uint8Array {
    const bytes = new Uint8Array(pieceLengthAt(layout, piece))
    for (const { file, offsetInFile, offsetInPiece, lengthBytes } of filesOfPiece(layout, piece)) {
      if (file.isPadding) continue
      const content = this.contents.get(file.path.slice(1).join('/'))!
      bytes.set(content.subarray(offsetInFile, offsetInFile + lengthBytes), offsetInPiece)
    }
    return bytes
  }

  /** All pieces, one after the other; zeros in the gaps between the files of v2. */
  stream(layout: PieceLayout): Uint8Array {
    const bytes = new Uint8Array(layout.lengthBytes)
    for (let piece = 0; piece < pieceCount(layout); piece++)
      bytes.set(this.piece(layout, piece), piece * layout.pieceLengthBytes)
    return bytes
  }

  /** The pieces whose bytes are not what a torrent of this folder says. */
  badPieces({ info, pieceLayers }: TorrentFile): number[] {
    return Array.from({ length: pieceCount(info) }, (_, i) => i).filter(piece => {
      const check = pieceCheckAt(info, piece, pieceLayers)
      return check === undefined || !isPieceGood(this.piece(info, piece), check, hashes)
    })
  }
}

function rootOf(content: Uint8Array): Uint8Array {
  return content.length > PIECE_LENGTH
    ? rootOfPieceLayer(layerOf(content), PIECE_LENGTH, hashes.sha256)
    : layerOf(content)
}

function layerOf(content: Uint8Array): Uint8Array {
  const blocks = Math.min(PIECE_LENGTH, content.length) / BLOCK_BYTES
  const width = nextPowerOfTwo(Math.ceil(blocks))
  const parts: Uint8Array[] = []
  for (let at = 0; at < content.length; at += PIECE_LENGTH) {
    const piece = content.subarray(at, at + PIECE_LENGTH)
    parts.push(merkleRoot(hashBlocks(piece, hashes.sha256), width, hashes.sha256))
  }
  return new Uint8Array(Buffer.concat(parts))
}
