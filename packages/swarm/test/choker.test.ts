import assert from 'node:assert/strict'
import {
  CHOKE_INTERVAL_MS,
  type ChokeDecision,
  type ChokerPeer,
  type PeerKey,
  RotatingChoker,
} from '@onehop/swarm'

const peer = (key: number, changes: Partial<ChokerPeer> = {}): ChokerPeer => ({
  key: key as PeerKey,
  remotePeer: `peer ${key}`,
  interested: true,
  wanted: true,
  unchoked: false,
  unchokedAtMs: 0,
  connectedAtMs: 0,
  downloadBytesPerSecond: 0,
  uploadBytesPerSecond: 0,
  snubbing: false,
  ...changes,
})
const at = (nowMs: number) => ({
  nowMs,
  random: () => 0.5,
  seeding: true,
  uploadCapacityBytesPerSecond: undefined,
})
const served = (chosen: ReadonlyMap<PeerKey, ChokeDecision>) =>
  [...chosen].filter(([, { slot }]) => slot !== 'choked').map(([key]) => key)

describe('the rotating choker', () => {
  it('serves all who are interested while there are slots, and nobody else', () => {
    const chosen = new RotatingChoker(3).choose([peer(1), peer(2, { interested: false }), peer(3)], at(0))
    assert.deepEqual(served(chosen), [1, 3])
  })

  it('says why', () => {
    const chosen = new RotatingChoker(1).choose([peer(1), peer(2)], at(0))
    assert.equal(chosen.get(1 as PeerKey)?.reason, 'its turn')
    assert.equal(chosen.get(2 as PeerKey)?.reason, 'waits for its turn')
  })

  it('does not take a slot away before its time is over', () => {
    const lucky = peer(1, { unchoked: true, unchokedAtMs: 100 })
    assert.deepEqual(served(new RotatingChoker(1).choose([peer(2), lucky], at(200))), [1])
  })

  it('gives everyone a turn', () => {
    const choker = new RotatingChoker(2)
    let peers = [peer(1), peer(2), peer(3), peer(4), peer(5)]
    const lucky = new Set<number>()
    for (let round = 1; round <= 3; round++) {
      const nowMs = round * CHOKE_INTERVAL_MS
      const chosen = choker.choose(peers, at(nowMs))
      assert.equal(served(chosen).length, 2)
      for (const key of served(chosen)) lucky.add(key)
      peers = peers.map(p => ({
        ...p,
        unchoked: served(chosen).includes(p.key),
        unchokedAtMs: served(chosen).includes(p.key) && !p.unchoked ? nowMs : p.unchokedAtMs,
      }))
    }
    assert.equal(lucky.size, 5)
  })
})
