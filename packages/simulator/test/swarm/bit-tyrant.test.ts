import assert from 'node:assert/strict'
import type { ChokerContext, ChokerPeer, PeerKey } from '@onehop/swarm'
import { BitTyrantChoker } from '../../src/swarm/bit-tyrant.ts'

function peer(key: number, changes: Partial<ChokerPeer> = {}): ChokerPeer {
  return {
    ...{ key: key as PeerKey, remotePeer: `peer ${key}`, interested: true, unchoked: true },
    ...{ unchokedAtMs: 0, unchokesUs: false, snubbing: false },
    ...{ downloadBytesPerSecond: 0, uploadBytesPerSecond: 0 },
    ...changes,
  }
}

const at = (round: number): ChokerContext => ({
  ...{ nowMs: round * 10_000, random: () => 0.5, seeding: false },
  ...{ uploadLimitBytesPerSecond: undefined, uploadPeakBytesPerSecond: 0 },
})

/** Shares of the peers after so many rounds in which they were served. */
function sharesAfter(rounds: number, peers: readonly ChokerPeer[]): (number | undefined)[] {
  const choker = new BitTyrantChoker(100_000)
  let decisions = choker.choose(peers, at(0))
  for (let round = 1; round < rounds; round++) decisions = choker.choose(peers, at(round))
  return peers.map(({ key }) => decisions.get(key)?.share)
}

describe('the BitTyrant rule', () => {
  it('offers a tenth less a round to who has reciprocated three times, and a fifth more to who has not', () => {
    const giver = peer(1, { unchokesUs: true, downloadBytesPerSecond: 14_000 })
    const [toGiver, toOther] = sharesAfter(3, [giver, peer(2)])
    assert.ok(Math.abs(toGiver! - 0.14 * 0.9) < 1e-9)
    assert.ok(Math.abs(toOther! - 0.14 * 1.2 ** 3) < 1e-9)
  })

  it('serves those that bring most for their cost until its upload is used up', () => {
    const peers = Array.from({ length: 20 }, (_, i) =>
      peer(i, { unchokesUs: true, downloadBytesPerSecond: 1000 * (i + 1) }),
    )
    const shares = sharesAfter(1, peers)
    const total = shares.reduce<number>((sum, share) => sum + (share ?? 0), 0)
    assert.ok(Math.abs(total - 1) < 1e-9)
    assert.equal(shares[0], undefined)
    assert.ok(shares[19]! > 0)
  })
})
