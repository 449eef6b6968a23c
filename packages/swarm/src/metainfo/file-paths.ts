import { DecodeError, describeRejection, utf8Encode } from '@onehop/primitives'
import { checkFileName } from './file-name.ts'
import { MAX_PATH_BYTES, MAX_PATH_DEPTH } from './limits.ts'

const ASCII = /^[ -~]*$/

/** A folder of the torrent: what is in it, by folded name; `null` is a file. */
type Folder = Map<string, Folder | null>

/**
 * The paths of a torrent's files. Two that would be one file on some system, and a file inside another file, are
 * refused: what is stored would depend on the order.
 */
export class FilePaths {
  private readonly root: Folder = new Map()

  /** @throws {DecodeError} when the path is not safe, too long, or taken. */
  add(path: readonly string[]): void {
    checkPath(path)
    let folder = this.root
    for (const name of path.slice(0, -1)) folder = enter(folder, foldName(name))
    const last = foldName(path.at(-1)!)
    if (folder.has(last)) throw new DecodeError('two files have one path')
    folder.set(last, null)
  }
}

function enter(folder: Folder, name: string): Folder {
  const inner = folder.get(name)
  if (inner === null) throw new DecodeError('a file lies inside another file')
  if (inner !== undefined) return inner
  const made: Folder = new Map()
  folder.set(name, made)
  return made
}

/** Names that some file system takes for the same: Windows and macOS ignore case, macOS composes, Windows trims. */
function foldName(name: string): string {
  const lower = ASCII.test(name) ? name.toLowerCase() : name.normalize('NFC').toLowerCase().normalize('NFC')
  return /[. ]$/.test(lower) ? lower.replace(/[. ]+$/, '') : lower
}

function checkPath(path: readonly string[]): void {
  if (path.length === 0) throw new DecodeError('a path is empty')
  if (path.length > MAX_PATH_DEPTH) throw new DecodeError('a path is too deep')
  let bytes = path.length - 1
  for (const name of path) {
    const verdict = checkFileName(name)
    if (!verdict.ok) throw new DecodeError(describeRejection(verdict))
    bytes += ASCII.test(name) ? name.length : utf8Encode(name).length
  }
  if (bytes > MAX_PATH_BYTES) throw new DecodeError('a path is too long')
}
