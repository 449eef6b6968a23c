import assert from 'node:assert/strict'
import { sha256 } from '@onehop/primitives'
import { PeerTable } from '../src/peer-table.ts'

describe('the peer table', () => {
  const id = (n: number) => Uint8Array.of(0, 36, 8, 1, 18, 32, ...new Uint8Array(32).fill(n))

  it('gives the same handle for the same id until it is released, then uses the number again', () => {
    const table = new PeerTable()
    const first = table.intern(id(1))
    const second = table.intern(id(2))
    assert.notEqual(first, second)
    assert.equal(table.intern(id(1)), first)
    assert.deepEqual(table.idOf(first), id(1))
    table.release(first)
    assert.equal(table.find(id(1)), undefined)
    assert.equal(table.intern(id(3)), first)
    assert.equal(table.size, 2)
  })

  it('ignores a second release', () => {
    const table = new PeerTable()
    const handle = table.intern(id(1))
    table.release(handle)
    table.release(handle)
    assert.notEqual(table.intern(id(2)), table.intern(id(3)))
  })

  it('knows the hash that groups are made of', () => {
    const table = new PeerTable()
    const view = new DataView(Uint8Array.from(sha256(id(7))).buffer)
    assert.equal(table.hash32(table.intern(id(7))), view.getUint32(0))
  })

  it('shows peer ids as text, and what is none as digits', () => {
    const table = new PeerTable()
    assert.match(table.textOf(table.intern(id(1))), /^12D3KooW/)
    assert.equal(table.textOf(table.intern(Uint8Array.of(1, 2, 3))), '010203')
  })

  it('is found by the text that it shows, however many were shown before', () => {
    const table = new PeerTable()
    const shown = Array.from({ length: 2_000 }, (_, n) => {
      const handle = table.intern(Uint8Array.of(0, 36, 8, 1, 18, 32, n & 255, n >> 8, ...new Uint8Array(30)))
      return [handle, table.textOf(handle)] as const
    })
    for (const [handle, text] of shown) {
      assert.equal(table.findByText(text), handle)
      assert.equal(table.textOf(handle), text)
    }
    const digits = table.intern(Uint8Array.of(1, 2, 3))
    assert.equal(table.findByText('010203'), digits)
    assert.equal(table.findByText('nobody'), undefined)
  })

  it('gives copies of ids, which nobody can change', () => {
    const table = new PeerTable()
    const handle = table.intern(id(1))
    table.idOf(handle).fill(0)
    assert.deepEqual(table.idOf(handle), id(1))
  })
})
