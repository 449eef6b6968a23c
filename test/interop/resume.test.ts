import assert from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import { NodeProcess, removeFolder, temporaryFolder } from '../support/node-process.ts'
import { until } from '../support/wait.ts'
import type { BitTorrentClient } from './support/bittorrent-client.ts'
import { CLIENT_PATIENCE_MS, CLIENTS, untilComplete } from './support/clients.ts'
import { digests, makeFile } from './support/content.ts'
import { ForeignProcess, requirePrograms } from './support/foreign-process.ts'
import { OnehopNode, OnehopTracker } from './support/onehop.ts'
import { itSideBySide } from './support/side-by-side.ts'

const CONTENT_BYTES = 16_000_000

/** Slow enough to be killed on the way, twice. */
const BYTES_PER_SECOND = 2_500_000

/** Pieces that may come twice: those under way, and those of the seconds before a power cut that were not synced. */
const LOST_BYTES = 3 * BYTES_PER_SECOND

for (const { name, program, start } of CLIENTS) {
  describe(`onehop and ${name}, killed half-way`, () => {
    const folder = temporaryFolder(`interop-resume-${program}`)
    let tracker: OnehopTracker

    before(async function () {
      requirePrograms(this, program)
      tracker = await OnehopTracker.start()
    })

    after(async () => {
      await Promise.all([ForeignProcess.killAll(), NodeProcess.killAll(), tracker?.end()])
      removeFolder(folder)
    })

    async function fetchFromThem(): Promise<void> {
      const onehop = await OnehopNode.start(join(folder, 'fetching'))
      const path = makeFile(join(folder, 'theirs', 'from-them'), CONTENT_BYTES)
      const { infohash, torrentPath } = await onehop.publishElsewhere(path, [tracker.url('http')])
      const seed = await start({
        folder: join(folder, 'seed'),
        contentFolder: dirname(path),
        uploadLimit: BYTES_PER_SECOND,
      })
      await seed.add(torrentPath)
      await untilComplete(seed)
      const output = join(folder, 'fetched')
      await onehop.ask('fetch', torrentPath, '--output', `${output}/`, '--detach')
      await untilHere(onehop, infohash, 0.3)
      await onehop.node.end('SIGKILL')
      await onehop.restart()
      await untilHere(onehop, infohash, 0.6)
      await seed.kill()
      await seed.restart()
      const { downloadedBytes } = await onehop.untilComplete(infohash)
      assert.deepEqual(digests(join(output, basename(path))), digests(path))
      assert.ok(downloadedBytes <= CONTENT_BYTES + LOST_BYTES, `${downloadedBytes} bytes were fetched`)
    }

    async function fetchFromUs(): Promise<void> {
      const onehop = await OnehopNode.start(join(folder, 'seeding'))
      const path = makeFile(join(folder, 'ours', 'from-us'), CONTENT_BYTES)
      const { infohash, torrentPath } = await onehop.publish(path, [tracker.url('http')])
      await onehop.ask('content', 'limit', infohash, '--upload-limit', String(BYTES_PER_SECOND))
      const leecher = await start({ folder: join(folder, 'leecher') })
      await leecher.add(torrentPath)
      await untilTheyHave(leecher, 0.3)
      await leecher.kill()
      await leecher.restart()
      await untilTheyHave(leecher, 0.6)
      await onehop.node.end('SIGKILL')
      await onehop.restart()
      await untilComplete(leecher)
      assert.deepEqual(digests(join(leecher.contentFolder, basename(path))), digests(path))
    }

    itSideBySide([
      { title: `onehop goes on fetching from ${name} after either was killed`, run: fetchFromThem },
      { title: `${name} goes on fetching from onehop after either was killed`, run: fetchFromUs },
    ])
  })
}

async function untilHere(node: OnehopNode, infohash: string, part: number): Promise<void> {
  const isThere = async () => {
    const content = (await node.list()).find(each => each.infohash === infohash)
    if ((content?.bytesDone ?? 0) < part * CONTENT_BYTES) throw new Error(`${content?.bytesDone} bytes`)
    return true
  }
  await until(`onehop has ${part} of it`, isThere, CLIENT_PATIENCE_MS)
}

async function untilTheyHave(client: BitTorrentClient, part: number): Promise<void> {
  const isThere = async () => {
    const { bytesDone, trouble } = await client.status()
    if (bytesDone < part * CONTENT_BYTES) throw new Error(`${bytesDone} bytes. ${trouble}`)
    return true
  }
  await until(`${client.name} has ${part} of it`, isThere, CLIENT_PATIENCE_MS)
}
