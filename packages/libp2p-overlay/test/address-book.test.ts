import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { AddressBook, addressBytes } from '../src/address-book.ts'

const PEER = '12D3KooWT1ymmUSd5myhk2MxBSSNzDhnfW2JKQWqCxiu7SvqtDks'

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(multiaddr(text).bytes)
}

describe('the address book', () => {
  function told(...addresses: Uint8Array[]): string[] {
    const book = new AddressBook()
    book.learn(PEER, addresses)
    return book.addressesOf(PEER).map(String)
  }

  it('has the newest first, each once, and forgets the oldest beyond the limit', () => {
    const book = new AddressBook()
    const ports = Array.from({ length: 9 }, (_, i) => `/ip4/127.0.0.1/tcp/${i + 1}`)
    for (const port of ports) book.learn(PEER, [bytesOf(port)])
    book.learn(PEER, [bytesOf(ports[5]!)])
    const known = book.addressesOf(PEER).map(String)
    assert.equal(known.length, 8)
    assert.deepEqual(known.slice(0, 2), [ports[5], ports[8]])
    assert.equal(known.includes(ports[0]!), false)
  })

  it('tells whether a peer is new', () => {
    const book = new AddressBook()
    assert.equal(book.learn(PEER, [Uint8Array.of(255)]), false)
    assert.equal(book.learn(PEER, [bytesOf('/ip4/127.0.0.1/tcp/1')]), true)
    assert.equal(book.learn(PEER, [bytesOf('/ip4/127.0.0.1/tcp/1')]), false)
    assert.equal(book.learn(PEER, [bytesOf('/ip4/127.0.0.1/tcp/2')]), false)
    assert.deepEqual([...book.peers()], [PEER])
  })

  it('leaves out what is no address, and the peer id at the end', () => {
    assert.deepEqual(
      told(new Uint8Array(300), Uint8Array.of(255), bytesOf(`/ip4/127.0.0.1/tcp/1/p2p/${PEER}`)),
      ['/ip4/127.0.0.1/tcp/1'],
    )
    assert.deepEqual(told(), [])
  })

  it('leaves the id of a relay where it is', () => {
    const relayed = `/ip4/127.0.0.1/tcp/1/p2p/${PEER}/p2p-circuit`
    assert.deepEqual(told(addressBytes(multiaddr(`${relayed}/p2p/${PEER}`))), [relayed])
  })
})
