import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { NodeProcess, removeFolder, temporaryFolder } from '../support/node-process.ts'
import { Aria2 } from './support/aria2.ts'
import { untilComplete } from './support/clients.ts'
import { digests, makeFile } from './support/content.ts'
import { ForeignProcess, requirePrograms } from './support/foreign-process.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'
import { Transmission } from './support/transmission.ts'

/** Whole pieces, so that none is half in a file that one client has and half in another's. */
const FILE_BYTES = 24 * 256 * 1024

describe('a swarm of onehop nodes, aria2 and Transmission', () => {
  const folder = temporaryFolder('interop-swarm')
  let tracker: OnehopTracker
  /** One will have a part, the other nothing. */
  let partly: OnehopNode
  let empty: OnehopNode

  before(async function () {
    requirePrograms(this, 'aria2c', 'transmission-daemon')
    ;[tracker, partly, empty] = await Promise.all([
      OnehopTracker.start(),
      OnehopNode.start(join(folder, 'partly')),
      OnehopNode.start(join(folder, 'empty')),
    ])
  })

  after(async () => {
    await Promise.all([ForeignProcess.killAll(), NodeProcess.killAll(), tracker?.end()])
    removeFolder(folder)
  })

  /** A folder for a client that has one file of the content already. */
  function folderWith(file: string, path: string): string {
    const place = join(folder, `with-${file}`)
    mkdirSync(join(place, 'shared'), { recursive: true })
    copyFileSync(join(path, file), join(place, 'shared', file))
    return place
  }

  it('trades until everybody has what each had a third of', async () => {
    const path = join(folder, 'shared')
    for (const file of ['a.bin', 'b.bin', 'c.bin']) makeFile(join(path, file), FILE_BYTES)
    const { infohash, torrentPath } = await empty.publish(path, [tracker.url('http'), tracker.url('udp')])
    const outputs = [join(folder, 'fetched-1'), join(folder, 'fetched-2')] as const
    await partly.ask('fetch', torrentPath, '--output', `${outputs[0]}/`, '--files', 'c.bin')
    await empty.ask('content', 'remove', infohash)

    // Transmission keeps one peer of an address, so that aria2 has one of its own.
    const aria2 = await Aria2.start({
      folder: join(folder, 'aria2'),
      contentFolder: folderWith('a.bin', path),
      host: '127.0.0.2',
    })
    const transmission = await Transmission.start({
      folder: join(folder, 'transmission'),
      contentFolder: folderWith('b.bin', path),
    })
    await Promise.all([aria2.add(torrentPath), transmission.add(torrentPath)])
    await partly.ask('content', 'files', infohash, '--normal', '*')
    await Promise.all([
      empty.ask('fetch', torrentPath, '--output', `${outputs[1]}/`),
      partly.untilComplete(infohash),
      untilComplete(aria2),
      untilComplete(transmission),
    ])

    for (const place of [...outputs, aria2.contentFolder, transmission.contentFolder]) {
      assert.deepEqual(digests(join(place, 'shared')), digests(path), place)
    }
    const gave = {
      onehop: (await partly.show(infohash)).uploadedBytes,
      aria2: (await aria2.status()).uploadedBytes,
      Transmission: (await transmission.status()).uploadedBytes,
    }
    for (const [who, bytes] of Object.entries(gave)) {
      assert.ok(bytes >= FILE_BYTES, `${who} gave less than what only it had: ${JSON.stringify(gave)}`)
    }
  })
})
