/**
 * A process to be killed: seeds argv[2], fetches it to argv[3] with the resume folder argv[4], holds at 20 pieces
 * until they are noted in the resume file, goes on to 30, says `ready`, and waits.
 */
import { SwarmSession } from '@onehop/swarm-io'
import { connectionPair } from './connection-pair.ts'
import { notedPieces } from './resume-file.ts'
import { until } from './session-scene.ts'
import { pausing } from './wrapped-connection.ts'

const PIECE = 256 * 1024
const [, , source, output, resumeDir] = process.argv as [string, string, string, string, string]

const seeder = new SwarmSession({ resumeDir: `${resumeDir}-of-seeder` })
const fetcher = new SwarmSession({ resumeDir })
const { infohash, pieces } = await seeder.seed(source)
let release = () => {}
const released = new Promise<void>(resolve => {
  release = resolve
})

async function* peers() {
  yield {
    peerId: 'seeder',
    connect: async () => {
      const [ours, theirs] = connectionPair('fetcher', 'seeder')
      seeder.accept(theirs)
      const slow = pausing(ours, 22 * PIECE, released)
      return pausing(slow, 32 * PIECE, new Promise(() => {}))
    },
  }
  await new Promise(() => {})
}

void fetcher.fetch({ infohash }, { outputPath: output, peers: peers() })
await until(() => (fetcher.list()[0]?.piecesDone ?? 0) >= 16)
await until(async () => (await notedPieces(resumeDir, pieces)).count >= 16)
release()
await until(() => fetcher.list()[0]!.piecesDone >= 24)
process.stdout.write('ready\n')
