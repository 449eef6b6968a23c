import { lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TorrentInfo } from '@onehop/swarm'
import { SwarmError } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { storedFiles } from './content-slices.ts'
import { FILES_AT_ONCE } from './limits.ts'
import { asidePathOf, partPathOf } from './part-paths.ts'
import { checkFolders, hasCode, joined, type RootedPath } from './safe-path.ts'

/**
 * Where a file's bytes are: `part` is being fetched, `target` is where it belongs, `aside` holds what lies in pieces
 * of its neighbours though it is not wanted itself.
 */
export type Place = 'part' | 'target' | 'aside'

const PLACES: readonly Place[] = ['target', 'part', 'aside']

/** Files that were given other names, by number: their paths below the content's folder. */
export type RenamedFiles = ReadonlyMap<number, readonly string[]>

/** Where content is, or will be, and under which names. */
export interface Placement {
  readonly path: string
  readonly renamed: RenamedFiles
}

/** Where each file of a torrent lies. */
export class FilePlaces {
  readonly info: TorrentInfo
  readonly placement: Placement
  readonly roots: Readonly<Record<Place, string>>
  private readonly places: (Place | undefined)[]

  constructor(info: TorrentInfo, placement: Placement) {
    this.info = info
    this.placement = placement
    const { path } = placement
    this.roots = { target: path, part: partPathOf(path, info), aside: asidePathOf(path, info) }
    this.places = info.files.map(() => undefined)
  }

  /** The same files below other roots, or under other names. */
  at(placement: Placement): FilePlaces {
    const moved = new FilePlaces(this.info, placement)
    for (const [file, place] of this.places.entries()) moved.places[file] = place
    return moved
  }

  of(file: number): Place | undefined {
    return this.places[file]
  }

  set(file: number, place: Place | undefined): void {
    this.places[file] = place
  }

  /** Names below a root. */
  below(file: number): readonly string[] {
    if (this.info.isSingleFile) return []
    return this.placement.renamed.get(file) ?? this.info.files[file]!.path.slice(1)
  }

  pathAt(file: number, place: Place): RootedPath {
    return { root: this.roots[place], below: this.below(file) }
  }

  /** Where the file is. It must be somewhere. */
  pathOf(file: number): RootedPath {
    return this.pathAt(file, this.places[file]!)
  }

  /** For messages. */
  nameOf(file: number): string {
    return joined(this.pathAt(file, this.places[file] ?? 'target'))
  }

  filesAt(place: Place): number[] {
    return [...this.places.keys()].filter(file => this.places[file] === place)
  }

  /** Looks where the files are. Of one that is in several places, that in its target counts. @throws {SwarmError} */
  async locate(): Promise<void> {
    this.places.fill(undefined)
    for (const place of PLACES) {
      if (!(await this.hasRoot(place))) continue
      const checked = new Set<string>()
      await forEachAtOnce(storedFiles(this.info), FILES_AT_ONCE, async ([file]) => {
        if (this.places[file] !== undefined) return
        if (await isThere(this.pathAt(file, place), checked)) this.places[file] = place
      })
    }
  }

  private async hasRoot(place: Place): Promise<boolean> {
    const root = this.roots[place]
    const stats = await lstat(root).catch(absent)
    if (stats && !this.info.isSingleFile && !stats.isDirectory()) {
      throw new SwarmError('output-exists', `Cannot use ${root}: something that is no folder is there.`)
    }
    return stats !== undefined
  }
}

/** @param checked folders that are known to be no links. */
async function isThere(path: RootedPath, checked: Set<string>): Promise<boolean> {
  const folder = dirname(joined(path))
  try {
    if (!checked.has(folder)) await checkFolders(path)
    checked.add(folder)
    const stats = await lstat(joined(path))
    if (stats.isFile()) return true
  } catch (error) {
    return absent(error) !== undefined
  }
  throw new SwarmError(
    'output-exists',
    `Cannot use ${joined(path)}: something that is no regular file is there.`,
  )
}

function absent(error: unknown): undefined {
  if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
  throw error
}
