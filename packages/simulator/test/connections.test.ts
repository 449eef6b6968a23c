import assert from 'node:assert/strict'
import type { MessageCodec } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  ConnectionTable,
  constantLatency,
  type NetworkModel,
  PERFECT_NETWORK,
  VirtualClock,
  VirtualNetwork,
} from '../src/index.ts'

const MODEL = { cap: 2, dialRoundTrips: 3, dialBytes: 1_000, framingBytes: 7, brokenAfterMs: 5_000 }

const codec: MessageCodec<string> = {
  encode: () => new Uint8Array(),
  decode: () => '',
  encodedLength: text => text.length,
}

function network(nodes: number, change: Partial<NetworkModel> = {}) {
  const clock = new VirtualClock(0)
  const model = { ...PERFECT_NETWORK, latency: constantLatency(10), connections: MODEL, ...change }
  const net = new VirtualNetwork(clock, new SeededRandom(1), codec, model)
  const log: string[] = []
  const port = (node: number) => ({
    deliver: (from: number, message: string) =>
      log.push(`${clock.now()}: ${node} got ${message} from ${from}`),
    unreachable: (to: number) => log.push(`${clock.now()}: ${node} cannot reach ${to}`),
  })
  for (let node = 0; node < nodes; node++) net.add(port(node))
  return { clock, net, log, port }
}

describe('connections of the virtual network', () => {
  it('cost their round trips and bytes on both sides once, and frames with every message', () => {
    const { clock, net, log } = network(2)
    assert.ok(!net.isConnected(0, 1))
    net.send(0, 1, 'a')
    net.send(0, 1, 'b')
    assert.ok(!net.isConnected(0, 1), 'not before the dial is over')
    clock.runFor(100)
    assert.ok(net.isConnected(0, 1) && net.isConnected(1, 0))
    net.send(1, 0, 'c')
    clock.runFor(100)
    assert.deepEqual(log, ['70: 1 got a from 0', '70: 1 got b from 0', '110: 0 got c from 1'])
    const sent = { messagesSent: 2, bytesSent: 1_016, dials: 1 }
    assert.deepEqual(net.trafficOf(0), { ...sent, messagesReceived: 1, bytesReceived: 1_008 })
    assert.equal(net.trafficOf(1).bytesReceived, 1_016)
    assert.equal(net.trafficOf(1).dials, 0)
  })

  it('are as many as a node wants that serves others, and the cap is the others’ all the same', () => {
    const { clock, net, port } = network(1)
    const server = net.add({ ...port(1), connectionsWanted: 4 })
    for (let client = 2; client < 7; client++) net.add(port(client))
    for (let client = 2; client < 6; client++) {
      net.send(client, server, 'hello')
      clock.runFor(1_000)
    }
    assert.equal(net.connectionsOf(server), 4)
    net.send(2, server, 'again')
    clock.runFor(1_000)
    net.send(6, server, 'one too many')
    clock.runFor(1_000)
    const isConnected = [2, 3, 4, 5, 6].map(client => net.isConnected(client, server))
    assert.deepEqual(isConnected, [true, false, true, true, true])
    assert.deepEqual([net.connectionsOf(server), net.connectionsOf(3)], [4, 0])
    for (const other of [0, 3, 6]) net.send(2, other, 'hello')
    clock.runFor(1_000)
    assert.equal(net.connectionsOf(2), MODEL.cap)
  })

  it('are not more than the cap: the one that was not used for longest is closed, at both ends', () => {
    const { clock, net } = network(4)
    for (const to of [1, 2]) net.send(0, to, 'hello')
    clock.runFor(1_000)
    net.send(1, 0, 'still here')
    clock.runFor(1_000)
    net.send(0, 3, 'hello')
    clock.runFor(1_000)
    assert.deepEqual(
      [1, 2, 3].map(peer => net.isConnected(0, peer)),
      [true, false, true],
    )
    assert.ok(!net.isConnected(2, 0))
    assert.equal(net.connectionsOf(0), 2)
  })

  it('swallow messages to a peer without power, until they are found to be broken', () => {
    const { clock, net, log, port } = network(2)
    net.send(0, 1, 'a')
    clock.runFor(1_000)
    net.kill(1)
    net.send(0, 1, 'b')
    clock.runFor(4_999)
    assert.ok(net.isConnected(0, 1))
    clock.runFor(1)
    assert.ok(!net.isConnected(0, 1))
    net.send(0, 1, 'c')
    clock.runFor(1_000)
    net.revive(1, port(1))
    net.send(0, 1, 'd')
    clock.runFor(1_000)
    assert.deepEqual(log, ['70: 1 got a from 0', '6500: 0 cannot reach 1', '7070: 1 got d from 0'])
    assert.equal(net.trafficOf(0).dials, 3)
  })

  it('are gone when a node comes back', () => {
    const { clock, net, port } = network(2)
    net.send(0, 1, 'a')
    clock.runFor(1_000)
    net.kill(1)
    net.revive(1, port(1))
    assert.ok(!net.isConnected(0, 1) && !net.isConnected(1, 0))
  })

  it('outlive a short partition', () => {
    const { clock, net, log } = network(2)
    net.send(0, 1, 'a')
    clock.runFor(1_000)
    net.partition([[0], [1]])
    net.send(0, 1, 'lost')
    clock.runFor(1_000)
    net.heal()
    net.send(0, 1, 'b')
    clock.runFor(1_000)
    assert.deepEqual(log, ['70: 1 got a from 0', '2010: 1 got b from 0'])
  })

  it('are opened by a node behind a NAT, never to it', () => {
    const { clock, net, log } = network(3)
    net.setDialable(2, false)
    net.send(0, 2, 'a')
    clock.runFor(600)
    net.send(2, 0, 'b')
    clock.runFor(400)
    net.send(0, 2, 'c')
    clock.runFor(100)
    assert.deepEqual(log, ['500: 0 cannot reach 2', '670: 0 got b from 2', '1010: 2 got c from 0'])
    const everybody = network(50, { undialableFraction: 0.4 })
    const hidden = Array.from({ length: 50 }, (_, node) => node).filter(
      node => !everybody.net.isDialable(node),
    )
    assert.ok(hidden.length > 8 && hidden.length < 32, `${hidden.length} of 50 behind a NAT`)
  })

  it('can be dialled in one direction only where links are blocked', () => {
    const { clock, net, log } = network(40, { blockedFraction: 0.25 })
    for (let from = 0; from < 40; from++) net.send(from, (from + 1) % 40, 'x')
    clock.runFor(1_000)
    const failed = log.filter(line => line.includes('cannot reach'))
    assert.ok(failed.length > 2 && failed.length < 20, `${failed.length} of 40 blocked`)
    const [, from, to] = /(\d+) cannot reach (\d+)/.exec(failed[0]!)!
    net.send(Number(to), Number(from), 'back')
    clock.runFor(1_000)
    assert.match(log.at(-1)!, new RegExp(`${from} got back from ${to}`))
  })

  it('are asked for sense', () => {
    assert.throws(() => network(1, { connections: { ...MODEL, cap: 0 } }), /cannot have 0 connections/)
    assert.throws(() => network(1, { connections: { ...MODEL, dialBytes: -1 } }), /dialBytes must not be/)
    assert.throws(() => network(1, { connections: 'free', undialableFraction: 0.1 }), /are not free/)
  })
})

