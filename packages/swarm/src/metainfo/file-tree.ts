import { DecodeError } from '@onehop/primitives'
import {
  type Bencoded,
  type BencodedDictionary,
  expectBytes,
  expectDictionary,
  keyBytes,
  sortedEntries,
} from './bencode.ts'
import { decodeName } from './decode-name.ts'
import { readAttributes, readLength } from './file-list.ts'
import { MAX_FILES, MAX_PATH_DEPTH } from './limits.ts'
import { MERKLE_HASH_BYTES } from './merkle.ts'
import type { ContentFile } from './torrent-info.ts'

/** A file of a `file tree` (BEP 52), before its place in the stream of pieces is known. */
export interface TreeFile extends Omit<ContentFile, 'offsetBytes'> {
  readonly isPadding: false
}

/**
 * The files of a `file tree` in its order, that of the names' bytes, with paths below the tree. A dictionary whose
 * only key is empty describes a file.
 */
export function readFileTree(tree: BencodedDictionary): TreeFile[] {
  const files: TreeFile[] = []
  readFolder(tree, [], files)
  if (files.length === 0) throw new DecodeError('there are no files')
  return files
}

function readFolder(folder: BencodedDictionary, path: readonly string[], files: TreeFile[]): void {
  if (path.length >= MAX_PATH_DEPTH) throw new DecodeError('a path is too deep')
  for (const [key, value] of sortedEntries(folder)) {
    const entry = expectDictionary(value, 'file tree')
    const inner = [...path, decodeName(keyBytes(key))]
    const file = entry.get('')
    if (file === undefined) readFolder(entry, inner, files)
    else if (entry.size === 1) files.push(readTreeFile(file, inner))
    else throw new DecodeError('a file lies inside another file')
    if (files.length > MAX_FILES) throw new DecodeError(`there are more than ${MAX_FILES} files`)
  }
}

function readTreeFile(value: Bencoded, path: readonly string[]): TreeFile {
  const entry = expectDictionary(value, 'file')
  const lengthBytes = readLength(entry)
  const { isExecutable, isPadding } = readAttributes(entry)
  if (isPadding) throw new DecodeError('a file tree has no padding')
  const file = { path, lengthBytes, isPadding, isExecutable } as const
  return lengthBytes === 0 ? file : { ...file, piecesRoot: readRoot(entry) }
}

function readRoot(entry: BencodedDictionary): Uint8Array {
  const root = expectBytes(entry.get('pieces root'), 'pieces root')
  if (root.length !== MERKLE_HASH_BYTES) throw new DecodeError('a pieces root has 32 bytes')
  return root
}

/** Every file of v2 begins with a piece; what is between them is no part of the torrent. */
export function placeFiles(
  files: readonly TreeFile[],
  folder: readonly string[],
  pieceLengthBytes: number,
): ContentFile[] {
  let end = 0
  return files.map(file => {
    const offsetBytes = file.lengthBytes === 0 ? end : alignUp(end, pieceLengthBytes)
    end = offsetBytes + file.lengthBytes
    return { ...file, path: [...folder, ...file.path], offsetBytes }
  })
}

/** The next multiple of a piece's length. */
export function alignUp(offset: number, pieceLengthBytes: number): number {
  return Math.ceil(offset / pieceLengthBytes) * pieceLengthBytes
}
