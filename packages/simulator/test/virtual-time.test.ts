import assert from 'node:assert/strict'
import { KELIPS_TESTNET, kelips } from '@onehop/kelips'
import { contentKey, type MessageCodec } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import {
  constantLatency,
  createSimulation,
  HandleTable,
  PERFECT_NETWORK,
  uniformLatency,
  VirtualClock,
  VirtualNetwork,
  virtualIdentity,
} from '../src/index.ts'

const codec: MessageCodec<string> = {
  encode: text => Uint8Array.from([...text], character => character.charCodeAt(0)),
  decode: bytes => String.fromCharCode(...bytes),
  encodedLength: text => text.length,
}

function network(change: Partial<typeof PERFECT_NETWORK> = {}, nodes = 2) {
  const clock = new VirtualClock(0)
  const net = new VirtualNetwork(clock, new SeededRandom(1), codec, { ...PERFECT_NETWORK, ...change })
  const log: string[] = []
  for (let node = 0; node < nodes; node++) {
    net.add({
      deliver: (from, message) => log.push(`${clock.now()}: ${node} got ${message} from ${from}`),
      unreachable: to => log.push(`${clock.now()}: ${node} cannot reach ${to}`),
    })
  }
  return { clock, net, log }
}

describe('virtual time', () => {
  it('runs timers by time, and those of one time in the order in which they were set', () => {
    const clock = new VirtualClock(1000)
    const seen: string[] = []
    clock.setTimer(5, () => seen.push(`b ${clock.now()}`))
    clock.setTimer(1, () => {
      seen.push(`a ${clock.now()}`)
      clock.setTimer(4, () => seen.push('d'))
    })
    clock.setTimer(5, () => seen.push('c'))
    clock.runFor(5)
    assert.deepEqual(seen, ['a 1001', 'b 1005', 'c', 'd'])
    assert.equal(clock.now(), 1005)
    assert.equal(clock.events, 4)
  })

  it('orders many timers as a sort would', () => {
    const random = new SeededRandom(2)
    const clock = new VirtualClock(0)
    const times = Array.from({ length: 5000 }, () => random.nextUint32() % 500)
    const seen: number[] = []
    for (const time of times) clock.setTimer(time, () => seen.push(time))
    while (clock.step());
    assert.deepEqual(
      seen,
      [...times].sort((a, b) => a - b),
    )
  })

  it('does not run what was cancelled, and says when a condition was not met', () => {
    const clock = new VirtualClock(0)
    let ran = false
    const cancel = clock.setTimer(5, () => {
      ran = true
    })
    cancel()
    cancel()
    assert.equal(
      clock.runUntil(() => ran, 100),
      false,
    )
    assert.equal(clock.now(), 100)
  })
})

describe('the virtual network', () => {
  it('delivers after the latency and counts encoded bytes on both sides', () => {
    const { clock, net, log } = network({ latency: constantLatency(30) })
    net.send(0, 1, 'hello')
    clock.runFor(100)
    assert.deepEqual(log, ['30: 1 got hello from 0'])
    assert.deepEqual(net.trafficOf(0), {
      messagesSent: 1,
      bytesSent: 5,
      messagesReceived: 0,
      bytesReceived: 0,
      dials: 0,
    })
    assert.deepEqual(net.trafficOf(1), {
      messagesSent: 0,
      bytesSent: 0,
      messagesReceived: 1,
      bytesReceived: 5,
      dials: 0,
    })
  })

  it('reports the dead and those in another part after the dial time-out', () => {
    const { clock, net, log } = network({ dialTimeoutMs: 70 }, 3)
    net.kill(1)
    net.partition([[0], [2]])
    net.send(0, 1, 'x')
    net.send(0, 2, 'y')
    net.send(1, 0, 'the dead are silent')
    clock.runFor(100)
    net.heal()
    net.send(0, 2, 'z')
    clock.runFor(100)
    assert.deepEqual(log, ['70: 0 cannot reach 1', '70: 0 cannot reach 2', '120: 2 got z from 0'])
  })

  it('loses, doubles and holds back as often as it is told', () => {
    const { clock, net, log } = network({ lossFraction: 0.25, duplicateFraction: 0.1 })
    for (let i = 0; i < 4000; i++) net.send(0, 1, 'm')
    clock.runFor(1000)
    assert.ok(Math.abs(log.length - 4000 * 0.75 * 1.1) < 150, `${log.length} arrived`)
    const late = network({ reorderFraction: 0.5, reorderMs: 100 })
    for (let i = 0; i < 100; i++) late.net.send(0, 1, String(i))
    late.clock.runFor(1000)
    const order = late.log.map(line => Number(/got (\d+)/.exec(line)?.[1]))
    assert.notDeepEqual(
      order,
      [...order].sort((a, b) => a - b),
    )
    assert.equal(order.length, 100)
  })

  it('finds a codec out whose length is not what it says', () => {
    const wrong = { ...codec, encodedLength: () => 1 }
    const model = { ...PERFECT_NETWORK, checksCodec: true }
    const net = new VirtualNetwork(new VirtualClock(0), new SeededRandom(1), wrong, model)
    for (let i = 0; i < 2; i++) net.add({ deliver: () => {}, unreachable: () => {} })
    assert.throws(() => net.send(0, 1, 'long'), /encodedLength says 1/)
  })

  it('refuses fractions that make no sense', () => {
    assert.throws(() => network({ lossFraction: 1.5 }), /lossFraction must be from 0 to 1, not 1.5/)
  })
})

describe('virtual identities', () => {
  it('have Ed25519’s lengths and cannot sign for one another', () => {
    const [one, two] = [virtualIdentity(1, 0, 77), virtualIdentity(1, 1, 78)]
    const payload = new SeededRandom(4).bytes(100)
    const signature = one.sign(payload)
    assert.deepEqual([one.id.length, signature.length], [38, 64])
    assert.ok(one.verify(payload, signature))
    assert.ok(!two.verify(payload, signature))
    assert.ok(!one.verify(payload.slice(1), signature))
    assert.ok(!one.verify(payload, new Uint8Array(64)))
  })

  it('are handles inside a machine, whose numbers are used again after their release', () => {
    const table = new HandleTable()
    const [a, b] = [table.intern(Uint8Array.of(1, 2)), table.intern(Uint8Array.of(3, 4))]
    assert.equal(table.intern(Uint8Array.of(1, 2)), a)
    table.release(a)
    assert.throws(() => table.idOf(a), /was released/)
    assert.equal(table.intern(Uint8Array.of(5, 6)), a)
    assert.equal(table.intern(Uint8Array.of(3, 4)), b)
    assert.equal(table.size, 2)
  })
})

describe('a simulation', () => {
  function run(seed: number): string {
    const simulation = createSimulation(kelips(KELIPS_TESTNET), {
      nodes: 12,
      seed,
      latency: uniformLatency(5, 50),
      lossFraction: 0.02,
      duplicateFraction: 0.02,
      reorderFraction: 0.1,
      checksCodec: true,
    })
    simulation.joinAll()
    simulation.publish(3, { kind: 'content', key: contentKey(Uint8Array.of(0x11, 1, 1)) })
    simulation.kill(5)
    simulation.clock.runFor(20_000)
    return simulation.traceHash()
  }

  it('is the same for the same seed, and another for another', () => {
    assert.equal(run(1), run(1))
    assert.notEqual(run(1), run(2))
  })

  it('refuses an impossible number of nodes', () => {
    assert.throws(
      () => createSimulation(kelips(KELIPS_TESTNET), { nodes: -1, seed: 1 }),
      /a simulation of -1 nodes/,
    )
  })
})
