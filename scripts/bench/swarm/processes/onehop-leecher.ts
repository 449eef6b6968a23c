/** A process that fetches the torrent of its first argument over TCP, into the folder of its second. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTorrentFile } from '@onehop/swarm'
import { SwarmSession } from '@onehop/swarm-io'
import { report, toldOfSeeders } from './leecher-report.ts'

const [torrentPath, folder] = process.argv.slice(2) as [string, string]
const sha1 = (bytes: Uint8Array) => new Uint8Array(createHash('sha1').update(bytes).digest())
const torrent = parseTorrentFile(readFileSync(torrentPath), { sha1 })
if (!torrent.ok) throw new Error(torrent.code)
const session = new SwarmSession({ resumeDir: join(folder, 'resume'), tcp: { port: 0 } })
await session.start()
await session.restore()
const peers = (await toldOfSeeders<number>()).map(port => ({ host: '127.0.0.1', port }))
await report(async () => {
  await session.fetch({ torrent: torrent.value, peers }, { outputDir: folder })
})
