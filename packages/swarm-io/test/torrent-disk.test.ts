import assert from 'node:assert/strict'
import type { SwarmError } from '../src/swarm-error.ts'
import type { Torrent } from '../src/torrent/torrent.ts'
import { TorrentContent } from '../src/torrent/torrent-content.ts'
import { TorrentDisk } from '../src/torrent/torrent-disk.ts'
import type { TorrentHost } from '../src/torrent/torrent-host.ts'
import { folderSample, PIECE, StorageScene, storePieces } from './storage/storage-scene.ts'

describe('the disk of a torrent', () => {
  /** A torrent of which only that is there which a piece meets on its way. */
  function scene(writePiece: TorrentContent['writePiece'], onPieceStored: (outcome: string) => void) {
    const told: string[] = []
    const failures: string[] = []
    const machine = {
      onPieceStored: (_: number, outcome: string) => {
        told.push(outcome)
        onPieceStored(outcome)
      },
    }
    const torrent = { machine, fail: ({ message }: SwarmError) => failures.push(message) }
    const host = { log: () => {} }
    const disk = new TorrentDisk(
      torrent as never as Torrent,
      host as never as TorrentHost,
      new AbortController().signal,
    )
    disk.content = { path: '/srv/a', writePiece } as never as TorrentContent
    return { disk, told, failures }
  }

  it('tells the machine once what became of a piece, though that makes no sense to it', async () => {
    const stored = async () => 'stored' as const
    const { disk, told, failures } = scene(stored, () => {
      throw new Error('a piece was reported that is not being stored')
    })
    await disk.store(1, new Uint8Array(1))
    assert.deepEqual(told, ['stored'])
    assert.match(failures.join(), /not being stored/)
  })

  it('tells that a piece could not be written, and pauses for that', async () => {
    const { disk, told, failures } = scene(
      () => Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' })),
      () => {},
    )
    await disk.store(1, new Uint8Array(1))
    assert.deepEqual(told, ['failed'])
    assert.match(failures.join(), /\/srv\/a.*disk is full/)
  })

  it('says only of what is wanted by then that it is in its place', async () => {
    const scene = await StorageScene.create()
    try {
      const sample = folderSample({ a: PIECE, b: PIECE })
      const opened = await scene.open(sample, { wanted: [true, false] })
      const content = new TorrentContent(opened, false)
      await storePieces(sample, opened, [0])
      assert.equal(await content.finish(() => [true, true]), false)
      assert.equal(content.isFinished, false)
      assert.equal(await content.finish(() => [true, false]), true)
      assert.equal(content.isFinished, true)
    } finally {
      await scene.close()
    }
  })
})
