import assert from 'node:assert/strict'
import { LIVE_CONNECTIONS, uniformLatency } from '@onehop/simulator'
import {
  FASTTRACK_DEFAULT,
  FASTTRACK_TESTNET,
  fasttrack,
  participationLevel,
} from '../src/fasttrack/index.ts'
import { Reputations } from '../src/fasttrack/reputation.ts'
import { FastTrackNetwork } from './fasttrack-network.ts'

const HOUR_MS = 3_600_000
const seconds = (count: number) => count * 1000
const SEEDS = [1, 2, 3, 4]

describe('The participation level', () => {
  const steps = FASTTRACK_DEFAULT
  const nothing = { connectedMs: 0, uploads: 0, losses: 0 }

  it('begins at 10, and stays from 0 to 1,000', () => {
    assert.equal(participationLevel(nothing, steps), 10)
    assert.equal(participationLevel({ ...nothing, losses: 9 }, steps), 0)
    assert.equal(participationLevel({ ...nothing, connectedMs: 1e12, uploads: 1e6 }, steps), 1_000)
  })

  it('rises with the time of being connected and with uploads', () => {
    const level = participationLevel({ ...nothing, connectedMs: HOUR_MS }, steps)
    assert.equal(level, 10 + steps.levelPerHour)
    assert.equal(participationLevel({ ...nothing, uploads: 3 }, steps), 10 + 3 * steps.levelPerUpload)
  })

  it('does not rise above 310 by what others say', () => {
    assert.equal(participationLevel({ ...nothing, uploads: 1_000_000 }, steps), 310)
  })

  it('is kept by the supernode for children that come back, and falls when they vanish', () => {
    const reputations = new Reputations(steps)
    const child = new Uint8Array(38)
    reputations.onGone(child, HOUR_MS, false)
    assert.equal(reputations.levelOf(child, 0), 70)
    reputations.onGone(child, HOUR_MS, true)
    assert.equal(reputations.levelOf(child, HOUR_MS), 10 + 180 - 50)
  })

  it('counts a reporter’s uploads twice at most, and the child’s own word never', () => {
    const reputations = new Reputations(steps)
    const child = new Uint8Array(38)
    const friend = new Uint8Array(38).fill(1)
    for (let i = 0; i < 100; i++) reputations.onReceipt(child, friend)
    for (let i = 0; i < 100; i++) reputations.onReceipt(child, child)
    assert.equal(reputations.levelOf(child, 0), 10 + 2 * steps.levelPerUpload)
    for (let i = 0; i < 1_000; i++) reputations.onReceipt(child, Uint8Array.of(i >> 8, i & 255))
    assert.ok(reputations.levelOf(child, 0) <= 310)
  })
})

