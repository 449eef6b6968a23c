import assert from 'node:assert/strict'
import { encodeBase32 } from '@onehop/primitives'
import {
  formatMagnet,
  hexToInfoHash,
  infoHashToHex,
  MAX_MAGNET_PEERS,
  MAX_TRACKERS,
  parseMagnet,
} from '@onehop/swarm'
import fc from 'fast-check'

const HEX = '0123456789abcdef0123456789abcdef01234567'

describe('magnet links', () => {
  it('carry infohash, name and length there and back', () => {
    const magnet = fc.record(
      {
        infohash: fc
          .uint8Array({ minLength: 20, maxLength: 20 })
          .map(bytes => hexToInfoHash(infoHashToHex(bytes))),
        displayName: fc.string({ unit: 'grapheme', minLength: 1 }),
        lengthBytes: fc.nat(),
      },
      { requiredKeys: ['infohash'] },
    )
    fc.assert(
      fc.property(magnet, m => {
        assert.deepEqual(parseMagnet(formatMagnet(m)), { ok: true, value: { trackers: [], peers: [], ...m } })
      }),
    )
  })

  it('take the infohash in Base32 and in either case', () => {
    const base32 = encodeBase32(hexToInfoHash(HEX))
    for (const id of [HEX, HEX.toUpperCase(), base32, base32.toLowerCase()]) {
      const parsed = parseMagnet(`magnet:?xt=urn:btih:${id}`)
      assert.ok(parsed.ok)
      assert.equal(infoHashToHex(parsed.value.infohash), HEX)
    }
  })

  it('name trackers, peers and the files to fetch', () => {
    const link =
      `magnet:?xt.1=urn:btmh:1220${'0a'.repeat(32)}&xt.2=urn:btih:${HEX}&dn=a+b&xl=7&so=4,0-2,1` +
      '&tr=udp%3A%2F%2Ft%3A1&tr.1=http://u/announce?x=1&tr=http://u/announce?x=1&tr=wss://v' +
      '&x.pe=1.2.3.4:5&x.pe=[::1]:6&x.pe=host.example:7&x.pe=1.2.3.4&x.pe=[::1&x.pe=1.2.3.4:0&x.pe=1.2.3.4:65536'
    const parsed = parseMagnet(link)
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value, {
      infohash: hexToInfoHash(HEX),
      infohashV2: new Uint8Array(32).fill(10),
      displayName: 'a b',
      lengthBytes: 7,
      trackers: ['udp://t:1', 'http://u/announce?x=1'],
      peers: [
        { host: '1.2.3.4', port: 5 },
        { host: '::1', port: 6 },
        { host: 'host.example', port: 7 },
      ],
      select: [0, 1, 2, 4],
    })
    assert.deepEqual(parseMagnet(formatMagnet(parsed.value)), parsed)
  })

  it('with a v2 infohash alone lead to its first 20 bytes, and are written as they were', () => {
    const link = `magnet:?xt=urn:btmh:1220${HEX}${'ff'.repeat(12)}`
    const parsed = parseMagnet(link)
    assert.ok(parsed.ok)
    assert.equal(infoHashToHex(parsed.value.infohash), HEX)
    assert.equal(formatMagnet(parsed.value), link)
  })

  it('give no more trackers and peers than a limit', () => {
    const many = Array.from({ length: 300 }, (_, i) => `&tr=udp://t${i}&x.pe=h:${i + 1}`).join('')
    const parsed = parseMagnet(`magnet:?xt=urn:btih:${HEX}${many}`)
    assert.ok(parsed.ok)
    assert.equal(parsed.value.trackers.length, MAX_TRACKERS)
    assert.equal(parsed.value.peers.length, MAX_MAGNET_PEERS)
  })

  for (const hint of [
    'dn=caf%E9',
    'dn=100%',
    'so=3-1',
    'so=0-999999999',
    'so=x',
    'so=%',
    'xl=long',
    'tr=%E9',
  ]) {
    it(`ignore ${hint}, which makes no sense`, () => {
      const link = `magnet:?xt=urn:btih:${HEX}`
      assert.deepEqual(parseMagnet(`${link}&${hint}`), parseMagnet(link))
    })
  }

  for (const bad of [
    '',
    'http://example.org',
    'magnet:?dn=x',
    `magnet:?xt=urn:btih:${HEX}0`,
    'magnet:?xt=urn:btih:zz',
    `magnet:?xt=urn:btmh:1220${HEX}`,
    `magnet:?xt=urn:btih:${HEX}&dn=${'x'.repeat(20_000)}`,
  ]) {
    it(`refuses ${bad.slice(0, 60) || 'nothing'}`, () => assert.equal(parseMagnet(bad).ok, false))
  }
})
