import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContentNode, startContentNode, TORRENT } from './support/content-node.ts'
import type { Run } from './support/run-cli.ts'

describe('the command line, publishing and fetching', () => {
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

  it('publishes with trackers, and writes the .torrent files', async () => {
    writeFileSync(join(scene.node.folder, 'x'), 'abc')
    const tracker = 'http://127.0.0.1:6969/announce'
    const one = await onehop(
      ...['publish', 'x', '-t', tracker, '--torrent-file', 'x.torrent', '--private', '--hybrid'],
      ...['--piece-length', '64K', '--name', 'y', '--json'],
    )
    const [shown] = JSON.parse(one.stdout) as { torrentFile: string }[]
    assert.equal(shown?.torrentFile, join(scene.node.folder, 'x.torrent'))
    assert.deepEqual(readFileSync(join(scene.node.folder, 'x.torrent')), TORRENT)
    const { paths, ...rest } = scene.calls[0] as { paths: string[] }
    assert.deepEqual(paths, [join(scene.node.folder, 'x')])
    assert.deepEqual(rest, {
      name: 'y',
      trackers: [tracker],
      private: true,
      pieceLength: 65_536,
      version: 'hybrid',
    })
    const two = await onehop('publish', 'x', 'x', '--torrent-file', '.')
    assert.match(two.stdout, /\/of bah0\.torrent\n\nalbum {2}2 files, 3 bytes/s)
    assert.deepEqual(readFileSync(join(scene.node.folder, 'of bah1.torrent')), TORRENT)
    const saved = await onehop('content', 'torrent', 'album', '-o', 'saved.torrent', '-q')
    assert.equal(saved.stdout, `${join(scene.node.folder, 'saved.torrent')}\n`)
  })

  it('sends a .torrent to the node, and everything that was asked for with it', async () => {
    writeFileSync(join(scene.node.folder, 'a.torrent'), TORRENT)
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
    assert.deepEqual(scene.calls, [
      {
        name: 'content.fetch',
        torrent: TORRENT.toString('base64'),
        output: `${join(scene.node.folder, 'new')}/`,
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
  })

  it('streams the one file to stdout, and says on stderr where it can be read', async () => {
    const run = await onehop('fetch', 'stream', '--stream')
    assert.deepEqual([run.code, run.stdout], [0, TORRENT.toString()])
    assert.match(run.stderr, /^http:\/\/127\.0\.0\.1:\d+\/content\/bahsingle\n\/srv\/album\n/)
    const several = await onehop('fetch', 'both', '--stream')
    assert.deepEqual([several.code, several.stdout], [2, ''])
    assert.match(several.stderr, /^Error: There are 2 files, and one is streamed/)
  })

  it('leaves nothing beside a .torrent for which there is no room, and says so', async () => {
    const nodeWithoutRoom = join(scene.node.folder, 'node-without-room')
    writeFileSync(
      nodeWithoutRoom,
      `#!/bin/sh\nulimit -f 0\nexec '${process.execPath}' --conditions=@onehop/source "$@"\n`,
      { mode: 0o755 },
    )
    const before = readdirSync(scene.node.folder)
    const run = await scene.node.onehop(['content', 'torrent', 'album', '-o', 'full.torrent'], {
      node: nodeWithoutRoom,
    })
    assert.equal(run.code, 1)
    assert.match(
      run.stderr,
      /^Error: Cannot use .*\/full\.torrent: the file is larger than files may be there\.\n$/,
    )
    assert.deepEqual(readdirSync(scene.node.folder), before)
  })
})
