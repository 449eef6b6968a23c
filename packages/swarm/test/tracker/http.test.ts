import assert from 'node:assert/strict'
import { SeededRandom, utf8Encode } from '@onehop/primitives'
import {
  announceUrl,
  type Bencoded,
  encodeBencode,
  encodeHttpAnnounce,
  encodeHttpFailure,
  encodeHttpScrape,
  parseAnnounceQuery,
  parseHttpAnnounce,
  parseScrapeQuery,
  TrackerRegistry,
} from '@onehop/swarm'
import fc from 'fast-check'
import { announceOf, INFO_HASH } from './scene.ts'

const OWN_ID = new Uint8Array(20).fill(1)

function answerOf(fields: Record<string, Bencoded>) {
  return parseHttpAnnounce(encodeBencode(new Map(Object.entries(fields))), OWN_ID)
}

function contentOf(fields: Record<string, Bencoded>) {
  const answer = answerOf(fields)
  assert.ok(answer.ok)
  return answer.value
}

function queryOf(url: string): string {
  return url.slice(url.indexOf('?') + 1)
}

describe('announces over HTTP', () => {
  it('bring to the tracker what the client said', () => {
    const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 1, max: 65_535 }), (infohash, peerId, port) => {
        const request = announceOf(port, { infohash: infohash as typeof INFO_HASH, peerId, event: 'started' })
        const read = parseAnnounceQuery(queryOf(announceUrl('http://t/announce', request)))
        assert.ok(read.ok)
        assert.deepEqual(read.value, { request: { ...request, key: 0 }, compact: true, noPeerId: true })
      }),
    )
  })

  it('keep what stands in the URL of a private tracker', () => {
    const url = announceUrl('http://t/announce?passkey=abc#x', announceOf(1))
    assert.match(url, /^http:\/\/t\/announce\?passkey=abc&info_hash=%ab%ab/)
  })

  it('send back the id that the tracker gave', () => {
    const { trackerId } = contentOf({ peers: new Uint8Array(0), 'tracker id': utf8Encode('a b') })
    assert.ok(trackerId)
    assert.match(announceUrl('http://t/announce', announceOf(1, { trackerId })), /&trackerid=a%20b$/)
  })

  it('are answered with peers of both families in compact form', () => {
    const answer = contentOf({
      interval: 900,
      'min interval': 60,
      complete: 3,
      incomplete: 4,
      peers: Uint8Array.of(1, 2, 3, 4, 0, 80),
      peers6: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 81),
    })
    assert.deepEqual(answer, {
      intervalSeconds: 900,
      minIntervalSeconds: 60,
      seeders: 3,
      leechers: 4,
      peers: [
        { host: '1.2.3.4', port: 80 },
        { host: '2001:db8::9', port: 81 },
      ],
    })
  })

  it('are answered with peers as dictionaries by old trackers; we and what is no address are left out', () => {
    const peer = (ip: string, port: number, id = new Uint8Array(20)) =>
      new Map<string, Bencoded>([
        ['ip', utf8Encode(ip)],
        ['port', port],
        ['peer id', id],
      ])
    const peers = [
      peer('1.2.3.4', 80),
      peer('::1', 81),
      peer('1.2.3.4', 82, OWN_ID),
      peer('host.example', 83),
      peer('1.2.3.4', 0),
      peer('1.2.3.4', 70_000),
      5,
    ]
    assert.deepEqual(contentOf({ interval: 60, peers }).peers, [
      { host: '1.2.3.4', port: 80 },
      { host: '::1', port: 81 },
    ])
  })

  it('are told why a tracker refuses, without what would move a terminal’s cursor', () => {
    const refusal = answerOf({ 'failure reason': utf8Encode('go \u001b[2J away') })
    assert.deepEqual(refusal, { ok: false, code: 'tracker-failure', blame: 'nobody', detail: 'go  [2J away' })
  })

  it('take any bytes for an answer without throwing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void parseHttpAnnounce(bytes, OWN_ID)))
    const junk = { peers: 7, interval: -5, 'min interval': [], 'tracker id': new Map(), complete: OWN_ID }
    assert.deepEqual(contentOf(junk), { intervalSeconds: 1800, peers: [] })
  })
})

describe('the tracker’s side of HTTP', () => {
  it('answers as the client asked: compact, with dictionaries, without ids', () => {
    const registry = new TrackerRegistry({ random: new SeededRandom(1).next })
    registry.announce(announceOf(5), '1.2.3.4', 0)
    registry.announce(announceOf(6), '::9', 0)
    const answer = registry.announce(announceOf(7), '9.9.9.9', 0)
    assert.ok(answer.ok)
    for (const form of [
      { compact: true, noPeerId: false },
      { compact: false, noPeerId: false },
      { compact: false, noPeerId: true },
    ]) {
      const read = parseHttpAnnounce(encodeHttpAnnounce(answer.value, form), OWN_ID)
      assert.ok(read.ok)
      const hosts = read.value.peers.map(({ host }) => host).sort()
      assert.deepEqual(hosts, ['1.2.3.4', '::9'], JSON.stringify(form))
      assert.equal(read.value.leechers, 3)
    }
  })

  it('refuses what is no announce with a sentence', () => {
    const good = queryOf(announceUrl('http://t/announce', announceOf(5)))
    const cases: [string, RegExp][] = [
      ['', /info_hash is missing/],
      [good.replace(/info_hash=[^&]*/, 'info_hash=abc'), /20 bytes/],
      [good.replace(/peer_id=[^&]*/, 'peer_id=abc'), /20 bytes/],
      [good.replace('port=5', 'port=65536'), /port/],
      [good.replace(/%ab/, '%zz'), /percent/],
    ]
    for (const [query, reason] of cases) {
      const read = parseAnnounceQuery(query)
      assert.ok(!read.ok)
      assert.match(read.detail ?? '', reason)
      assert.match(Buffer.from(encodeHttpFailure(read)).toString(), /^d14:failure reason/)
    }
  })

  it('takes any query without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), query => {
        parseAnnounceQuery(query)
        parseScrapeQuery(query)
      }),
    )
  })

  it('answers a scrape with what was asked for and nothing else (BEP 48)', () => {
    assert.deepEqual(parseScrapeQuery(`info_hash=${'%ab'.repeat(20)}`), { ok: true, value: [INFO_HASH] })
    const entry = { infohash: INFO_HASH, seeders: 1, leechers: 2, downloads: 3 }
    assert.equal(
      Buffer.from(encodeHttpScrape([entry])).toString('latin1'),
      `d5:filesd20:${'\xab'.repeat(20)}d8:completei1e10:downloadedi3e10:incompletei2eeee`,
    )
  })
})
