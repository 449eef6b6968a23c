import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex, sha1 } from '@onehop/primitives'
import {
  encodeTorrentFile,
  formatMagnet,
  parseMagnet,
  parseTorrentFile,
  type TorrentFile,
} from '@onehop/swarm'
import { PublishedFolder } from '../published-content.ts'

/** What `.ci/run` installs must be there where it has run; other programs are used where somebody has them. */
const ARE_CLIENTS_REQUIRED = process.env.ONEHOP_REQUIRE_CLIENTS === '1'

const PYTHON = '/usr/bin/python3'

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, `${command}: ${error?.message ?? stderr}${stdout}`)
  return stdout
}

function isInstalled(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { timeout: 60_000 }).error === undefined
}

const hasLibtorrent = () => spawnSync(PYTHON, ['-c', 'import libtorrent'], { timeout: 60_000 }).status === 0

const READ_BY_LIBTORRENT = `
import json, libtorrent as lt, sys
i = lt.torrent_info(sys.argv[1])
f = i.files()
files = [x for x in range(f.num_files()) if not f.file_flags(x) & lt.file_flags_t.flag_pad_file]
print(json.dumps({
  'v1': str(i.info_hashes().v1) if i.info_hashes().has_v1() else None,
  'v2': str(i.info_hashes().v2) if i.info_hashes().has_v2() else None,
  'files': [[f.file_path(x), f.file_size(x)] for x in files],
  'trackers': [[t.url, t.tier] for t in i.trackers()], 'private': i.priv(), 'comment': i.comment(),
  'magnet': lt.make_magnet_uri(i)}))`

const MADE_BY_LIBTORRENT = `
import libtorrent as lt, os, sys
fs = lt.file_storage()
lt.add_files(fs, sys.argv[1])
flags = {'v1': lt.create_torrent.v1_only, 'v2': lt.create_torrent.v2_only, 'hybrid': 0}[sys.argv[3]]
t = lt.create_torrent(fs, 65536, flags)
t.add_tracker('http://127.0.0.1/announce', 0)
lt.set_piece_hashes(t, os.path.dirname(sys.argv[1]))
open(sys.argv[2], 'wb').write(lt.bencode(t.generate()))`

