import assert from 'node:assert/strict'
import { type PeerKey, ProportionalShareChoker } from '@onehop/swarm'
import { ChokingRounds, chokerPeer, inSlot } from './choking-round.ts'

const choose = (...peers: ReturnType<typeof chokerPeer>[]) =>
  new ChokingRounds(new ProportionalShareChoker(), peers).choose()

describe('proportional share', () => {
  it('gives each a share in proportion to what it gave, and a fifth in turn', () => {
    const decisions = choose(
      chokerPeer(1, { downloadBytesPerSecond: 3000 }),
      chokerPeer(2, { downloadBytesPerSecond: 1000 }),
      chokerPeer(3),
    )
    const share = (key: number) => decisions.get(key as PeerKey)?.share ?? 0
    assert.ok(Math.abs(share(1) - 0.6) < 1e-9)
    assert.ok(Math.abs(share(2) - 0.2) < 1e-9)
    assert.ok(Math.abs(share(3) - 0.2) < 1e-9)
    assert.deepEqual(inSlot(decisions, 'optimistic'), [3])
  })

  it('leaves out nobody who gives, however little', () => {
    const givers = Array.from({ length: 40 }, (_, i) => chokerPeer(i, { downloadBytesPerSecond: i + 1 }))
    assert.equal(inSlot(choose(...givers), 'regular').length, 40)
  })

  it('gives everything to those that give when nobody else wants anything', () => {
    const decisions = choose(chokerPeer(1, { downloadBytesPerSecond: 5 }))
    assert.equal(decisions.get(1 as PeerKey)?.share, 1)
  })

  it('gives everything in turn while nobody gives', () => {
    const shares = [...choose(chokerPeer(1), chokerPeer(2)).values()].map(({ share }) => share)
    assert.deepEqual(shares, [0.5, 0.5])
  })

  it('gives who snubs it no share but in turn', () => {
    const peers = [
      chokerPeer(1, { downloadBytesPerSecond: 10 }),
      chokerPeer(2, { downloadBytesPerSecond: 10, snubbing: true }),
    ]
    assert.deepEqual(inSlot(choose(...peers), 'regular'), [1])
    assert.deepEqual(inSlot(choose(...peers), 'optimistic'), [2])
  })
})
