import { rm } from 'node:fs/promises'
import { syncFolder } from '../atomic-file.ts'
import { swarmErrorOf } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import type { ContentFiles } from './content-files.ts'
import type { FilePlaces } from './file-places.ts'
import { FILES_AT_ONCE } from './limits.ts'
import {
  existsAtAll,
  isEmptyFolder,
  joined,
  makeFolders,
  moveFileWithoutReplacing,
  moveFolderWithoutReplacing,
} from './safe-path.ts'

/**
 * What was fetched takes its place: a folder in one step where there is none yet, else file by file. Nothing is ever
 * replaced. May be repeated. @param isWhole more may have been wanted meanwhile: what is not whole goes on where it is.
 * @throws {SwarmError} `output-exists`
 */
export async function finishContent(files: ContentFiles, isWhole: (file: number) => boolean): Promise<void> {
  try {
    await files.makeEmpty()
    await files.assertWhole('part')
    await finishFiles(files.places, isWhole)
    if (files.isFinished) await rm(files.places.roots.part, { recursive: true, force: true })
  } catch (error) {
    throw swarmErrorOf(error, `write ${files.places.placement.path}`)
  }
}

async function finishFiles(places: FilePlaces, isWhole: (file: number) => boolean): Promise<void> {
  const { roots, info } = places
  const unfinished = places.filesAt('part')
  const files = unfinished.filter(isWhole)
  if (files.length === 0) return
  const isAll = files.length === unfinished.length
  if (info.isSingleFile) {
    await moveFileWithoutReplacing(roots.part, roots.target)
  } else if (isAll && (!(await existsAtAll(roots.target)) || (await isEmptyFolder(roots.target)))) {
    await moveFolderWithoutReplacing(roots.part, roots.target)
  } else {
    await moveEach(places, files)
  }
  for (const file of files) places.set(file, 'target')
}

async function moveEach(places: FilePlaces, files: readonly number[]): Promise<void> {
  await forEachAtOnce(files, FILES_AT_ONCE, async file => {
    const to = places.pathAt(file, 'target')
    for (const folder of await makeFolders(to)) await syncFolder(folder)
    await moveFileWithoutReplacing(joined(places.pathAt(file, 'part')), joined(to))
    places.set(file, 'target')
  })
}
