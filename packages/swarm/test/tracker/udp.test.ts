import assert from 'node:assert/strict'
import { concatBytes, SeededRandom } from '@onehop/primitives'
import {
  type AnnounceAnswer,
  encodeUdpConnect,
  TrackerRegistry,
  UdpExchange,
  type UdpStep,
  UdpTracker,
} from '@onehop/swarm'
import fc from 'fast-check'
import { announceOf, INFO_HASH } from './scene.ts'

const SENDER = { host: '1.2.3.4', mayClaimAddress: false }
const random = new SeededRandom(3).next

function newTracker() {
  const registry = new TrackerRegistry({ random })
  return { registry, tracker: new UdpTracker(registry, new Uint8Array(16).fill(9)) }
}

/** Carries packets between a client and a tracker until the client is done. */
function run(exchange: UdpExchange, tracker: UdpTracker, sender = SENDER, nowMs = 0): UdpStep {
  let packet = exchange.start(nowMs)
  for (;;) {
    const answer = tracker.answer(packet, sender, nowMs)
    assert.ok(answer, 'the tracker answers')
    const step = exchange.onPacket(answer, nowMs)
    if (step.kind !== 'send') return step
    packet = step.packet
  }
}

function announce(port: number, tracker: UdpTracker, sender = SENDER): AnnounceAnswer {
  const family = sender.host.includes(':') ? 6 : 4
  const step = run(new UdpExchange(announceOf(port), family, random), tracker, sender)
  assert.equal(step.kind, 'announced')
  return (step as { answer: AnnounceAnswer }).answer
}

describe('a UDP tracker (BEP 15)', () => {
  it('names a peer to the next one, and counts them', () => {
    const { tracker } = newTracker()
    assert.deepEqual(announce(5, tracker).peers, [])
    const { peers, seeders, leechers } = announce(6, tracker)
    assert.deepEqual(
      { peers, seeders, leechers },
      { peers: [{ host: '1.2.3.4', port: 5 }], seeders: 0, leechers: 2 },
    )
  })

  it('names peers of IPv6 to who comes over IPv6', () => {
    const { tracker } = newTracker()
    const sender = { ...SENDER, host: '2001:db8::1' }
    announce(5, tracker, sender)
    announce(6, tracker)
    assert.deepEqual(announce(7, tracker, sender).peers, [{ host: '2001:db8::1', port: 5 }])
  })

  it('answers a scrape', () => {
    const { tracker } = newTracker()
    announce(5, tracker)
    const connectionId = tracker.answer(encodeUdpConnect(1), SENDER, 0)!.subarray(8)
    const scrape = concatBytes(connectionId, Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 9), INFO_HASH)
    // The action and the transaction; then seeders, downloads, leechers.
    assert.deepEqual(
      tracker.answer(scrape, SENDER, 0),
      Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    )
  })

  it('answers nobody who has not shown that he receives at his address', () => {
    const { registry, tracker } = newTracker()
    const exchange = new UdpExchange(announceOf(5), 4, random)
    const connected = exchange.onPacket(tracker.answer(exchange.start(0), SENDER, 0)!, 0)
    assert.equal(connected.kind, 'send')
    const { packet } = connected as { packet: Uint8Array }
    assert.equal(tracker.answer(packet, { ...SENDER, host: '9.9.9.9' }, 0), undefined)
    assert.equal(tracker.answer(packet, SENDER, 5 * 60_000), undefined, 'and not with what is long over')
    assert.deepEqual(registry.size, { torrents: 0, peers: 0 })
    assert.ok(tracker.answer(packet, SENDER, 2 * 60_000), 'two minutes are allowed')
  })

  it('lets only its own machine announce another address', () => {
    const claiming = (mayClaimAddress: boolean) => {
      const { tracker, registry } = newTracker()
      const exchange = new UdpExchange(announceOf(5), 4, random)
      const sender = { ...SENDER, mayClaimAddress }
      const step = exchange.onPacket(tracker.answer(exchange.start(0), sender, 0)!, 0)
      const packet = Uint8Array.from((step as { packet: Uint8Array }).packet)
      packet.set([7, 7, 7, 7], 84)
      assert.ok(tracker.answer(packet, sender, 0))
      const answer = registry.announce(announceOf(6), '8.8.8.8', 0)
      return answer.ok ? answer.value.peers.map(({ host }) => host) : []
    }
    assert.deepEqual(claiming(true), ['7.7.7.7'])
    assert.deepEqual(claiming(false), ['1.2.3.4'])
  })

  it('takes any packet without throwing, and answers no longer than it must', () => {
    const { tracker } = newTracker()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), packet => {
        assert.ok((tracker.answer(packet, SENDER, 0)?.length ?? 0) <= 16)
      }),
    )
  })
})

describe('an exchange with a UDP tracker', () => {
  const request = announceOf(5)

  it('sends again after 15 seconds, gives up after 30 more', () => {
    const exchange = new UdpExchange(request, 4, random)
    exchange.start(0)
    assert.equal(exchange.deadlineMs, 15_000)
    assert.equal(exchange.onTimeout(15_000).kind, 'send')
    assert.equal(exchange.deadlineMs, 45_000)
    assert.deepEqual(exchange.onTimeout(45_000), { kind: 'failed', reason: 'it does not answer' })
  })

  it('goes on waiting when packets come that nobody asked for', () => {
    const exchange = new UdpExchange(request, 4, random)
    const { tracker } = newTracker()
    const answer = tracker.answer(exchange.start(0), SENDER, 0)!
    const forged = Uint8Array.from(answer)
    forged[7]! ^= 1
    assert.equal(exchange.onPacket(forged, 0).kind, 'wait')
    assert.equal(exchange.onPacket(answer.subarray(0, 15), 0).kind, 'wait')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), packet => {
        assert.equal(exchange.onPacket(packet, 0).kind, 'wait')
      }),
    )
    assert.equal(exchange.onPacket(answer, 0).kind, 'send')
  })

  it('asks for a new connection id when the old one is over', () => {
    const exchange = new UdpExchange(request, 4, random)
    const { tracker } = newTracker()
    exchange.onPacket(tracker.answer(exchange.start(0), SENDER, 0)!, 0)
    const again = exchange.onTimeout(61_000) as { packet: Uint8Array }
    assert.equal(again.packet.length, 16)
  })

  it('fails with the tracker’s words', () => {
    const exchange = new UdpExchange(request, 4, random)
    const registry = new TrackerRegistry({ random, whitelist: new Set() })
    const tracker = new UdpTracker(registry, new Uint8Array(16))
    assert.deepEqual(run(exchange, tracker), {
      kind: 'failed',
      reason: 'this tracker does not serve this torrent',
    })
  })
})
