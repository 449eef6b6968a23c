import { swarmErrorOf } from '../swarm-error.ts'
import type { ContentFiles } from './content-files.ts'
import { storedFiles } from './content-slices.ts'
import type { FilePlaces, Place } from './file-places.ts'
import { relocateFiles } from './relocate-files.ts'

/**
 * Brings each file to where its being wanted puts it: what is not wanted is set aside with what there is of it, what is
 * wanted again comes back. Finished files stay where they are. @throws {SwarmError}
 */
export async function selectFiles(files: ContentFiles, wanted: readonly boolean[]): Promise<void> {
  const { places } = files
  try {
    files.wanted = wanted
    const next = selectedPlaces(files)
    const returned = places.filesAt('aside').filter(file => next.of(file) === 'part')
    await relocateFiles(places, next)
    files.places = next
    for (const file of returned) await files.complete(file)
    await files.prepare()
  } catch (error) {
    throw swarmErrorOf(error, `write ${places.placement.path}`)
  }
}

/** Of a finished file that was cut off or grew, the length is put right; its bytes are fetched again. */
export async function mendLengths(files: ContentFiles): Promise<void> {
  for (const file of files.places.filesAt('target')) {
    const stamp = await files.stampNow(file)
    if (stamp?.size !== files.info.files[file]!.lengthBytes) await files.complete(file)
  }
}

function selectedPlaces(files: ContentFiles): FilePlaces {
  const { places } = files
  const next = places.at(places.placement)
  for (const [file] of storedFiles(places.info)) {
    next.set(file, selectedPlace(places.of(file), files.isWanted(file)))
  }
  return next
}

function selectedPlace(place: Place | undefined, isWanted: boolean): Place | undefined {
  if (place === 'part' && !isWanted) return 'aside'
  return place === 'aside' && isWanted ? 'part' : place
}
