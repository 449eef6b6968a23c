/** A process that fetches the torrent of its second argument with the webtorrent of its first, into its third. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { report, toldOfSeeders } from './leecher-report.ts'

const [installed, torrentPath, folder] = process.argv.slice(2) as [string, string, string]

/** What is used of webtorrent. */
interface Torrent extends NodeJS.EventEmitter {
  addPeer(address: string): void
}
type WebTorrentClass = new (
  options: object,
) => { add(torrent: Uint8Array, options: { path: string }): Torrent }

const entry = pathToFileURL(join(installed, 'node_modules/webtorrent/index.js')).href
const { default: WebTorrent } = (await import(entry)) as { default: WebTorrentClass }
/** TCP to the peers that it is told of, as the others have it. */
const client = new WebTorrent({
  dht: false,
  tracker: false,
  lsd: false,
  utp: false,
  webSeeds: false,
  natUpnp: false,
  natPmp: false,
})
const ports = await toldOfSeeders<number>()
await report(async () => {
  const torrent = client.add(readFileSync(torrentPath), { path: folder })
  const done = once(torrent, 'done')
  torrent.once('infoHash', () => {
    for (const port of ports) torrent.addPeer(`127.0.0.1:${port}`)
  })
  await done
})
