/** A process that fetches the torrent of its first argument over libp2p, into the folder of its second. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTorrentFile } from '@onehop/swarm'
import { type PeerSource, SwarmSession } from '@onehop/swarm-io'
import { report, toldOfSeeders } from './leecher-report.ts'
import { startNetwork } from './swarm-network.ts'

const [torrentPath, folder] = process.argv.slice(2) as [string, string]
const sha1 = (bytes: Uint8Array) => new Uint8Array(createHash('sha1').update(bytes).digest())
const torrent = parseTorrentFile(readFileSync(torrentPath), { sha1 })
if (!torrent.ok) throw new Error(torrent.code)
const session = new SwarmSession({ resumeDir: join(folder, 'resume') })
await session.start()
await session.restore()
const network = await startNetwork(folder)
const seeders = await toldOfSeeders<{ peerId: string; addresses: string[] }>()

async function* peers(): AsyncGenerator<PeerSource> {
  for (const { peerId, addresses } of seeders) {
    yield { peerId, connect: signal => network.openSwarmStream(peerId, addresses, signal) }
  }
}
await report(async () => {
  await session.fetch({ torrent: torrent.value }, { outputDir: folder, peers: peers() })
})
