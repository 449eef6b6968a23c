import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ContentDetails,
  type ContentSummary,
  createRpcServer,
  defineMethod,
  RpcError,
  type RpcServer,
} from '@onehop/rpc'
import { pieceMap } from '../src/content/content-view.ts'
import { type Run, runCli } from './support/run-cli.ts'

const CONTENT = Buffer.from('d8:announce2:ab4:infod6:lengthi3eee')

const SUMMARY: ContentSummary = {
  key: 'bahalbum',
  infohash: 'ab'.repeat(20),
  name: 'album',
  path: '/srv/album',
  bytes: 3_000_000,
  bytesWanted: 2_000_000,
  bytesDone: 1_000_000,
  pieces: 12,
  piecesDone: 4,
  magnet: 'magnet:?xt=urn:btih:abab',
  state: 'fetching',
  private: false,
  peers: 2,
  downloadBytesPerSecond: 5_200_000,
  uploadBytesPerSecond: 0,
  downloadedBytes: 1_100_000,
  uploadedBytes: 500_000,
}

const PAUSED: ContentSummary = {
  ...SUMMARY,
  key: 'bahfilm',
  name: 'fi\u001blm.mp4',
  bytesDone: 2_000_000,
  state: 'paused',
  peers: 0,
  downloadBytesPerSecond: 0,
  problem: 'Cannot write /srv/film.mp4: the disk is full.',
}

const PEER = {
  peer: '127.0.0.1:51413',
  client: 'Transmission 3.00',
  transport: 'tcp',
  encrypted: true,
  outbound: false,
  pieces: 6,
  amChoking: false,
  amInterested: true,
  peerChoking: true,
  peerInterested: true,
  snubbing: true,
  slot: 'regular',
  reason: 'among the 4 that gave most',
  requestsOutstanding: 5,
  downloadBytesPerSecond: 5_200_000,
  uploadBytesPerSecond: 340_000,
  downloadedBytes: 10,
  uploadedBytes: 20,
} as const

const DETAILS: ContentDetails = {
  ...SUMMARY,
  pieceLengthBytes: 262_144,
  limits: { downloadBytesPerSecond: null, uploadBytesPerSecond: 512_000, seedRatio: 2, seedMinutes: null },
  sequential: false,
  ratio: 0.5,
  seedingMs: 0,
  etaMs: 90_000,
  availability: 1.25,
  candidates: 7,
  files: [
    {
      index: 0,
      path: 'a.mp3',
      bytes: 1_000_000,
      bytesDone: 1_000_000,
      priority: 'normal',
      url: '/content/bahalbum/a.mp3',
    },
    {
      index: 2,
      path: 'b.mp3',
      bytes: 2_000_000,
      bytesDone: 0,
      priority: 'skip',
      url: '/content/bahalbum/b.mp3',
    },
  ],
  peerList: [
    PEER,
    {
      ...PEER,
      peer: '12D3KooWRv3rwJMrKnj853tf7rdEkfD9ggHTf6gm9HBbCov7ce4T',
      client: 'onehop 0.1.0',
      transport: 'libp2p',
      outbound: true,
      amChoking: true,
      peerChoking: false,
      snubbing: false,
      slot: 'choked',
      reason: 'others gave more',
      downloadBytesPerSecond: 0,
      uploadBytesPerSecond: 0,
    },
  ],
  trackers: [
    {
      url: 'udp://127.0.0.1:6969',
      tier: 0,
      state: 'working',
      seeders: 3,
      leechers: 1,
      nextAnnounceMs: 90_000,
    },
    { url: 'http://t.example/announce', tier: 1, state: 'failing', message: 'connection refused' },
  ],
  pieceMap: Buffer.of(0xf0, 0).toString('base64'),
}

