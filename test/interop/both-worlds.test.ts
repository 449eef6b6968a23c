import assert from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import { NodeProcess, removeFolder, startCluster, temporaryFolder } from '../support/node-process.ts'
import { until } from '../support/wait.ts'
import { Aria2 } from './support/aria2.ts'
import { untilComplete } from './support/clients.ts'
import { digests, makeFile } from './support/content.ts'
import { ForeignProcess, requirePrograms } from './support/foreign-process.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'

const CONTENT_BYTES = 3_000_000

describe('content of other clients and content of the overlay', () => {
  const folder = temporaryFolder('interop-both')
  /** Only this one speaks BitTorrent over TCP. */
  let bridge: OnehopNode
  let overlayOnly: NodeProcess[] = []
  let tracker: OnehopTracker

  before(async function () {
    requirePrograms(this, 'aria2c')
    tracker = await OnehopTracker.start()
    overlayOnly = await startCluster(folder, 2)
    bridge = await OnehopNode.start(join(folder, 'bridge'), ['--connect', await overlayOnly[0]!.address()])
    await until('the bridge is in the overlay', async () => (await bridge.node.status()).peers > 0)
  })

  after(async () => {
    await Promise.all([ForeignProcess.killAll(), NodeProcess.killAll(), tracker?.end()])
    removeFolder(folder)
  })

  it('what aria2 has is found in the overlay once a onehop node has fetched it', async () => {
    const path = makeFile(join(folder, 'theirs', 'from-aria2'), CONTENT_BYTES)
    const { infohash, torrentPath } = await bridge.publishElsewhere(path, [tracker.url('http')])
    const aria2 = await Aria2.start({ folder: join(folder, 'aria2-seed'), contentFolder: dirname(path) })
    await aria2.add(torrentPath)
    await untilComplete(aria2)
    await bridge.ask('fetch', torrentPath, '--output', `${join(folder, 'bridged')}/`)
    const fetched = join(folder, 'through-the-overlay')
    await until('the overlay has it', () =>
      overlayOnly[1]!.call('content.fetch', { key: infohash, output: fetched }),
    )
    assert.deepEqual(digests(fetched), digests(path))
    await aria2.kill()
  })

  it('what is published in the overlay reaches aria2 through a onehop node', async () => {
    const path = makeFile(join(folder, 'ours', 'from-the-overlay'), CONTENT_BYTES)
    const [published] = await overlayOnly[0]!.call<{ key: string; magnet: string }[]>('content.publish', {
      path,
    })
    assert.ok(published)
    await bridge.ask(
      'fetch',
      published.key,
      '--tracker',
      tracker.url('udp'),
      '--output',
      `${join(folder, 'bridged-back')}/`,
    )
    const aria2 = await Aria2.start({ folder: join(folder, 'aria2-leecher') })
    await aria2.add(`${published.magnet}&tr=${encodeURIComponent(tracker.url('udp'))}`)
    await untilComplete(aria2)
    assert.deepEqual(digests(join(aria2.contentFolder, basename(path))), digests(path))
    await aria2.kill()
  })
})
