import { dirname, join } from 'node:path'
import { describeRejection } from '@onehop/primitives'
import { checkFileName } from '@onehop/swarm'
import { SwarmError } from '../swarm-error.ts'
import { storedFiles } from './content-slices.ts'
import type { FilePlaces, Placement } from './file-places.ts'

/** The content with one file under another name. A single file is renamed with its content. @throws {SwarmError} `bad-name` */
export function renamedPlacement(places: FilePlaces, file: number, below: readonly string[]): Placement {
  const { info, placement } = places
  if (info.files[file] === undefined || info.files[file].isPadding || below.length === 0) {
    throw new SwarmError('bad-name', `There is no file ${file} that could be renamed.`)
  }
  if (info.isSingleFile) {
    below.forEach(checkName)
    return { path: join(dirname(placement.path), below.join('/')), renamed: placement.renamed }
  }
  const renamed = { path: placement.path, renamed: new Map(placement.renamed).set(file, below) }
  checkPaths(places.at(renamed))
  return renamed
}

/** Names from users are as safe as those from torrents, and never two files under one. @throws {SwarmError} `bad-name` */
function checkPaths(places: FilePlaces): void {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const [file] of storedFiles(places.info)) {
    const below = places.below(file)
    if (places.placement.renamed.has(file)) below.forEach(checkName)
    const path = fold(below)
    if (files.has(path)) throw new SwarmError('bad-name', `There is another file named ${below.join('/')}.`)
    files.add(path)
    for (let depth = 1; depth < below.length; depth++) folders.add(fold(below.slice(0, depth)))
  }
  for (const path of files) {
    if (folders.has(path)) throw new SwarmError('bad-name', `${path} cannot be a file and a folder.`)
  }
}

function checkName(name: string): void {
  const verdict = checkFileName(name)
  if (!verdict.ok) throw new SwarmError('bad-name', `Cannot use the name: ${describeRejection(verdict)}.`)
}

/** Some file systems ignore case, or compose letters. */
function fold(below: readonly string[]): string {
  return below.join('/').normalize('NFC').toLowerCase()
}