/** A node that remembers what it was asked. */
function fakeMethods(calls: Record<string, unknown>[], reads: EventEmitter) {
  const any = { type: 'any', optional: true } as const
  const params = Object.fromEntries(
    [
      ...[
        'key',
        'path',
        'deleteFiles',
        'skip',
        'low',
        'normal',
        'high',
        'torrent',
        'output',
        'files',
        'peers',
      ],
      ...['trackers', 'sequential', 'detach', 'downloadBytesPerSecond', 'uploadBytesPerSecond', 'seedRatio'],
      ...[
        'seedMinutes',
        'stallSeconds',
        'oneFile',
        'paths',
        'name',
        'private',
        'version',
        'pieceLength',
        'comment',
        'file',
      ],
    ].map(name => [name, any]),
  )
  const method = (name: string, answer: (values: Record<string, unknown>, signal: AbortSignal) => unknown) =>
    defineMethod({
      name,
      summary: '',
      params,
      handler: (values, { signal }) => {
        const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
        if (!/\.(list|show|fetches|hashing)$/.test(name)) calls.push({ name, ...given })
        return answer(given, signal)
      },
    })
  const fetched = { key: 'bahalbum', infohash: 'ab', name: 'album', path: '/srv/album', bytes: 16, pieces: 1 }
  let streaming: string | undefined
  return [
    method('content.list', () => [SUMMARY, PAUSED]),
    method('content.show', ({ key }) => {
      if (key === 'unknown') throw new RpcError(-40, 'This node does not have unknown.')
      if (key === 'bahsingle')
        return { ...DETAILS, key: 'bahsingle', files: [{ ...DETAILS.files[0]!, url: '/content/bahsingle' }] }
      return DETAILS
    }),
    method('content.pause', ({ key }) => ({ ...SUMMARY, key, state: 'paused' })),
    method('content.resume', ({ key }) => ({ ...SUMMARY, key })),
    method('content.recheck', () => SUMMARY),
    method('content.remove', () => null),
    method('content.move', ({ path }) => ({ ...SUMMARY, path })),
    method('content.rename', () => DETAILS),
    method('content.files', () => DETAILS),
    method('content.limit', ({ key }) => ({ ...(key === undefined ? {} : { key }), limits: DETAILS.limits })),
    method('content.torrent', ({ key }) => ({ key, name: `of ${key}`, torrent: CONTENT.toString('base64') })),
    method('content.hashing', () => []),
    method('content.fetches', () => {
      const asked = streaming
      return asked === undefined ? [] : [{ asked, key: 'bahsingle', name: '', pieces: 1, chosen: [0] }]
    }),
    method('content.publish', ({ paths }) =>
      (paths as string[]).map((path, i) => ({
        ...{
          key: `bah${i}`,
          infohash: 'ab',
          name: 'x',
          path,
          bytes: 3,
          pieces: 1,
          files: 2,
          magnet: 'magnet:?',
        },
        ...{ words: [], acknowledgements: 0 },
      })),
    ),
    method('content.fetch', async ({ key }, signal) => {
      if (key === 'both') throw new RpcError(-32602, 'There are 2 files, and one is streamed: name it.')
      if (key !== 'stream') return { ...fetched, providers: [], elapsedMs: 1 }
      streaming = key
      await once(reads, 'end', { signal }).catch(() => undefined)
      streaming = undefined
      return { ...fetched, providers: ['12D3KooWa'], elapsedMs: 1 }
    }),
  ]
}