describe('the table of connections', () => {
  it('always has both ends of one mind, and never more than the cap', () => {
    const NODES = 12
    const pair = fc.tuple(fc.nat(NODES - 1), fc.nat(NODES - 1)).filter(([a, b]) => a !== b)
    const step = fc.record({ kind: fc.constantFrom('open', 'close', 'touch', 'closeAll'), pair })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (cap, steps) => {
        const table = new ConnectionTable(cap)
        for (let node = 0; node < NODES; node++) table.add()
        steps.forEach(({ kind, pair: [a, b] }, nowMs) => {
          if (kind === 'open') {
            if (table.usedMsOf(a, b) === undefined) table.open(a, b, nowMs)
            assert.ok(table.usedMsOf(a, b) !== undefined && table.usedMsOf(b, a) !== undefined)
          } else if (kind === 'close') table.close(a, b)
          else if (kind === 'touch') table.touch(a, b, nowMs)
          else table.closeAll(a)
        })
        for (let node = 0; node < NODES; node++) {
          const peers = table.peersOf(node)
          assert.equal(peers.length, table.countOf(node))
          assert.ok(peers.length <= cap)
          for (const peer of peers) assert.ok(table.peersOf(peer).includes(node))
          for (const peer of peers) assert.ok(table.usedMsOf(node, peer) !== undefined)
        }
      }),
    )
  })
})
