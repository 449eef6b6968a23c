import assert from 'node:assert/strict'
import { bytesToHex, hexToBytes, sha256, utf8Encode } from '@onehop/primitives'
import { describe, it } from 'mocha'
import {
  cidToInfohash,
  contentKey,
  infohashToCid,
  infohashToMultihash,
  keyHash32,
  nameKey,
  parseContentReference,
  wordKey,
} from '../src/index.ts'

const INFOHASH = 'c9e15763f722f23e98a29decdfae341b98d53056'

function parsed(text: string) {
  const result = parseContentReference(text)
  assert.ok(result.ok, text)
  return result.value
}

function rejected(text: string): string {
  const result = parseContentReference(text)
  assert.ok(!result.ok, `"${text}" was understood`)
  return result.code
}

describe('content references', () => {
  const cid = infohashToCid(hexToBytes(INFOHASH))

  it('write an infohash as CIDv1, torrent-info, sha1', () => {
    assert.equal(cid.length, 40)
    assert.match(cid, /^baf/)
    const back = cidToInfohash(cid)
    assert.ok(back.ok)
    assert.equal(bytesToHex(back.value), INFOHASH)
  })

  it('understand the CID, the infohash in hex and base32, and magnet links as the same content', () => {
    const texts = [
      cid,
      INFOHASH,
      INFOHASH.toUpperCase(),
      ' zhqvoy7xelzd5gfctxwn7lrudomnkmcw\n'.toUpperCase(),
      `magnet:?xt=urn:btih:${INFOHASH}&dn=Big+Buck%20Bunny&tr=udp%3A%2F%2Ft.example`,
      `magnet:?dn=x&xt=urn:btih:ZHQVOY7XELZD5GFCTXWN7LRUDOMNKMCW`,
    ]
    for (const text of texts) {
      const reference = parsed(text)
      assert.equal(reference.kind, 'content')
      assert.ok(reference.kind === 'content' && reference.infohash)
      assert.equal(bytesToHex(reference.infohash), INFOHASH, text)
      assert.equal(reference.cid, cid)
      assert.deepEqual(reference.key, contentKey(infohashToMultihash(hexToBytes(INFOHASH))))
    }
  })

  it('keep a magnet link’s display name', () => {
    const reference = parsed(`magnet:?xt=urn:btih:${INFOHASH}&dn=Big+Buck%20Bunny`)
    assert.equal(reference.kind === 'content' && reference.displayName, 'Big Buck Bunny')
  })

  it('place CIDs of any codec and version by their multihash alone', () => {
    const v0 = parsed('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG')
    const v1 = parsed('bafybeie5nqv6kd3qnfjupgvz34woh3oksc3iau6abmyajn7qvtf6d2ho34')
    assert.equal(v0.kind, 'content')
    assert.equal(v1.kind, 'content')
    assert.deepEqual(v0.key, v1.key)
    assert.equal(v0.kind === 'content' && v0.infohash, undefined)
    assert.equal(v1.kind === 'content' && v1.cid.startsWith('bafybei'), true)
  })

  it('take a magnet link whose display name is in no encoding that they know', () => {
    const reference = parsed(`magnet:?xt=urn:btih:${INFOHASH}&dn=caf%E9`)
    assert.ok(reference.kind === 'content' && reference.infohash && !('displayName' in reference))
  })

  it('take a v2 topic of a magnet link as a multihash, and the infohash alone', () => {
    const hash = bytesToHex(sha256(utf8Encode('v2')))
    const reference = parsed(`magnet:?xt=urn:btmh:1220${hash}`)
    assert.equal(reference.kind === 'content' && bytesToHex(reference.multihash), `1220${hash}`)
    assert.deepEqual(parsed(hash.toUpperCase()), reference)
  })

  it('look for a hybrid under its v1 infohash, in whatever order a magnet link has the two', () => {
    const topics = [`xt=urn:btmh:1220${'0a'.repeat(32)}`, `xt=urn:btih:${INFOHASH}`]
    for (const order of [topics, topics.toReversed()]) {
      const reference = parsed(`magnet:?${order.join('&')}`)
      assert.equal(reference.kind === 'content' && bytesToHex(reference.infohash!), INFOHASH)
    }
  })

  it('take everything else for a name, compared in lower case and composed form', () => {
    const reference = parsed('Café.MP3')
    assert.equal(reference.kind === 'name' && reference.name, 'Café.MP3')
    assert.deepEqual(reference.key, nameKey('cafe\u0301.mp3'))
    assert.deepEqual(nameKey('café.mp3'), sha256(utf8Encode('onehop/name\0café.mp3')))
    assert.deepEqual(wordKey('CAFÉ'), sha256(utf8Encode('onehop/word\0café')))
    assert.equal(parsed('0123456789abcdef').kind, 'name')
  })

  it('say what is wrong', () => {
    assert.equal(rejected('   '), 'empty-reference')
    assert.equal(rejected('magnet:?dn=nothing'), 'bad-magnet')
    assert.equal(rejected('magnet:?xt=urn:btih:1234'), 'bad-magnet')
    assert.equal(rejected('magnet:?xt=%ZZ'), 'bad-magnet')
    assert.equal(rejected(`${cid.slice(0, -1)}7`), 'bad-cid')
    assert.equal(rejected('x'.repeat(9000)), 'long-reference')
    assert.equal(rejected('half \ud800 character'), 'bad-name')
    assert.equal(cidToInfohash('bafybeie5nqv6kd3qnfjupgvz34woh3oksc3iau6abmyajn7qvtf6d2ho34').ok, false)
  })

  it('place keys by their first four bytes, big endian', () => {
    assert.equal(keyHash32(hexToBytes('80000001'.padEnd(64, '0'))), 0x80000001)
  })
})
