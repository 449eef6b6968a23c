import assert from 'node:assert/strict'
import { CHOKE_INTERVAL_MS, type ChokerPeer, type PeerKey, RotatingChoker } from '@onehop/swarm'

const peer = (key: number, changes: Partial<ChokerPeer> = {}): ChokerPeer => ({
  key: key as PeerKey,
  remotePeer: `peer ${key}`,
  interested: true,
  unchoked: false,
  unchokedAtMs: 0,
  connectedAtMs: 0,
  downloadBytesPerSecond: 0,
  uploadBytesPerSecond: 0,
  snubbing: false,
  ...changes,
})
const at = (nowMs: number) => ({ nowMs, random: () => 0.5, seeding: true })

describe('the rotating choker', () => {
  it('serves all who are interested while there are slots, and nobody else', () => {
    const chosen = new RotatingChoker(3).choose([peer(1), peer(2, { interested: false }), peer(3)], at(0))
    assert.deepEqual([...chosen.keys()], [1, 3])
  })

  it('says why', () => {
    assert.equal(new RotatingChoker(1).choose([peer(1)], at(0)).get(1 as PeerKey), 'a slot is free')
  })

  it('does not take a slot away before its time is over', () => {
    const served = peer(1, { unchoked: true, unchokedAtMs: 100 })
    assert.deepEqual([...new RotatingChoker(1).choose([peer(2), served], at(200)).keys()], [1])
  })

  it('gives everyone a turn', () => {
    const choker = new RotatingChoker(2)
    let peers = [peer(1), peer(2), peer(3), peer(4), peer(5)]
    const served = new Set<number>()
    for (let round = 1; round <= 3; round++) {
      const nowMs = round * CHOKE_INTERVAL_MS
      const chosen = choker.choose(peers, at(nowMs))
      assert.equal(chosen.size, 2)
      for (const key of chosen.keys()) served.add(key)
      peers = peers.map(p => ({
        ...p,
        unchoked: chosen.has(p.key),
        unchokedAtMs: chosen.has(p.key) && !p.unchoked ? nowMs : p.unchokedAtMs,
      }))
    }
    assert.equal(served.size, 5)
  })
})