describe('.torrent files and the programs of others', () => {
  const published = new PublishedFolder()
  let directory: string
  let folder: string

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onehop-metainfo-'))
    folder = await published.write(directory)
  })
  after(() => rm(directory, { recursive: true, force: true }))

  async function writeTorrent(file: TorrentFile): Promise<string> {
    const path = join(directory, 'ours.torrent')
    await writeFile(path, encodeTorrentFile(file))
    return path
  }

  async function readTheirs(path: string): Promise<TorrentFile> {
    const file = parseTorrentFile(await readFile(path), { sha1 })
    assert.ok(file.ok, file.ok ? '' : file.detail)
    return file.value
  }

  /** Skips the test, with a sentence, where a program is not there and does not have to be. */
  function need(test: Mocha.Context, what: string, isThere: boolean, isRequired = false): void {
    if (isThere) return
    assert.equal(isRequired && ARE_CLIENTS_REQUIRED, false, `${what} is not installed`)
    console.log(`      ${what} is not installed`)
    test.skip()
  }

  it('Transmission reads what we make', async function () {
    need(this, 'transmission-show', isInstalled('transmission-show', '--version'), true)
    const file = published.torrent('v1', { trackers: [['http://127.0.0.1/announce']], isPrivate: true })
    const shown = run('transmission-show', await writeTorrent(file))
    assert.match(shown, new RegExp(`Hash: ${bytesToHex(file.info.infohash)}`))
    assert.match(shown, /Private torrent/)
    for (const path of published.contents.keys()) assert.match(shown, new RegExp(`folder/${path} `))
  })

  it('aria2 reads what we make', async function () {
    need(this, 'aria2c', isInstalled('aria2c', '--version'), true)
    const file = published.torrent('v1', { trackers: [['http://127.0.0.1/announce'], ['udp://127.0.0.1:1']] })
    const shown = run('aria2c', '-S', await writeTorrent(file))
    assert.match(shown, new RegExp(`Info Hash: ${bytesToHex(file.info.infohash)}`))
    for (const path of published.contents.keys()) assert.match(shown, new RegExp(`/folder/${path}`))
    const [link] = /magnet:\S+/.exec(shown)!
    const magnet = parseMagnet(link)
    assert.ok(magnet.ok)
    assert.deepEqual(magnet.value.infohash, file.info.infohash)
    assert.deepEqual(magnet.value.trackers, file.trackers.flat())
  })

  for (const version of ['v1', 'hybrid', 'v2'] as const) {
    it(`libtorrent reads what we make, ${version}`, async function () {
      need(this, 'python3-libtorrent', hasLibtorrent())
      const trackers = [['http://127.0.0.1/announce'], ['udp://127.0.0.1:1']]
      const file = published.torrent(version, { trackers, comment: 'hällo', isPrivate: true })
      const { infohash, infohashV2 } = file.info
      const read = JSON.parse(run(PYTHON, '-c', READ_BY_LIBTORRENT, await writeTorrent(file)))
      assert.deepEqual(
        { v1: read.v1, v2: read.v2, private: read.private, comment: read.comment, trackers: read.trackers },
        {
          v1: version === 'v2' ? null : bytesToHex(infohash),
          v2: infohashV2 === undefined ? null : bytesToHex(infohashV2),
          private: true,
          comment: 'hällo',
          trackers: trackers.map(([url], tier) => [url, tier]),
        },
      )
      assert.deepEqual(
        read.files,
        file.info.files.filter(f => !f.isPadding).map(f => [f.path.join('/'), f.lengthBytes]),
      )
      const magnet = parseMagnet(read.magnet)
      assert.ok(magnet.ok)
      assert.deepEqual(magnet.value.infohash, infohash)
      assert.deepEqual(magnet.value.infohashV2, infohashV2)
      assert.deepEqual(parseMagnet(formatMagnet(magnet.value)), magnet)
    })

    it(`we read what libtorrent makes, ${version}`, async function () {
      need(this, 'python3-libtorrent', hasLibtorrent())
      const path = join(directory, 'libtorrent.torrent')
      run(PYTHON, '-c', MADE_BY_LIBTORRENT, folder, path, version)
      const file = await readTheirs(path)
      assert.equal(file.info.version, version)
      assert.deepEqual(published.badPieces(file), [])
      assert.deepEqual(file.trackers, [['http://127.0.0.1/announce']])
    })
  }

  it('we read what Transmission makes', async function () {
    need(this, 'transmission-create', isInstalled('transmission-create', '--version'), true)
    const path = join(directory, 'transmission.torrent')
    run(
      'transmission-create',
      '-p',
      '-s',
      '32',
      '-t',
      'http://127.0.0.1/announce',
      '-c',
      'x',
      '-o',
      path,
      folder,
    )
    const file = await readTheirs(path)
    assert.deepEqual(published.badPieces(file), [])
    assert.equal(file.info.isPrivate, true)
    assert.equal(file.comment, 'x')
  })

  it('we read what mktorrent makes', async function () {
    need(this, 'mktorrent', isInstalled('mktorrent', '-h'))
    const path = join(directory, 'mktorrent.torrent')
    run(
      'mktorrent',
      '-l',
      '16',
      '-a',
      'http://a/announce,http://b/announce',
      '-a',
      'udp://c:1',
      '-o',
      path,
      folder,
    )
    const file = await readTheirs(path)
    assert.deepEqual(published.badPieces(file), [])
    assert.deepEqual(file.trackers, [['http://a/announce', 'http://b/announce'], ['udp://c:1']])
  })
})
