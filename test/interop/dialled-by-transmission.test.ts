import assert from 'node:assert/strict'
import { basename, join } from 'node:path'
import { NodeProcess, removeFolder, temporaryFolder } from '../support/node-process.ts'
import { until } from '../support/wait.ts'
import { untilComplete } from './support/clients.ts'
import { digests, makeFile } from './support/content.ts'
import { ForeignProcess, requirePrograms, skipBecause } from './support/foreign-process.ts'
import { Namespace } from './support/namespace.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'
import { Transmission } from './support/transmission.ts'

describe('Transmission in a network of its own, where it dials', () => {
  const folder = temporaryFolder('interop-namespace')
  let namespace: Namespace | undefined
  let tracker: OnehopTracker | undefined

  before(function () {
    requirePrograms(this, 'transmission-daemon', 'ip')
    const made = Namespace.make()
    if (typeof made === 'string') skipBecause(this, `no network namespace can be made here (${made})`)
    else namespace = made
  })

  after(async () => {
    await Promise.all([ForeignProcess.killAll(), NodeProcess.killAll(), tracker?.end()])
    namespace?.remove()
    removeFolder(folder)
  })

  it('fetches from a onehop node that it has dialled', async () => {
    const { outerHost } = namespace!
    tracker = await OnehopTracker.start(outerHost)
    const onehop = await OnehopNode.start(join(folder, 'node'), ['--listen', `/ip4/${outerHost}/tcp/0`])
    const path = makeFile(join(folder, 'content'), 3_000_000)
    const { infohash, torrentPath } = await onehop.publish(path, [tracker.url('udp', outerHost)])
    await until('the tracker knows the seed', async () => {
      const { trackers } = await onehop.show(infohash)
      return trackers.some(({ state }) => state === 'working')
    })
    const transmission = await Transmission.start({ folder: join(folder, 'client') }, namespace)
    await transmission.add(torrentPath)
    await until('it has dialled', async () => {
      const { peerList, uploadedBytes } = await onehop.show(infohash)
      return uploadedBytes > 0 && peerList.every(({ outbound }) => !outbound)
    })
    await untilComplete(transmission)
    assert.deepEqual(digests(join(transmission.contentFolder, basename(path))), digests(path))
  })
})
