import assert from 'node:assert/strict'
import {
  BANDWIDTH_INTERVAL_MS,
  BandwidthLimit,
  ProportionalShareChoker,
  TitForTatChoker,
} from '@onehop/swarm'
import { makeContent, type VirtualPeer, VirtualSwarm } from '../virtual-swarm.ts'

const MIB = 1024 * 1024

/** As a driver does it: whoever waits for bandwidth is looked after. */
function pace(swarm: VirtualSwarm): void {
  swarm.after(BANDWIDTH_INTERVAL_MS, () => {
    for (const { machine } of swarm.peers) if (machine.isHeldBack) machine.releaseBandwidth()
    pace(swarm)
  })
}

/** Seconds until all of them have everything. */
function secondsUntilComplete(swarm: VirtualSwarm, peers: readonly VirtualPeer[]): number {
  const startMs = swarm.nowMs
  assert.ok(swarm.runUntil(() => peers.every(peer => peer.isComplete)))
  return (swarm.nowMs - startMs) / 1000
}

function fetchers(swarm: VirtualSwarm, count: number, from: VirtualPeer): VirtualPeer[] {
  return Array.from({ length: count }, (_, i) => {
    const peer = swarm.addPeer(`fetcher ${i}`)
    peer.machine.setFetching(true)
    swarm.connect(peer, from)
    return peer
  })
}

describe('a torrent with limits', () => {
  it('sends what its upload limit says, to one or to three', () => {
    for (const count of [1, 3]) {
      const { content, info } = makeContent(4 * MIB)
      const swarm = new VirtualSwarm(info)
      pace(swarm)
      const upload = [new BandwidthLimit(swarm.nowMs, 500_000)]
      const seed = swarm.addPeer('seed', { content, limits: { upload, download: [] } })
      const seconds = secondsUntilComplete(swarm, fetchers(swarm, count, seed))
      const expected = (count * 4 * MIB) / 500_000
      assert.ok(seconds > 0.9 * expected && seconds < 1.1 * expected, `${seconds} s, not ${expected} s`)
    }
  })

  it('lets what is faster than one slot’s part of the limit have the rest', () => {
    const { content, info } = makeContent(4 * MIB)
    const swarm = new VirtualSwarm(info)
    pace(swarm)
    const upload = [new BandwidthLimit(swarm.nowMs, 1_000_000)]
    const seed = swarm.addPeer('seed', { content, limits: { upload, download: [] } })
    const slow = swarm.addPeer('slow', {
      limits: { upload: [], download: [new BandwidthLimit(swarm.nowMs, 50_000)] },
    })
    slow.machine.setFetching(true)
    swarm.connect(slow, seed)
    const seconds = secondsUntilComplete(swarm, fetchers(swarm, 1, seed))
    assert.ok(seconds < (1.15 * 4 * MIB) / 950_000, `${seconds} s`)
  })

  for (const Choker of [TitForTatChoker, ProportionalShareChoker]) {
    it(`gives a single peer everything that the link carries (${Choker.name})`, () => {
      const { content, info } = makeContent(32 * MIB, 256 * 1024)
      const swarm = new VirtualSwarm(info, { latencyMs: 1 })
      const seed = swarm.addPeer('seed', { content, choker: new Choker(), uploadBytesPerMs: 64_000 })
      const seconds = secondsUntilComplete(swarm, fetchers(swarm, 1, seed))
      assert.ok(seconds < (1.3 * 32 * MIB) / 64_000_000, `${seconds} s`)
    })
  }
})
