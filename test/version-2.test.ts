import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type NodeProcess,
  removeFolder,
  runCli,
  startCluster,
  temporaryFolder,
} from './support/node-process.ts'

interface Published {
  readonly key: string
  readonly magnet: string
  readonly infohash: string
  readonly infohashV2?: string
}

/** 16 KiB pieces, so that their hashes do not fit into one message (BEP 52). */
const PIECE_LENGTH = '16KiB'
const LENGTHS = { 'large.bin': 9_000_001, 'small.txt': 70, 'sub/piece.bin': 16_384 }

describe('torrents of version 2 between nodes that find each other through the overlay', () => {
  const folder = temporaryFolder('version-2')
  let nodes: NodeProcess[] = []
  let fetches = 0

  before(async () => {
    nodes = await startCluster(folder, 3)
  })

  after(async () => {
    await Promise.all(nodes.map(node => node.end()))
    removeFolder(folder)
  })

  function makeAlbum(album: string): string {
    for (const [name, length] of Object.entries(LENGTHS)) {
      mkdirSync(dirname(join(album, name)), { recursive: true })
      writeFileSync(join(album, name), randomBytes(length))
    }
    return album
  }

  /** Runs a command that must succeed against a node. @returns its result. */
  async function ask<T>(node: number, ...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await runCli([...args, '--datadir', nodes[node]!.datadir, '--json'])
    assert.equal(code, 0, `onehop ${args.join(' ')}: ${stderr}\n${stdout}`)
    return JSON.parse(stdout) as T
  }

  for (const version of ['v2', 'hybrid'] as const) {
    it(`${version}: is published by one, and fetched by its id, its magnet link, its name and its .torrent`, async () => {
      const name = `album-${version}`
      const album = makeAlbum(join(folder, name))
      const torrent = join(folder, `${name}.torrent`)
      const options = [`--${version}`, '--piece-length', PIECE_LENGTH, '--torrent-file', torrent]
      const [published] = await ask<Published[]>(0, 'publish', album, ...options)
      assert.equal(published?.infohashV2?.length, 64)
      // Of a hybrid its other name; of v2 the link says nothing else.
      const v2Link = `magnet:?xt=urn:btmh:1220${published.infohashV2}`
      const link = version === 'hybrid' ? v2Link : published.magnet
      for (const source of new Set([published.key, published.magnet, link, name, torrent])) {
        const output = join(folder, `fetched-${++fetches}`)
        await ask(2, 'fetch', source, '--output', `${output}/`)
        for (const file of Object.keys(LENGTHS)) {
          const fetched = readFileSync(join(output, name, file))
          assert.equal(fetched.compare(readFileSync(join(album, file))), 0, `${file} by ${source}`)
        }
        // Whichever infohash it was fetched by.
        const infohash = source === v2Link ? published.infohash : published.infohashV2!
        await ask(2, 'content', 'remove', infohash)
      }
    })
  }
})
