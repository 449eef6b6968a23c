import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { encodeTorrentFile, type TorrentVersion } from '@onehop/swarm'
import { hashContent } from '@onehop/swarm-io'
import { folderSample, PIECE, StorageScene } from '../storage/storage-scene.ts'

const PYTHON = '/usr/bin/python3'

/** Says whether all that the .torrent of the first argument describes is in the folder of the second. */
const CHECK = `
import libtorrent as lt, sys, time
s = lt.session({'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False,
  'enable_upnp': False, 'enable_natpmp': False})
h = s.add_torrent({'ti': lt.torrent_info(sys.argv[1]), 'save_path': sys.argv[2]})
while h.status().state in (lt.torrent_status.checking_files, lt.torrent_status.checking_resume_data):
  time.sleep(0.05)
print(h.status().progress)`

const run = (...args: string[]) => spawnSync(PYTHON, args, { encoding: 'utf8', timeout: 60_000 })

describe('what is hashed for publication, checked by libtorrent', () => {
  let scene: StorageScene
  before(function () {
    // Not among what CI installs.
    if (run('-c', 'import libtorrent').status !== 0) this.skip()
  })
  beforeEach(async () => {
    scene = await StorageScene.create()
  })
  afterEach(() => scene.close())

  for (const version of ['v1', 'v2', 'hybrid'] satisfies TorrentVersion[]) {
    it(`is whole (${version}), and is not when a byte differs`, async () => {
      const sample = folderSample({ 'a.bin': 9 * PIECE + 7, 'b/empty': 0, 'b/c/exact': PIECE, run: 20 })
      await scene.put(sample)
      await chmod(scene.path('album', 'run'), 0o755)
      const { info, layers } = await hashContent(scene.path('album'), { version, pieceLengthBytes: PIECE })
      const torrent = { info, trackers: [], ...(layers ? { pieceLayers: layers } : {}) }
      await writeFile(scene.path('album.torrent'), encodeTorrentFile(torrent))
      assert.equal(progressOf(), 1)
      await rm(scene.path('album', 'b', 'c', 'exact'))
      await writeFile(scene.path('album', 'b', 'c', 'exact'), new Uint8Array(PIECE))
      assert.ok(progressOf() < 1)
    })
  }

  function progressOf(): number {
    const { stdout, stderr, status } = run('-c', CHECK, scene.path('album.torrent'), scene.folder)
    assert.equal(status, 0, stderr)
    return Number(stdout)
  }
})