describe('the command line and content', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'onehop-content-')))
  const datadir = join(folder, 'node')
  const calls: Record<string, unknown>[] = []
  /** Says `end` when a file was read to its end. */
  const reads = new EventEmitter()
  let server: RpcServer

  before(async () => {
    mkdirSync(datadir)
    server = await createRpcServer({
      methods: fakeMethods(calls, reads),
      port: 0,
      cookiePath: join(datadir, '.cookie'),
      content: id => {
        if (id !== 'bahsingle') return undefined
        const file = {
          name: 'single',
          lengthBytes: CONTENT.length,
          entityTag: '"x"',
          async *read() {
            yield CONTENT
            reads.emit('end')
          },
        }
        return { kind: 'file', file }
      },
    })
    writeFileSync(join(datadir, 'rpc.json'), JSON.stringify({ url: server.url, pid: process.pid }))
  })

  beforeEach(() => {
    calls.length = 0
  })

  after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  function onehop(...args: string[]): Promise<Run> {
    return runCli(args, { env: { ONEHOP_DATADIR: datadir }, cwd: folder })
  }

  it('lists it with rates, and tells under the table why something stands still', async () => {
    const [text, ids] = await Promise.all([onehop('content', 'list'), onehop('content', 'list', '-q')])
    assert.equal(
      text.stdout,
      'name       size     here  state     down      up  peers  key\n' +
        'album      2.9 MiB  50%   fetching  5.2 MB/s      2      bahalbum\n' +
        'fi?lm.mp4  2.9 MiB  100%  paused                  0      bahfilm\n' +
        'fi?lm.mp4: Cannot write /srv/film.mp4: the disk is full.\n',
    )
    assert.equal(ids.stdout, 'bahalbum\nbahfilm\n')
  })

  it('shows of every peer why it is choked or not, and of every tracker how it is', async () => {
    const { stdout } = await onehop('content', 'show', 'album')
    const lines = stdout.split('\n')
    const line = (start: string) => lines.find(each => each.startsWith(start))
    assert.equal(
      line('here'),
      'here          50% of 1.9 MiB (2.9 MiB with all files), 4 of 12 pieces of 256.0 KiB',
    )
    assert.equal(line('limits'), 'limits        up 500.0 KiB/s, seed to ratio 2')
    assert.equal(line('pieces'), 'pieces  ████········')
    assert.match(
      stdout,
      /# {2}size {7}here {2}wanted {2}path\n0 .* 100% {2}normal {2}a\.mp3\n2 .* 0% {4}skip {4}b\.mp3\n/,
    )
    assert.match(
      stdout,
      /\n0 {5}udp:.* working {2}3 {8}1 {9}in 1 min 30 s\n1 {5}http.* failing .* connection refused\n/,
    )
    assert.match(
      stdout,
      /\n127\.0\.0\.1:51413 .* Transmission 3\.00 {2}tcp {5}dUSEI {2}50% {2}5\.2 MB\/s {2}340 kB\/s {2}unchoked \(regular\): among the 4 that gave most\n/,
    )
    assert.match(stdout, /\n….*7ce4T .* libp2p {2}DuE .* choked: others gave more\n/)
  })

  it('pauses, resumes and removes several, or all', async () => {
    const paused = await onehop('content', 'pause', 'a', 'b')
    assert.match(paused.stdout, /^album is paused\.\nalbum is paused\.\n$/)
    await onehop('content', 'resume', '--all')
    const removed = await onehop('content', 'remove', 'a', '--delete-files', '--json')
    assert.deepEqual(JSON.parse(removed.stdout), { removed: ['a'] })
    assert.deepEqual(calls, [
      { name: 'content.pause', key: 'a' },
      { name: 'content.pause', key: 'b' },
      { name: 'content.resume', key: 'bahalbum' },
      { name: 'content.resume', key: 'bahfilm' },
      { name: 'content.remove', key: 'a', deleteFiles: true },
    ])
  })

  it('rechecks, moves, renames, limits and chooses files', async () => {
    const [recheck, move] = await Promise.all([
      onehop('content', 'recheck', 'album'),
      onehop('content', 'move', 'album', 'there/'),
      onehop('content', 'rename', 'album', '0', 'new.mp3'),
      onehop('content', 'limit', 'album', '-u', '500K', '-d', '0', '--seed-ratio', '1.5'),
      onehop('content', 'limit', '-d', '2M'),
      onehop('content', 'files', 'album', '--only', '*.mp3', '--high', '0,2'),
    ])
    assert.equal(recheck.stdout, 'album is fetching. 50% of 1.9 MiB is here.\n')
    assert.equal(move.stdout, `${join(folder, 'there')}/\n`)
    const byName = calls.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
    assert.deepEqual(byName, [
      { name: 'content.files', key: 'album', skip: ['**'], normal: ['*.mp3'], high: ['0', '2'] },
      { name: 'content.limit', downloadBytesPerSecond: 2_097_152 },
      ...[
        {
          name: 'content.limit',
          key: 'album',
          downloadBytesPerSecond: 0,
          uploadBytesPerSecond: 512_000,
          seedRatio: 1.5,
        },
      ],
      { name: 'content.move', key: 'album', path: `${join(folder, 'there')}/` },
      { name: 'content.recheck', key: 'album' },
      { name: 'content.rename', key: 'album', file: '0', path: 'new.mp3' },
    ])
  })

  it('publishes with trackers, and writes the .torrent files', async () => {
    writeFileSync(join(folder, 'x'), 'abc')
    const tracker = 'http://127.0.0.1:6969/announce'
    const one = await onehop(
      ...['publish', 'x', '-t', tracker, '--torrent-file', 'x.torrent', '--private', '--hybrid'],
      ...['--piece-length', '64K', '--name', 'y', '--json'],
    )
    const [shown] = JSON.parse(one.stdout) as { torrentFile: string }[]
    assert.equal(shown?.torrentFile, join(folder, 'x.torrent'))
    assert.deepEqual(readFileSync(join(folder, 'x.torrent')), CONTENT)
    const { paths, ...rest } = calls[0] as { paths: string[] }
    assert.deepEqual(paths, [join(folder, 'x')])
    assert.deepEqual(rest, {
      name: 'y',
      trackers: [tracker],
      private: true,
      pieceLength: 65_536,
      version: 'hybrid',
    })
    const two = await onehop('publish', 'x', 'x', '--torrent-file', '.')
    assert.match(two.stdout, /\/of bah0\.torrent\n\n.*x {2}2 files, 3 bytes/s)
    assert.deepEqual(readFileSync(join(folder, 'of bah1.torrent')), CONTENT)
    const saved = await onehop('content', 'torrent', 'album', '-o', 'saved.torrent', '-q')
    assert.equal(saved.stdout, `${join(folder, 'saved.torrent')}\n`)
  })

  it('sends a .torrent to the node, and everything that was asked for with it', async () => {
    writeFileSync(join(folder, 'a.torrent'), CONTENT)
    const run = await onehop(
      ...[
        'fetch',
        'a.torrent',
        '-o',
        'new/',
        '--peer',
        '127.0.0.1:1',
        '--tracker',
        'udp://t:1',
        '--sequential',
      ],
      ...[
        '--files',
        '*.mp3,0',
        '--upload-limit',
        '1K',
        '--seed-ratio',
        '2',
        '--stall-timeout',
        '5',
        '--detach',
      ],
    )
    assert.match(run.stdout, /^\/srv\/album\nis being fetched; see "onehop content list"\nbahalbum\n$/)
    assert.deepEqual(calls, [
      {
        name: 'content.fetch',
        torrent: CONTENT.toString('base64'),
        output: `${join(folder, 'new')}/`,
        files: ['*.mp3', '0'],
        peers: ['127.0.0.1:1'],
        trackers: ['udp://t:1'],
        sequential: true,
        detach: true,
        uploadBytesPerSecond: 1024,
        seedRatio: 2,
        stallSeconds: 5,
      },
    ])
    assert.equal(createHash('sha1').update(CONTENT).digest('hex').length, 40)
  })

  it('streams the one file to stdout, and says on stderr where it can be read', async () => {
    const run = await onehop('fetch', 'stream', '--stream')
    assert.deepEqual([run.code, run.stdout], [0, CONTENT.toString()])
    assert.match(run.stderr, /^http:\/\/127\.0\.0\.1:\d+\/content\/bahsingle\n\/srv\/album\n/)
    const several = await onehop('fetch', 'both', '--stream')
    assert.deepEqual([several.code, several.stdout], [2, ''])
    assert.match(several.stderr, /^Error: There are 2 files, and one is streamed/)
  })

  it('says what was typed wrong, with code 2, and what is not there, with its own', async () => {
    for (const name of ['x', 'z']) writeFileSync(join(folder, name), 'kept')
    const cases: [string[], number, RegExp][] = [
      [['content', 'show', 'unknown'], 4, /^Error: This node does not have unknown\.\n$/],
      [['content', 'pause'], 2, /^Error: KEY is missing; see --help\.\n$/],
      [['content', 'pause', 'a', '--all'], 2, /^Error: Name contents, or give --all, not both\.\n$/],
      [['content', 'limit', 'a', '-u', 'fast'], 2, /^Error: --upload-limit must be bytes a second/],
      [['content', 'limit', '--seed-ratio', '2'], 2, /are of one content: name it\.\n$/],
      [['content', 'lst'], 2, /did you mean "onehop content list"/],
      [['publish', ''], 2, /^Error: PATH wants a path, and got an empty text\.\n$/],
      [['publish', 'x', '--torrent-file', ''], 2, /^Error: --torrent-file wants a path/],
      [
        ['publish', 'x', '--torrent-file', 'x'],
        2,
        /^Error: The .torrent cannot be written to .*\/x: .*\/x is what/,
      ],
      [['publish', '.', '--torrent-file', 'sub.torrent'], 2, /^Error: The .torrent cannot be written to/],
      [
        ['publish', 'x', '--torrent-file', 'z'],
        1,
        /\/z is there already, and is no \.torrent: it stays as it is\.\n$/,
      ],
      [['fetch', 'x', '-o', ''], 2, /^Error: --output wants a path, and got an empty text\.\n$/],
      [['fetch', 'http://h/x.torrent'], 2, /^Error: Nothing is fetched from URLs: download http:/],
      [['publish', 'x', '--private'], 2, /^Error: --private needs --tracker/],
      [['publish', 'x', 'x', '--name', 'y'], 2, /^Error: --name fits one path only/],
      [['publish', 'x', 'x', '--torrent-file', 'new.torrent'], 2, /^Error: 2 \.torrent files need a folder/],
      [
        ['fetch', './none.torrent'],
        1,
        /^Error: Cannot use .*none\.torrent: there is no such file or folder\.\n$/,
      ],
      [['fetch', 'x', '--stream', '--json'], 2, /--json.*--stream|--stream.*--json/],
    ]
    await Promise.all(
      cases.map(async ([args, code, stderr]) => {
        const run = await onehop(...args)
        assert.match(run.stderr, stderr)
        assert.equal(run.code, code, args.join(' '))
        assert.equal(run.stderr.trim().split('\n').length, 1, 'one line')
      }),
    )
    for (const name of ['x', 'z']) assert.equal(readFileSync(join(folder, name), 'utf8'), 'kept')
  })

  it('draws pieces by their share in each column, empty and full only when they are', () => {
    const bits = Buffer.alloc(32, 0xff)
    bits[0] = 0
    bits[31] = 0xfe
    const map = pieceMap({ pieces: 256, pieceMap: bits.toString('base64') })
    assert.equal(map, `··${'█'.repeat(61)}▓`)
    assert.equal(pieceMap({ pieces: 3, pieceMap: Buffer.of(0b0100_0000).toString('base64') }), '·█·')
  })
})
