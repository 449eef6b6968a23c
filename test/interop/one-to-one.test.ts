import assert from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import { NodeProcess, removeFolder, temporaryFolder } from '../support/node-process.ts'
import { CLIENTS, untilComplete } from './support/clients.ts'
import { digests, makeFile, makeFolder } from './support/content.ts'
import { ForeignProcess, requirePrograms } from './support/foreign-process.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'
import { type Case, itSideBySide } from './support/side-by-side.ts'

const CONTENT_BYTES = 6_000_000

/** What is traded, and what the receiver is given of it. */
const SOURCES = [
  { what: 'a folder by its .torrent file', make: makeFolder, by: 'torrent', requiresEncryption: false },
  { what: 'a file by its magnet link', make: makeFile, by: 'magnet', requiresEncryption: false },
  { what: 'a file, encrypted', make: makeFile, by: 'torrent', requiresEncryption: true },
] as const

for (const { name, program, start } of CLIENTS) {
  describe(`onehop and ${name}`, () => {
    const folder = temporaryFolder(`interop-${program}`)
    let onehop: OnehopNode
    let tracker: OnehopTracker
    let runs = 0

    before(async function () {
      requirePrograms(this, program)
      ;[onehop, tracker] = await Promise.all([OnehopNode.start(join(folder, 'node')), OnehopTracker.start()])
    })

    after(async () => {
      await Promise.all([ForeignProcess.killAll(), NodeProcess.killAll(), tracker?.end()])
      removeFolder(folder)
    })

    /** Content of its own for one case, and a folder for the client. */
    function scene(make: typeof makeFile) {
      const place = join(folder, String(++runs))
      return { place, path: make(join(place, 'ours', `content-${runs}`), CONTENT_BYTES) }
    }

    const cases = SOURCES.flatMap(({ what, make, by, requiresEncryption }): Case[] => [
      {
        title: `${name} fetches ${what} from onehop`,
        async run() {
          const { place, path } = scene(make)
          const client = await start({ folder: join(place, 'client'), requiresEncryption })
          const published = await onehop.publish(path, [tracker.url('http')])
          await client.add(by === 'torrent' ? published.torrentPath : published.magnet)
          await untilComplete(client)
          assert.deepEqual(digests(join(client.contentFolder, basename(path))), digests(path))
          const { uploadedBytes } = await onehop.show(published.infohash)
          assert.ok(uploadedBytes >= CONTENT_BYTES, 'it came from onehop')
        },
      },
      {
        title: `onehop fetches ${what} from ${name}`,
        async run() {
          const { place, path } = scene(make)
          const published = await onehop.publishElsewhere(path, [tracker.url('udp')])
          const client = await start({
            folder: join(place, 'client'),
            contentFolder: dirname(path),
            requiresEncryption,
          })
          await client.add(published.torrentPath)
          await untilComplete(client)
          const source = by === 'torrent' ? published.torrentPath : published.magnet
          const output = join(place, 'fetched')
          await onehop.ask('fetch', source, '--output', `${output}/`)
          assert.deepEqual(digests(join(output, basename(path))), digests(path))
          const { peerList } = await onehop.show(published.infohash)
          assert.ok(peerList.every(({ encrypted }) => !requiresEncryption || encrypted))
        },
      },
    ])
    itSideBySide(cases)
  })
}
