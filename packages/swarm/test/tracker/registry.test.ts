import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import {
  ANNOUNCE_BURST,
  type AnnounceRequest,
  MAX_PEERS_GIVEN,
  MAX_TRACKED_PEERS_PER_HOST,
  type RegistryOptions,
  TrackerRegistry,
  toInfoHash,
} from '@onehop/swarm'
import { announceOf, INFO_HASH } from './scene.ts'

function newRegistry(options: Partial<RegistryOptions> = {}): TrackerRegistry {
  return new TrackerRegistry({ random: new SeededRandom(2).next, ...options })
}

function announce(registry: TrackerRegistry, request: AnnounceRequest, host = '1.1.1.1', nowMs = 0) {
  const answer = registry.announce(request, host, nowMs)
  assert.ok(answer.ok, answer.ok ? '' : answer.code)
  return answer.value
}

const hostOf = (index: number) => `10.${index >> 16}.${(index >> 8) & 0xff}.${index & 0xff}`

describe('a tracker’s registry', () => {
  it('names to who needs nothing first those who do, and no seeds to who has just completed', () => {
    const registry = newRegistry()
    announce(registry, announceOf(1, { leftBytes: 0 }))
    announce(registry, announceOf(2, { leftBytes: 0 }))
    announce(registry, announceOf(3))
    const portsFor = (changes: Partial<AnnounceRequest>) =>
      announce(registry, announceOf(9, changes)).peers.map(({ port }) => port)
    assert.deepEqual(portsFor({}).sort(), [1, 2, 3])
    // aria2 with a magnet link says that nothing is missing, for it does not know how much there is.
    assert.deepEqual(portsFor({ leftBytes: 0 }).slice(1).sort(), [1, 2])
    assert.deepEqual(portsFor({ leftBytes: 0, peersWanted: 1 }), [3])
    assert.deepEqual(portsFor({ leftBytes: 0, event: 'completed' }), [3])
  })

  it('counts who completes once, and forgets who stops', () => {
    const registry = newRegistry()
    announce(registry, announceOf(1))
    announce(registry, announceOf(1, { leftBytes: 0, event: 'completed' }))
    announce(registry, announceOf(1, { leftBytes: 0, event: 'completed' }))
    assert.deepEqual(registry.scrape([INFO_HASH]), [
      { infohash: INFO_HASH, seeders: 1, leechers: 0, downloads: 1 },
    ])
    announce(registry, announceOf(1, { event: 'stopped' }))
    assert.deepEqual(registry.size, { torrents: 0, peers: 0 })
  })

  it('forgets who misses two announces', () => {
    const registry = newRegistry()
    const { intervalSeconds } = announce(registry, announceOf(1))
    registry.expire(2 * intervalSeconds * 1000)
    assert.equal(registry.size.peers, 1)
    registry.expire(2.5 * intervalSeconds * 1000)
    assert.deepEqual(registry.size, { torrents: 0, peers: 0 })
  })

  it('answers with as many as were asked for, at most 200, nobody twice, and another choice each time', () => {
    const registry = newRegistry()
    for (let i = 0; i < 300; i++) announce(registry, announceOf(1 + i), hostOf(i))
    const ask = (peersWanted: number) => announce(registry, announceOf(999, { peersWanted }), '9.9.9.9').peers
    assert.equal(ask(10).length, 10)
    assert.equal(ask(0).length, 0)
    assert.equal(ask(-1).length, 50)
    const many = ask(5000)
    assert.equal(many.length, MAX_PEERS_GIVEN)
    assert.equal(new Set(many.map(({ host }) => host)).size, MAX_PEERS_GIVEN)
    assert.notDeepEqual(ask(10), ask(10))
  })

  it('slows down one host that announces too often, and no other', () => {
    const registry = newRegistry()
    for (let i = 0; i < ANNOUNCE_BURST; i++) announce(registry, announceOf(1))
    const refusal = registry.announce(announceOf(1), '1.1.1.1', 0)
    assert.equal(refusal.ok ? '' : refusal.code, 'too-many-announces')
    announce(registry, announceOf(1), '2.2.2.2')
    announce(registry, announceOf(1), '1.1.1.1', 1000)
  })

  it('lets one host take only its part, and is full at its limits', () => {
    const registry = newRegistry({ maxPeers: MAX_TRACKED_PEERS_PER_HOST + 1 })
    for (let i = 0; i < MAX_TRACKED_PEERS_PER_HOST; i++) {
      announce(registry, announceOf(1 + i), '1.1.1.1', i * 1000)
    }
    const full = (host: string) => registry.announce(announceOf(60_000), host, 1e9).ok
    assert.equal(full('1.1.1.1'), false, 'its part')
    assert.equal(full('2.2.2.2'), true)
    assert.equal(full('3.3.3.3'), false, 'the limit of all')
    assert.equal(registry.announce(announceOf(1), '1.1.1.1', 1e9).ok, true, 'who is there may stay')
  })

  it('keeps no more torrents than its limit', () => {
    const registry = newRegistry({ maxTorrents: 2 })
    const of = (byte: number) =>
      registry.announce(announceOf(1, { infohash: toInfoHash(new Uint8Array(20).fill(byte)) }), '1.1.1.1', 0)
        .ok
    assert.deepEqual([of(1), of(2), of(3), of(1)], [true, true, false, true])
  })

  it('asks for fewer announces the more peers there are', () => {
    const registry = newRegistry()
    assert.equal(registry.intervalSeconds, 60)
    for (let i = 0; i < 15_000; i++) announce(registry, announceOf(1 + (i % 60_000)), hostOf(i))
    assert.equal(registry.intervalSeconds, 150)
  })

  it('serves only what is on its list, where it has one', () => {
    const registry = newRegistry({ whitelist: new Set(['ab'.repeat(20)]) })
    assert.ok(registry.announce(announceOf(1), '1.1.1.1', 0).ok)
    const other = announceOf(1, { infohash: toInfoHash(new Uint8Array(20)) })
    const refusal = registry.announce(other, '1.1.1.1', 0)
    assert.equal(refusal.ok ? '' : refusal.code, 'not-listed')
  })
})
