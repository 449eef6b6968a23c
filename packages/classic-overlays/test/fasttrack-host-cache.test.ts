import assert from 'node:assert/strict'
import { type Environment, Handles, type PeerHandle } from '@onehop/overlay'
import { createSimulation } from '@onehop/simulator'
import { HostCache } from '../src/fasttrack/host-cache.ts'
import { fasttrack } from '../src/fasttrack/index.ts'

const HOUR_MS = 3_600_000

/** A host cache of a node in a simulation that does nothing else. */
function emptyCache() {
  const simulation = createSimulation(fasttrack(), { nodes: 1, seed: 1 })
  const environment = simulation.node(0) as Environment<never>
  const cache = new HostCache(environment, new Handles(environment))
  const host = (number: number, isSupernode = true, ageMs = 0) => ({
    peer: { id: Uint8Array.from({ length: 38 }, (_, i) => (number >> (8 * (i & 1))) & 255), addresses: [] },
    isSupernode,
    children: number,
    ageMs,
  })
  const meet = (number: number, isSupernode = true): PeerHandle => {
    const { peer, children } = host(number)
    const handle = environment.intern(peer.id)
    cache.meet(handle, { entry: peer, isSupernode, children })
    return handle
  }
  return { simulation, cache, host, meet }
}

describe('The host cache of FastTrack', () => {
  it('has 200 hosts at most, and keeps those that it has met before those that it was told of', () => {
    const { simulation, cache, host, meet } = emptyCache()
    const met = Array.from({ length: 150 }, (_, i) => meet(i + 1))
    for (let i = 0; i < 500; i++) cache.learn(host(1_000 + i))
    assert.equal(cache.size, 200)
    for (let i = 0; i < 50; i++) met.push(meet(2_000 + i))
    assert.equal(cache.size, 200)
    assert.ok(met.every(peer => cache.has(peer)))
    cache.clear()
    assert.equal(simulation.node(0).handlesHeld, 1)
  })

  it('lets the lost go first, and has 50 ordinary nodes at most', () => {
    const { cache, host, meet } = emptyCache()
    for (let i = 0; i < 300; i++) cache.learn(host(i + 1, false))
    assert.equal(cache.size, 50)
    const met = Array.from({ length: 150 }, (_, i) => meet(1_000 + i))
    cache.lose(met[7]!)
    cache.learn(host(5_000))
    assert.ok(!cache.has(met[7]!))
    assert.equal(cache.size, 200)
  })

  it('believes what is fresher, and looks for the lost for an hour', () => {
    const { simulation, cache, host, meet } = emptyCache()
    const peer = meet(3)
    cache.learn({ ...host(3), children: 99, ageMs: 60_000 })
    assert.equal(cache.childrenOf(peer), 3)
    simulation.clock.runFor(120_000)
    cache.learn({ ...host(3), children: 99, ageMs: 60_000 })
    assert.equal(cache.childrenOf(peer), 99)
    cache.lose(peer)
    assert.deepEqual([cache.supernodeCount, cache.lost().length], [0, 1])
    simulation.clock.runFor(HOUR_MS + 60_000)
    cache.lose(peer)
    assert.equal(cache.size, 0)
  })

  it('does not take for a supernode, for ten minutes, who was left', () => {
    const { simulation, cache, meet } = emptyCache()
    const peer = meet(3)
    cache.distrust(peer)
    assert.ok(cache.isDistrusted(peer))
    simulation.clock.runFor(600_001)
    assert.ok(!cache.isDistrusted(peer))
  })
})