describe('Supernodes', () => {
  it('are made as nodes join, and each has as many children as the options say', () => {
    for (const seed of SEEDS) {
      const network = new FastTrackNetwork({}, { nodes: 60, seed }).joinAll().pass(seconds(20))
      for (const node of network.supernodes()) assert.ok(network.childrenOf(node).length <= 4)
      assert.ok(network.supernodes().length >= 12, `seed ${seed}`)
      assert.ok(network.isWhole(), `seed ${seed}`)
    }
  })

  it('are the children with the highest level that their supernode has seen', () => {
    const network = new FastTrackNetwork({ levelPerUpload: 100 }, { nodes: 6, seed: 1 })
    for (const node of [0, 1, 2, 3]) network.simulation.join(node, node === 0 ? [] : [0])
    const key = network.publishNew(3)
    const [pointer] = network.simulation.lookup(0, key).pointers
    network.machine(0).noteDownload(pointer!)
    network.pass(seconds(1))
    for (const node of [4, 5]) network.simulation.join(node, [0])
    network.pass(seconds(2))
    assert.deepEqual(network.supernodes(), [0, 3])
  })

  it('are never those without capacity, nor those whom nobody can dial', () => {
    const network = new FastTrackNetwork(
      {},
      { nodes: 30, seed: 2, connections: LIVE_CONNECTIONS, latency: uniformLatency(5, 20) },
    )
    const hidden = [4, 9, 14, 19, 24]
    for (const node of hidden) network.simulation.network.setDialable(node, false)
    network.joinAll().pass(seconds(60))
    const useful = network.supernodes().filter(node => network.childrenOf(node).length > 0)
    for (const node of hidden) assert.ok(!useful.includes(node), `node ${node}`)
    assert.ok(network.ordinary().every(node => network.parentOf(node) !== undefined))
    const incapable = new FastTrackNetwork({ capacity: 0 }, { nodes: 5, seed: 3 }).joinAll().pass(seconds(10))
    assert.deepEqual(incapable.supernodes(), [0])
  })

  it('are never those that know no address of themselves, which nodes behind a relay do not at first', () => {
    const factory = fasttrack({ ...FASTTRACK_TESTNET, childrenMost: 2 })
    const network = new FastTrackNetwork({ childrenMost: 2 }, { nodes: 2, seed: 6 })
    for (let i = 0; i < 10; i++)
      network.simulation.addNode({
        ...factory,
        create: environment =>
          factory.create(
            i % 2 === 0 ? environment : Object.create(environment, { addresses: { value: () => [] } }),
          ),
      })
    network.joinAll().pass(seconds(20))
    for (const node of network.supernodes()) assert.ok(node < 2 || node % 2 === 0, `node ${node}`)
    assert.ok(network.isWhole())
  })

  it('become ordinary nodes when nobody needs them, and what they had is found all the while', () => {
    const network = new FastTrackNetwork({}, { nodes: 40, seed: 4 }).joinAll().pass(seconds(20))
    const before = network.supernodes().length
    const keys = [0, 1, 2, 3].map(node => network.publishNew(node))
    for (let node = 8; node < 40; node++) network.simulation.leave(node)
    for (let i = 0; i < 60; i++) {
      network.pass(seconds(2))
      if (i >= 3) for (const key of keys) assert.ok(network.finds(i % 8, key), `after ${2 * i} s`)
    }
    const after = network.supernodes().length
    assert.ok(after < before / 2 && after >= 1, `${before} supernodes, then ${after}`)
    assert.ok(network.isWhole())
  })

  it('stay one connected graph when half of them die at once, again and again', () => {
    for (const seed of SEEDS) {
      const network = new FastTrackNetwork({}, { nodes: 80, seed }).joinAll().pass(seconds(15))
      for (let round = 0; round < 3; round++) {
        const supernodes = network.supernodes()
        for (const node of supernodes.slice(0, supernodes.length >> 1)) network.simulation.kill(node)
        network.pass(seconds(25))
        assert.ok(network.isWhole(), `seed ${seed}, round ${round}`)
      }
    }
  })

  it('are followed by children, who come together by themselves when all supernodes are gone at once', () => {
    for (const seed of SEEDS) {
      const network = new FastTrackNetwork({}, { nodes: 20, seed }).joinAll().pass(seconds(10))
      const key = network.publishNew(network.ordinary()[0]!)
      for (const node of network.supernodes()) network.simulation.kill(node)
      network.pass(seconds(25))
      assert.ok(network.isWhole(), `seed ${seed}`)
      for (const { number } of network.simulation.alive())
        assert.ok(network.finds(number, key), `seed ${seed}`)
    }
  })

  it('link two networks that a node of one is told of', () => {
    const network = new FastTrackNetwork({}, { nodes: 16, seed: 5 })
    for (let node = 0; node < 8; node++) network.simulation.join(node, node === 0 ? [] : [0])
    for (let node = 8; node < 16; node++) network.simulation.join(node, node === 8 ? [] : [8])
    network.pass(seconds(5))
    assert.equal(network.isWhole(), false)
    const [left, right] = [
      network.ordinary().find(node => node < 8)!,
      network.ordinary().find(node => node >= 8)!,
    ]
    assert.equal(network.simulation.join(left, [right]).failure, undefined)
    network.pass(seconds(10))
    assert.ok(network.isWhole())
  })
})
