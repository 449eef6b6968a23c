/**
 * A process to be killed: stores the pieces of the sample in the folder argv[2], goes on where an earlier one was
 * killed, and notes what it has as often as it can. Prints a line for every note that was written, and `finished`.
 */
import { pieceCount } from '@onehop/swarm'
import { ReadCache } from '../../src/read-cache.ts'
import type { ResumeRecord } from '../../src/resume/resume-record.ts'
import { ResumeStore } from '../../src/resume/resume-store.ts'
import { openForFetch, openRestored } from '../../src/storage/torrent-openers.ts'
import { defaultSettings } from '../../src/torrent/torrent-settings.ts'
import { killSample } from './kill-sample.ts'

const folder = process.argv[2]!
const { info, piece } = killSample()
const store = new ResumeStore(`${folder}/resume`)
const cache = new ReadCache()
const [known] = await store.load((path, reason) => {
  throw new Error(`${path}: ${reason}`)
})
const { storage, have } = known
  ? await openRestored(known, { cache })
  : await openForFetch(info, `${folder}/album`, { cache })

async function note(): Promise<void> {
  const synced = await storage.sync()
  const record: ResumeRecord = {
    infohash: info.infohash,
    info,
    settings: defaultSettings(),
    counters: { uploadedBytes: 0, downloadedBytes: 0, seedingMs: 0 },
    content: {
      placement: storage.placement,
      isFinished: storage.partPath === undefined,
      have: synced,
      stamps: storage.stamps,
    },
  }
  await store.save(record)
  process.stdout.write(`${synced.count}\n`)
}

let notes = Promise.resolve()
for (let i = 0; i < pieceCount(info); i++) {
  // In another order than on the disk.
  const index = (i * 7) % pieceCount(info)
  if (have.has(index)) continue
  await storage.writePiece(index, piece(index))
  if (i % 3 === 0) notes = notes.then(note)
}
await notes
await storage.finish()
await note()
process.stdout.write('finished\n')
process.stdin.resume()
