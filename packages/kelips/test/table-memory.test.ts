import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { FILES, fullTables, NODES, sizeOf } from './table-memory.ts'

/** What the paper gives for 100,000 nodes and 10 million files, unsigned, at k = 317 (Kelips §3). */
const PUBLISHED_BYTES = 1_930_000

describe('one node’s full tables at 100,000 nodes and 10 million files', () => {
  it('take no more than the published figure for unsigned ones, signed, with the groups that suit', () => {
    for (const k of [1_024, 2_048]) {
      const tables = fullTables(k, 'packed', 1)
      const { entries, bytes } = sizeOf(tables)
      assert.ok(entries >= Math.floor(NODES / k + 2 * (k - 1) + FILES / k))
      assert.ok(bytes <= PUBLISHED_BYTES, `${bytes} bytes at k = ${k}`)
    }
  })

  it('take at most 32 bytes an entry where what is signed is shared', () => {
    const { entries, bytes } = sizeOf(fullTables(512, 'shared', 1))
    assert.ok(bytes <= entries * 32, `${bytes} bytes for ${entries} entries`)
  })

  it('are all there: packing loses nothing', () => {
    const packed = fullTables(2_048, 'packed', 7)
    const shared = fullTables(2_048, 'shared', 7)
    for (let slot = 0; slot < shared.filetuples.slots; slot++)
      assert.deepEqual(packed.filetuples.pointerAt(slot), shared.filetuples.pointerAt(slot))
    for (const peer of shared.roster.peers())
      assert.deepEqual(packed.roster.recordOf(peer), shared.roster.recordOf(peer))
  })
})
