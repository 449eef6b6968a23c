import { constants } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { swarmErrorOf } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { FilePlaces } from './file-places.ts'
import { FILES_AT_ONCE } from './limits.ts'
import { checkFolders, joined, makeChosenFolder, makeFolders } from './safe-path.ts'

/**
 * Copies the finished files to the part folder beside another path, as if they had been fetched there. Where the file
 * system can, the copies share their blocks. @throws {SwarmError} when it cannot; nothing is left there then.
 */
export async function copyContent(places: FilePlaces, path: string): Promise<void> {
  const copies = new FilePlaces(places.info, { path, renamed: new Map() })
  try {
    await makeChosenFolder(dirname(path))
    // What an earlier fetch or copy left would be of no use: all of it is here.
    await rm(copies.roots.part, { recursive: true, force: true })
    await forEachAtOnce(places.filesAt('target'), FILES_AT_ONCE, async file => {
      const to = copies.pathAt(file, 'part')
      await makeFolders(to)
      await checkFolders(places.pathOf(file))
      const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE
      await copyFile(joined(places.pathOf(file)), joined(to), flags)
    })
  } catch (error) {
    await rm(copies.roots.part, { recursive: true, force: true }).catch(() => {})
    throw swarmErrorOf(error, `write ${path}`)
  }
}
