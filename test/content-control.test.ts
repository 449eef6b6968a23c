import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ContentDetails, ContentSummary, FetchedContent, PublishedContent } from '@onehop/rpc'
import { freePort } from './support/free-port.ts'
import { CommandLine, NodeProcess, removeFolder, runCli, temporaryFolder } from './support/node-process.ts'
import { until } from './support/wait.ts'

const MIB = 1024 * 1024
/** Bytes a second: slow enough to look at a fetch that is under way. */
const SLOW = 512 * 1024
/** Half a minute at that speed: a busy machine comes to look while some of it is missing. */
const FILM_BYTES = 16 * MIB
const ONE_FILE = 'There are 2 files, and one is streamed: name it with --files, such as --files 0.'

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function damage(path: string): void {
  const handle = openSync(path, 'r+')
  writeSync(handle, 'damage', MIB)
  closeSync(handle)
}

describe('content under control, on two nodes that talk BitTorrent', () => {
  const folder = temporaryFolder('content-control')
  let seeder: NodeProcess
  let fetcher: NodeProcess
  let tracker: CommandLine
  let trackerUrl = ''
  let seederPort = 0
  let fetcherArgs: string[] = []

  function file(name: string, bytes: number): string {
    const path = join(folder, name)
    writeFileSync(path, randomBytes(bytes))
    return path
  }

  async function publish(params: Record<string, unknown>): Promise<PublishedContent> {
    const [item] = await seeder.call<PublishedContent[]>('content.publish', params)
    return item!
  }

  function show(node: NodeProcess, key: string): Promise<ContentDetails> {
    return node.call<ContentDetails>('content.show', { key })
  }

  async function untilState(node: NodeProcess, key: string, state: ContentSummary['state']): Promise<void> {
    await until(`it is ${state}`, async () => (await show(node, key)).state === state)
  }

  function rpcOf(node: NodeProcess): string {
    return (JSON.parse(readFileSync(join(node.datadir, 'rpc.json'), 'utf8')) as { url: string }).url
  }

  before(async () => {
    const trackerPort = await freePort()
    trackerUrl = `http://127.0.0.1:${trackerPort}/announce`
    tracker = CommandLine.start(['tracker', '--port', String(trackerPort)])
    await until('the tracker listens', () => tracker.stdout.includes(trackerUrl))
    seederPort = await freePort()
    seeder = await NodeProcess.start(join(folder, 'seeder'), ['--bt-port', String(seederPort)])
    fetcherArgs = ['--bt-port', String(await freePort()), '--connect', await seeder.address()]
    fetcher = await NodeProcess.start(join(folder, 'fetcher'), fetcherArgs)
    await until('they know each other', async () => (await seeder.status()).peers > 0)
  })

  after(async () => {
    tracker.killGroup('SIGKILL')
    await NodeProcess.killAll()
    removeFolder(folder)
  })

  it('brings a private folder by its .torrent, through its tracker alone', async () => {
    const album = join(folder, 'album')
    mkdirSync(join(album, 'disc1'), { recursive: true })
    writeFileSync(join(album, 'disc1', 'söng.flac'), randomBytes(MIB + 1))
    writeFileSync(join(album, 'cover.jpg'), randomBytes(5_000))
    writeFileSync(join(album, 'empty'), '')
    const datadir = ['--datadir', seeder.datadir]
    const torrentFile = join(folder, 'album.torrent')
    const published = await runCli([
      ...['publish', album, '--private', '--tracker', trackerUrl, '--torrent-file', torrentFile, '--json'],
      ...datadir,
    ])
    const [item] = JSON.parse(published.stdout) as PublishedContent[]
    assert.deepEqual([item?.files, item?.words, item?.acknowledgements], [3, [], 0])
    await until('the overlay is sure that nobody has it', async () => {
      const lookup = fetcher.call('content.lookup', { key: item!.key })
      assert.equal(await lookup.catch((error: { code: number }) => error.code), -40)
      return true
    })

    const output = `${join(folder, 'fetched')}/`
    const fetched = await runCli([
      'fetch',
      torrentFile,
      '--output',
      output,
      '--json',
      '--datadir',
      fetcher.datadir,
    ])
    assert.equal(fetched.code, 0, fetched.stderr)
    const { path, providers, fetchedBytes } = JSON.parse(fetched.stdout) as FetchedContent
    assert.equal(path, join(folder, 'fetched', 'album'))
    assert.deepEqual(providers, [`127.0.0.1:${seederPort}`])
    assert.equal(fetchedBytes, MIB + 5_001)
    for (const name of ['disc1/söng.flac', 'cover.jpg', 'empty'])
      assert.ok(readFileSync(join(path, name)).equals(readFileSync(join(album, name))), name)
  })

  it('serves a file over HTTP while it comes, the end of it first if that is asked for', async () => {
    const source = file('film.mp4', FILM_BYTES)
    const { key } = await publish({ path: source })
    await seeder.call('content.limit', { key, uploadBytesPerSecond: SLOW })
    await fetcher.call('content.fetch', { key, output: `${join(folder, 'streamed')}/`, detach: true })
    await until('its files are known', async () => (await show(fetcher, key)).files.length === 1)
    const address = `${rpcOf(fetcher)}/content/${key}/film.mp4`
    const end = await fetch(address, { headers: { range: 'bytes=-70000' } })
    assert.equal(end.status, 206)
    assert.equal(
      end.headers.get('content-range'),
      `bytes ${FILM_BYTES - 70_000}-${FILM_BYTES - 1}/${FILM_BYTES}`,
    )
    assert.ok(Buffer.from(await end.arrayBuffer()).equals(readFileSync(source).subarray(-70_000)))
    const { state, peerList } = await show(fetcher, key)
    assert.equal(state, 'fetching', 'the rest was not waited for')
    assert.ok(peerList.length >= 1)
    for (const { reason } of peerList) assert.match(reason, /\w/)
    await seeder.call('content.limit', { key, uploadBytesPerSecond: 0 })
    const whole = await fetch(address)
    assert.equal(whole.headers.get('content-type'), 'video/mp4')
    assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(readFileSync(source)))
    await untilState(fetcher, key, 'seeding')
  })

  it('streams to stdout in order, byte for byte', async () => {
    const source = file('stream.bin', 3 * MIB)
    const { key } = await publish({ path: source })
    const output = `${join(folder, 'piped')}/`
    const whole = await runCli(
      ['fetch', key, '--stream', '-q', '-o', output, '--datadir', fetcher.datadir],
      {},
      'latin1',
    )
    assert.equal(whole.code, 0, whole.stderr)
    assert.equal(whole.stdout.length, 3 * MIB)
    assert.equal(sha256(Buffer.from(whole.stdout, 'latin1')), sha256(readFileSync(source)))
  })

  it('keeps limits, goals and a pause through kill -9, and goes on when it is told to', async () => {
    const source = file('kept.bin', FILM_BYTES)
    const { key } = await publish({ path: source })
    await seeder.call('content.limit', { key, uploadBytesPerSecond: SLOW })
    const output = `${join(folder, 'kept')}/`
    const seedRatio = 3
    await fetcher.call('content.fetch', {
      key,
      output,
      detach: true,
      seedRatio,
      uploadBytesPerSecond: 1_000_000,
    })
    await until('some of it is here', async () => (await show(fetcher, key)).piecesDone > 0)
    await fetcher.call('content.pause', { key })
    const { piecesDone } = await show(fetcher, key)
    await fetcher.end('SIGKILL')
    await fetcher.restart(fetcherArgs)
    await until('it is known again', async () => {
      const list = await fetcher.call<ContentSummary[]>('content.list')
      return list.some(content => content.key === key && content.state !== 'checking')
    })
    const after = await show(fetcher, key)
    assert.equal(after.state, 'paused')
    // A piece that was on its way to the disk when it was paused may have arrived there.
    assert.ok(after.piecesDone >= piecesDone && after.piecesDone < after.pieces, `${after.piecesDone} pieces`)
    assert.deepEqual(after.limits, {
      downloadBytesPerSecond: null,
      uploadBytesPerSecond: 1_000_000,
      seedRatio,
      seedMinutes: null,
    })
    await seeder.call('content.limit', { key, uploadBytesPerSecond: 0 })
    await fetcher.call('content.resume', { key })
    await untilState(fetcher, key, 'seeding')
    assert.ok(readFileSync(join(folder, 'kept', 'kept.bin')).equals(readFileSync(source)))
  })

  it('fetches the files that are chosen, and others later', async () => {
    const several = join(folder, 'several')
    mkdirSync(several)
    for (const name of ['a.txt', 'b.mp3', 'c.mp3']) writeFileSync(join(several, name), randomBytes(600_000))
    const { key } = await publish({ path: several })
    const output = join(folder, 'chosen')
    mkdirSync(output)
    await fetcher.call('content.fetch', { key, output, files: ['b.*'] })
    assert.deepEqual(
      ['a.txt', 'b.mp3', 'c.mp3'].map(name => existsSync(join(output, 'several', name))),
      [false, true, false],
    )
    const { files } = await fetcher.call<ContentDetails>('content.files', { key, normal: ['*.mp3'] })
    assert.deepEqual(
      files.map(({ priority }) => priority),
      ['skip', 'normal', 'normal'],
    )
    await until('the other is here', async () => (await show(fetcher, key)).files[2]?.bytesDone === 600_000)
    await until('it is in its place', () => existsSync(join(output, 'several', 'c.mp3')))
    assert.ok(readFileSync(join(output, 'several', 'c.mp3')).equals(readFileSync(join(several, 'c.mp3'))))
    const again = await fetcher.call<FetchedContent>('content.fetch', { key, output, files: ['0'] })
    assert.deepEqual(again.chosen, [0])
    assert.ok(existsSync(join(output, 'several', 'a.txt')), 'what is here already takes another wish')
  })

  it('does nothing where what is wished for is not there', async () => {
    const several = join(folder, 'refused')
    mkdirSync(several)
    for (const name of ['a.txt', 'b.mp3']) writeFileSync(join(several, name), randomBytes(1_000))
    const { key } = await publish({ path: several })
    const output = join(folder, 'nothing')
    mkdirSync(output)
    for (const wish of [{ files: ['*.flac'] }, { oneFile: true }]) {
      const call = fetcher.call('content.fetch', { key, output, ...wish })
      const refused = await call.catch((error: { code: number; message: string }) => error)
      assert.deepEqual(
        refused instanceof Error && { ...refused, message: refused.message },
        wish.files === undefined
          ? { name: 'RpcError', code: -32602, message: ONE_FILE }
          : { name: 'RpcError', code: -32602, message: '"*.flac" means none of the 2 files.' },
      )
    }
    assert.deepEqual(readdirSync(output), [])
    const list = await fetcher.call<ContentSummary[]>('content.list')
    assert.equal(
      list.some(content => content.key === key),
      false,
    )
  })

  it('finds damage when it rechecks, and mends it when it is resumed', async () => {
    const source = file('mended.bin', 2 * MIB)
    const { key } = await publish({ path: source })
    const output = join(folder, 'mended-copy.bin')
    await fetcher.call('content.fetch', { key, output })
    damage(output)
    const checked = await runCli(['content', 'recheck', key, '--datadir', fetcher.datadir, '--json'])
    const [found] = JSON.parse(checked.stdout) as ContentSummary[]
    assert.deepEqual([found?.state, found?.piecesDone], ['paused', 7])
    assert.match(found?.problem ?? '', /1 of 8 pieces of mended\.bin are damaged or missing/)
    await fetcher.call('content.resume', { key })
    await untilState(fetcher, key, 'seeding')
    assert.ok(readFileSync(output).equals(readFileSync(source)))
  })

  it('moves, renames and removes', async () => {
    const source = join(folder, 'movable')
    mkdirSync(source)
    writeFileSync(join(source, 'one'), randomBytes(300_000))
    writeFileSync(join(source, 'two'), randomBytes(300_000))
    const { key } = await publish({ path: source })
    const fetched = await fetcher.call<FetchedContent>('content.fetch', {
      key,
      output: join(folder, 'was-here'),
    })
    assert.equal(fetched.path, join(folder, 'was-here'))
    mkdirSync(join(folder, 'shelf'))
    const moved = await fetcher.call<ContentSummary>('content.move', { key, path: join(folder, 'shelf') })
    assert.equal(moved.path, join(folder, 'shelf', 'was-here'))
    assert.equal(existsSync(join(folder, 'was-here')), false)
    const renamed = await fetcher.call<ContentDetails>('content.rename', {
      key,
      file: 'one',
      path: 'sub/uno',
    })
    assert.equal(renamed.files[0]?.path, 'sub/uno')
    assert.ok(existsSync(join(folder, 'shelf', 'was-here', 'sub', 'uno')))
    const answer = await fetch(`${rpcOf(fetcher)}/content/${key}/two`)
    assert.equal((await answer.arrayBuffer()).byteLength, 300_000)
    await fetcher.call('content.remove', { key, deleteFiles: true })
    assert.equal(existsSync(join(folder, 'shelf', 'was-here')), false)
    assert.equal((await fetch(`${rpcOf(fetcher)}/content/${key}/two`)).status, 404)
  })
})
