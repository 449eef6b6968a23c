import assert from 'node:assert/strict'
import { basename, join } from 'node:path'
import { NodeProcess, removeFolder, temporaryFolder } from '../support/node-process.ts'
import { Aria2 } from './support/aria2.ts'
import { untilComplete } from './support/clients.ts'
import { digests, makeFolder } from './support/content.ts'
import { ForeignProcess, requirePrograms } from './support/foreign-process.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'
import { Transmission } from './support/transmission.ts'

const CONTENT_BYTES = 16_000_000

/** So little leaves the seed that the others have to trade: alone it would take 40 s. */
const SEED_LIMIT = '2M'

describe('a swarm of onehop nodes, aria2 and Transmission', () => {
  const folder = temporaryFolder('interop-swarm')
  let nodes: OnehopNode[] = []
  let tracker: OnehopTracker

  before(async function () {
    requirePrograms(this, 'aria2c', 'transmission-daemon')
    tracker = await OnehopTracker.start()
    nodes = await Promise.all(['seed', 'a', 'b'].map(name => OnehopNode.start(join(folder, name))))
  })

  after(async () => {
    await Promise.all([ForeignProcess.killAll(), NodeProcess.killAll(), tracker?.end()])
    removeFolder(folder)
  })

  it('trades at once, and everybody ends with the same bytes', async () => {
    const [seed, ...leechers] = nodes as [OnehopNode, ...OnehopNode[]]
    const path = makeFolder(join(folder, 'shared'), CONTENT_BYTES)
    const { infohash, torrentPath } = await seed.publish(path, [tracker.url('http'), tracker.url('udp')])
    await seed.ask('content', 'limit', infohash, '--upload-limit', SEED_LIMIT)
    const aria2 = await Aria2.start({ folder: join(folder, 'aria2'), host: '127.0.0.2' })
    const transmission = await Transmission.start({ folder: join(folder, 'transmission') })
    await Promise.all([aria2.add(torrentPath), transmission.add(torrentPath)])
    const outputs = leechers.map(({ port }) => join(folder, `fetched-${port}`))
    await Promise.all([
      ...leechers.map((node, i) => node.ask('fetch', torrentPath, '--output', `${outputs[i]}/`)),
      untilComplete(aria2),
      untilComplete(transmission),
    ])
    const expected = digests(path)
    for (const place of [...outputs, aria2.contentFolder, transmission.contentFolder]) {
      assert.deepEqual(digests(join(place, basename(path))), expected, place)
    }
    const gave = {
      onehop: (await Promise.all(leechers.map(node => node.show(infohash)))).map(each => each.uploadedBytes),
      aria2: (await aria2.status()).uploadedBytes,
      Transmission: (await transmission.status()).uploadedBytes,
    }
    for (const [who, bytes] of Object.entries(gave)) {
      assert.ok(
        [bytes].flat().every(each => each > 0),
        `${who} gave nothing: ${JSON.stringify(gave)}`,
      )
    }
  })
})
