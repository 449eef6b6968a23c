import { DecodeError } from '@onehop/primitives'
import { MAX_CONTENT_BYTES } from '../limits.ts'
import {
  type Bencoded,
  type BencodedDictionary,
  expectBytes,
  expectDictionary,
  expectInteger,
  expectList,
} from './bencode.ts'
import { decodeName } from './decode-name.ts'
import { FilePaths } from './file-paths.ts'
import { MAX_FILES } from './limits.ts'
import type { ContentFile } from './torrent-info.ts'

/** What is valid elsewhere but cannot be had here. */
export class UnsupportedMetainfo extends DecodeError {}

/** BitComet's padding of before BEP 47, which bears no other mark. */
const OLD_PADDING = /^_____padding_file_/

/** The files of a v1 dictionary (BEP 3): `length` for one, `files` for several. */
export function readFileList(dictionary: BencodedDictionary, name: string): ContentFile[] {
  const list = dictionary.get('files')
  if (list === undefined) return [readSingleFile(dictionary, name)]
  const entries = expectList(list, 'files')
  if (entries.length > MAX_FILES) throw new DecodeError(`there are more than ${MAX_FILES} files`)
  if (entries.length === 0) throw new DecodeError('there are no files')
  const files: ContentFile[] = []
  let offsetBytes = 0
  for (const entry of entries) {
    const file = readListedFile(expectDictionary(entry, 'file'), name, offsetBytes)
    files.push(file)
    offsetBytes += file.lengthBytes
  }
  return files
}

/** @throws {DecodeError} when a path is not safe, or two are the same. Padding is never stored, and may be. */
export function checkFilePaths(files: readonly ContentFile[]): void {
  const paths = new FilePaths()
  for (const file of files) if (!file.isPadding) paths.add(file.path)
}

function readSingleFile(dictionary: BencodedDictionary, name: string): ContentFile {
  const { isExecutable } = readAttributes(dictionary)
  return {
    path: [name],
    offsetBytes: 0,
    lengthBytes: readLength(dictionary),
    isPadding: false,
    isExecutable,
  }
}

function readListedFile(entry: BencodedDictionary, folder: string, offsetBytes: number): ContentFile {
  const lengthBytes = readLength(entry)
  const { isExecutable, isPadding } = readAttributes(entry)
  if (isPadding) return paddingFile(folder, offsetBytes, lengthBytes)
  const path = readPath(entry)
  if (OLD_PADDING.test(path.at(-1) ?? '')) return paddingFile(folder, offsetBytes, lengthBytes)
  return { path: [folder, ...path], offsetBytes, lengthBytes, isPadding: false, isExecutable }
}

/** Padding by the path that BEP 47 recommends, whatever it is called in the torrent. */
export function paddingFile(folder: string, offsetBytes: number, lengthBytes: number): ContentFile {
  const path = [folder, '.pad', String(lengthBytes)]
  return { path, offsetBytes, lengthBytes, isPadding: true, isExecutable: false }
}

/** `length` of a file. @throws {DecodeError} unless it is in bounds. */
export function readLength(entry: BencodedDictionary): number {
  const lengthBytes = expectInteger(entry.get('length'), 'length')
  if (lengthBytes < 0 || lengthBytes > MAX_CONTENT_BYTES) throw new DecodeError('length is out of bounds')
  return lengthBytes
}

/** `path.utf-8` is what clients wrote beside a `path` in another encoding. */
function readPath(entry: BencodedDictionary): string[] {
  const components = expectList(entry.get('path.utf-8') ?? entry.get('path'), 'path')
  if (components.length === 0) throw new DecodeError('a path is empty')
  return components.map(component => readName(component, 'path'))
}

/** @param what it is called in errors. */
export function readName(value: Bencoded | undefined, what: string): string {
  return decodeName(expectBytes(value, what))
}

/** BEP 47: `attr` is a string of flags, of which other than these do not matter here. */
export function readAttributes(entry: BencodedDictionary): {
  readonly isExecutable: boolean
  readonly isPadding: boolean
} {
  const value = entry.get('attr')
  const flags = value instanceof Uint8Array ? String.fromCharCode(...value.subarray(0, 16)) : ''
  if (flags.includes('l')) throw new UnsupportedMetainfo('the torrent has a symbolic link in it')
  return { isExecutable: flags.includes('x'), isPadding: flags.includes('p') }
}
