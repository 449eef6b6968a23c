import assert from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import { NodeProcess, removeFolder, temporaryFolder } from '../support/node-process.ts'
import { until } from '../support/wait.ts'
import { Aria2 } from './support/aria2.ts'
import { untilComplete } from './support/clients.ts'
import { digests, makeFile } from './support/content.ts'
import { ForeignProcess, requirePrograms } from './support/foreign-process.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'
import { startOpentracker } from './support/opentracker.ts'
import { itSideBySide } from './support/side-by-side.ts'
import { Transmission } from './support/transmission.ts'

const CONTENT_BYTES = 2_000_000
const SCHEMES = ['http', 'udp'] as const

describe('trackers', () => {
  const folder = temporaryFolder('interop-trackers')
  let first: OnehopNode
  let second: OnehopNode

  before(async function () {
    requirePrograms(this, 'opentracker', 'aria2c', 'transmission-daemon')
    ;[first, second] = (await Promise.all(
      ['first', 'second'].map(name => OnehopNode.start(join(folder, name))),
    )) as [OnehopNode, OnehopNode]
  })

  after(async () => {
    await Promise.all([ForeignProcess.killAll(), NodeProcess.killAll()])
    removeFolder(folder)
  })

  async function throughOpentracker(scheme: 'http' | 'udp'): Promise<void> {
    const path = makeFile(join(folder, `opentracker-${scheme}`), CONTENT_BYTES)
    // It serves only what it is told beforehand: the infohash is known after a first publication.
    const { infohash } = await first.publishElsewhere(path, [])
    const port = await startOpentracker(join(folder, `tracker-${scheme}`), [infohash])
    const { torrentPath } = await first.publish(path, [`${scheme}://127.0.0.1:${port}/announce`])
    await until('opentracker knows the seed', async () => {
      const { trackers } = await first.show(infohash)
      return trackers.some(({ state }) => state === 'working')
    })
    const output = join(folder, `fetched-${scheme}`)
    await second.ask('fetch', torrentPath, '--output', `${output}/`)
    assert.deepEqual(digests(join(output, basename(path))), digests(path))
    const { peerList } = await second.show(infohash)
    assert.ok(peerList.every(({ transport }) => transport === 'tcp'))
    await until('opentracker counts two seeds', async () => {
      const { trackers } = await second.show(infohash)
      return trackers[0]?.seeders === 2
    })
  }

  /** No onehop node takes part: only the tracker is ours. */
  async function throughOurs(scheme: 'http' | 'udp'): Promise<void> {
    const tracker = await OnehopTracker.start()
    const path = makeFile(join(folder, `ours-${scheme}`, `shared-${scheme}`), CONTENT_BYTES)
    const { torrentPath } = await first.publishElsewhere(path, [tracker.url(scheme)])
    const seed = await Transmission.start({
      folder: join(folder, `transmission-${scheme}`),
      contentFolder: dirname(path),
    })
    await seed.add(torrentPath)
    await untilComplete(seed)
    const leecher = await Aria2.start({ folder: join(folder, `aria2-${scheme}`) })
    await leecher.add(torrentPath)
    await untilComplete(leecher)
    assert.deepEqual(digests(join(leecher.contentFolder, basename(path))), digests(path))
    assert.equal(await tracker.end(), 0)
  }

  itSideBySide(
    SCHEMES.flatMap(scheme => [
      {
        title: `opentracker brings two onehop nodes together over ${scheme}`,
        run: () => throughOpentracker(scheme),
      },
      {
        title: `onehop tracker brings aria2 and Transmission together over ${scheme}`,
        run: () => throughOurs(scheme),
      },
    ]),
  )
})
