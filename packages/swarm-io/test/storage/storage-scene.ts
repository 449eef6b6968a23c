import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { link, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { concatBytes, type Sha256 } from '@onehop/primitives'
import {
  createInfo,
  filesOfPiece,
  hashBlocks,
  layoutContent,
  merkleRoot,
  nextPowerOfTwo,
  type PieceLayout,
  type PublishedContent,
  pieceCount,
  pieceLengthAt,
  type TorrentInfo,
} from '@onehop/swarm'
import { ReadCache } from '../../src/read-cache.ts'
import { type OpenContent, type OpenOptions, openContent } from '../../src/storage/open-content.ts'
import { content } from '../session-scene.ts'

export const sha1 = (bytes: Uint8Array) => new Uint8Array(createHash('sha1').update(bytes).digest())
export const sha256: Sha256 = bytes => new Uint8Array(createHash('sha256').update(bytes).digest())

export const PIECE = 64 * 1024

/** Files of a folder, by path: pieces that two share, one without bytes, one that begins and ends within pieces. */
export const ALBUM = {
  'a.bin': PIECE + 100,
  'b/empty': 0,
  'b/small.txt': 10,
  'c/d/last.bin': 2 * PIECE + 5,
}

/** A torrent, the bytes of its files, and the bytes of its pieces. */
export interface Sample {
  readonly info: TorrentInfo
  /** Of every file, padding included. */
  readonly files: readonly Uint8Array[]
  piece(index: number): Uint8Array
}

/** A torrent of one file. */
export function singleSample(lengthBytes: number, name = 'one.bin'): Sample {
  return sampleOf({ name, lengthBytes, pieceLengthBytes: PIECE }, [content(lengthBytes)])
}

/** A torrent of a folder with files of these lengths, by path. */
export function folderSample(
  lengths: Readonly<Record<string, number>>,
  version: 'v1' | 'hybrid' = 'v1',
  name = 'album',
): Sample {
  const files = Object.entries(lengths).map(([path, lengthBytes]) => ({ path: path.split('/'), lengthBytes }))
  const described = { name, files, pieceLengthBytes: PIECE, version: 'v1' } as const
  return sampleOf({ ...described, version }, undefined)
}

function sampleOf(described: PublishedContent, given: readonly Uint8Array[] | undefined): Sample {
  const layout = layoutContent(described)
  const files =
    given ??
    layout.files.map((file, i) =>
      file.isPadding ? new Uint8Array(file.lengthBytes) : content(file.lengthBytes, i + 1),
    )
  const piece = (index: number) => {
    const slices = filesOfPiece(layout, index).map(({ fileIndex, offsetInFile, lengthBytes }) =>
      files[fileIndex]!.subarray(offsetInFile, offsetInFile + lengthBytes),
    )
    const bytes = concatBytes(...slices)
    if (bytes.length !== pieceLengthAt(layout, index)) throw new Error('the piece has a gap')
    return bytes
  }
  const pieceHashes = concatBytes(...Array.from(Array(pieceCount(layout)).keys(), i => sha1(piece(i))))
  const info = createInfo({ ...withRoots(described, layout, files), pieceHashes }, sha1, sha256)
  if (!info.ok) throw new Error(info.detail)
  return { info: info.value, files, piece }
}

/** For hybrids: every file's root. */
function withRoots(
  described: PublishedContent,
  layout: PieceLayout,
  files: readonly Uint8Array[],
): PublishedContent {
  if (described.files === undefined || described.version === 'v1') return described
  const roots = new Map(
    layout.files.map(({ path }, i) => {
      const hashes = hashBlocks(files[i]!, sha256)
      return [path.slice(1).join('/'), merkleRoot(hashes, nextPowerOfTwo(hashes.length / 32), sha256)]
    }),
  )
  const rooted = described.files.map(file => ({ ...file, piecesRoot: roots.get(file.path.join('/'))! }))
  return { ...described, files: rooted }
}

export function piecesOf(sample: Sample): number[] {
  return Array.from(Array(pieceCount(sample.info)).keys())
}

/** Stores pieces, as if peers had sent them. */
export async function storePieces(
  sample: Sample,
  { storage }: OpenContent,
  pieces = piecesOf(sample),
): Promise<void> {
  for (const piece of pieces) assert.equal(await storage.writePiece(piece, sample.piece(piece)), 'stored')
}

/** Files of a folder are below `root` as they should be. */
export async function assertStored(
  sample: Sample,
  root: string,
  files = [...sample.info.files.keys()],
): Promise<void> {
  for (const file of files) {
    const { isPadding, path } = sample.info.files[file]!
    if (isPadding) continue
    const bytes = await readFile(join(root, ...path.slice(1)))
    assert.deepEqual(new Uint8Array(bytes), sample.files[file])
  }
}

/** A folder that is gone after the test, and the content opened in it. */
export class StorageScene {
  readonly folder: string
  readonly cache = new ReadCache()
  private readonly opened: OpenContent[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(below = tmpdir()): Promise<StorageScene> {
    return new StorageScene(await mkdtemp(join(below, 'onehop-storage-')))
  }

  path(...names: string[]): string {
    return join(this.folder, ...names)
  }

  async open({ info }: Sample, options: Partial<OpenOptions> = {}): Promise<OpenContent> {
    const opened = await openContent(info, {
      placement: { path: this.path(info.name), renamed: new Map() },
      cache: this.cache,
      ...options,
    })
    this.opened.push(opened)
    return opened
  }

  /** Puts the files of a sample below a folder, as they are when everything is fetched. */
  async put(sample: Sample, root = this.path(sample.info.name)): Promise<void> {
    for (const [i, file] of sample.info.files.entries()) {
      if (file.isPadding) continue
      const path = sample.info.isSingleFile ? root : join(root, ...file.path.slice(1))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, sample.files[i]!)
      // Long ago: what is changed later has another time for sure, however coarse the clock is.
      await utimes(path, 1_000_000, 1_000_000)
    }
  }

  remove(...names: string[]): Promise<void> {
    return rm(this.path(...names), { recursive: true })
  }

  /** A second name for a file, as a step that was interrupted leaves it. */
  linkInto(from: string, ...names: string[]): Promise<void> {
    return link(from, this.path(...names))
  }

  async close(): Promise<void> {
    for (const { storage } of this.opened) await storage.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}
