import assert from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import { NodeProcess, removeFolder, temporaryFolder } from '../support/node-process.ts'
import { CLIENTS, untilComplete } from './support/clients.ts'
import { digests, makeFile, makeFolder } from './support/content.ts'
import { ForeignProcess, requirePrograms } from './support/foreign-process.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'

const CONTENT_BYTES = 6_000_000

/** What is traded, and what the receiver is given of it. */
const SOURCES = [
  { what: 'a folder by its .torrent file', make: makeFolder, by: 'torrent' },
  { what: 'a file by its magnet link', make: makeFile, by: 'magnet' },
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

    /** Content of its own for one test, and a folder for the client. */
    function scene(make: typeof makeFile) {
      const place = join(folder, String(++runs))
      return { place, path: make(join(place, 'ours', `content-${runs}`), CONTENT_BYTES) }
    }

    for (const requiresEncryption of [false, true]) {
      const how = requiresEncryption ? ', encrypted' : ''
      for (const { what, make, by } of SOURCES) {
        it(`${name} fetches ${what} from onehop${how}`, async () => {
          const { place, path } = scene(make)
          const client = await start({ folder: join(place, 'client'), requiresEncryption })
          const published = await onehop.publish(path, [tracker.url('http')])
          await client.add(by === 'torrent' ? published.torrentPath : published.magnet)
          await untilComplete(client)
          assert.deepEqual(digests(join(client.contentFolder, basename(path))), digests(path))
          const { uploadedBytes } = await onehop.show(published.infohash)
          assert.ok(uploadedBytes >= CONTENT_BYTES, 'it came from onehop')
          await client.kill()
        })

        it(`onehop fetches ${what} from ${name}${how}`, async () => {
          const { place, path } = scene(make)
          // A node of ours makes the .torrent file, and has nothing to do with it afterwards.
          const published = await onehop.publish(path, [tracker.url('udp')])
          await onehop.ask('content', 'remove', published.infohash)
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
          await onehop.ask('content', 'remove', published.infohash)
          await client.kill()
        })
      }
    }
  })
}
