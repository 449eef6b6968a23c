import { rm, unlink } from 'node:fs/promises'
import { swarmErrorOf } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import type { FilePlaces } from './file-places.ts'
import { FILES_AT_ONCE } from './limits.ts'
import { removeEmpty } from './relocate-files.ts'
import { checkFolders, foldersOf, hasCode, joined, type RootedPath } from './safe-path.ts'

/** Deletes what was being fetched and what was set aside. @throws {SwarmError} */
export async function removeUnfinished({ roots, placement }: FilePlaces): Promise<void> {
  try {
    await rm(roots.part, { recursive: true, force: true })
    await rm(roots.aside, { recursive: true, force: true })
  } catch (error) {
    throw swarmErrorOf(error, `remove what there is of ${placement.path}`)
  }
}

/** Deletes the files that are still in their place, and the folders that are empty then. @throws {SwarmError} */
export async function removeFinished(places: FilePlaces): Promise<void> {
  const folders = new Set<string>()
  try {
    await forEachAtOnce(places.filesAt('target'), FILES_AT_ONCE, async file => {
      const path = places.pathOf(file)
      for (const folder of foldersOf(path)) folders.add(folder)
      await removeFile(path).catch((error: unknown) => {
        if (!hasCode(error, 'ENOENT')) throw error
      })
    })
    await removeEmpty(folders)
  } catch (error) {
    throw swarmErrorOf(error, `remove ${places.placement.path}`)
  }
}

async function removeFile(path: RootedPath): Promise<void> {
  await checkFolders(path)
  await unlink(joined(path))
}
