import assert from 'node:assert/strict'
import { encodeBase32 } from '@onehop/primitives'
import { formatMagnet, hexToInfoHash, infoHashToHex, parseMagnet } from '@onehop/swarm'
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
        assert.deepEqual(parseMagnet(formatMagnet(m)), { ok: true, value: { ...m } })
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

  it('ignore trackers, peer addresses and other hashes', () => {
    const link = `magnet:?xt.1=urn:btmh:1220${'00'.repeat(32)}&xt.2=urn:btih:${HEX}&tr=udp%3A%2F%2Ft&x.pe=1.2.3.4:5&dn=a+b&xl=7`
    const parsed = parseMagnet(link)
    assert.ok(parsed.ok)
    assert.equal(parsed.value.displayName, 'a b')
    assert.equal(parsed.value.lengthBytes, 7)
  })

  for (const bad of [
    '',
    'http://example.org',
    'magnet:?dn=x',
    `magnet:?xt=urn:btih:${HEX}0`,
    'magnet:?xt=urn:btih:zz',
    `magnet:?xt=urn:btih:${HEX}&dn=%ff`,
    `magnet:?xt=urn:btih:${HEX}&dn=${'x'.repeat(20_000)}`,
  ]) {
    it(`refuses ${bad.slice(0, 60) || 'nothing'}`, () => assert.equal(parseMagnet(bad).ok, false))
  }
})
