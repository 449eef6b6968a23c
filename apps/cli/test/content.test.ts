import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pieceMap } from '../src/content/content-view.ts'
import { type ContentNode, startContentNode } from './support/content-node.ts'
import type { Run } from './support/run-cli.ts'

describe('the command line and content', () => {
  let scene: ContentNode

  before(async () => {
    scene = await startContentNode()
  })

  beforeEach(() => {
    scene.calls.length = 0
  })

  after(() => scene.node.close())

  function onehop(...args: string[]): Promise<Run> {
    return scene.node.onehop(args)
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
    assert.deepEqual(scene.calls, [
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
    assert.equal(move.stdout, `${join(scene.node.folder, 'there')}/\n`)
    const byName = scene.calls.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
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
      { name: 'content.move', key: 'album', path: `${join(scene.node.folder, 'there')}/` },
      { name: 'content.recheck', key: 'album' },
      { name: 'content.rename', key: 'album', file: '0', path: 'new.mp3' },
    ])
  })

  it('says what was typed wrong, with code 2, and what is not there, with its own', async () => {
    for (const name of ['x', 'z']) writeFileSync(join(scene.node.folder, name), 'kept')
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
      [['fetch', './x'], 2, /^Error: .*\/x is no \.torrent file: the name of one ends so\.\n$/],
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
    for (const name of ['x', 'z']) assert.equal(readFileSync(join(scene.node.folder, name), 'utf8'), 'kept')
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
