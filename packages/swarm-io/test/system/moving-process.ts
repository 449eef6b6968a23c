/**
 * A process to be killed: moves the content in the folder argv[2] between there and argv[3], which may be another disk,
 * and renames a file, over and over. Prints a line before each move.
 */
import { ReadCache } from '../../src/read-cache.ts'
import { ResumeStore } from '../../src/resume/resume-store.ts'
import type { NotePlacement } from '../../src/storage/content-storage.ts'
import { openRestored } from '../../src/storage/torrent-openers.ts'

const [, , here, there] = process.argv as [string, string, string, string]
const store = new ResumeStore(`${here}/resume`)
const [record] = await store.load((path, reason) => {
  throw new Error(`${path}: ${reason}`)
})
const { storage } = await openRestored(record!, { cache: new ReadCache() })

const note: NotePlacement = async (placement, former) => {
  const { have, isFinished } = record!.content!
  const content = { placement, isFinished, have, stamps: storage.stamps }
  await store.save({ ...record!, content: former ? { ...content, former } : content })
}

for (let i = 0; ; i++) {
  process.stdout.write('moving\n')
  if (i % 3 === 2) await storage.renameFile(0, [`${i}`, 'a.bin'], note)
  else await storage.moveTo(storage.path.startsWith(here) ? `${there}/album` : `${here}/album`, note)
}
