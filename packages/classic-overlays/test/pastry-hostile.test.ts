import assert from 'node:assert/strict'
import { type OverlayFactory, type PeerEntry, type Pointer, signPointer } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { LIVE_CONNECTIONS, Simulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { PASTRY_TESTNET, type PastryMessage, pastry, pastryTables } from '../src/index.ts'
import { PastryTown } from './pastry-town.ts'

const random = new SeededRandom(77)

/** Peers that are nowhere. */
function invented(count: number): PeerEntry[] {
  return Array.from({ length: count }, () => ({
    id: Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20, ...random.bytes(32)),
    addresses: [random.bytes(8)],
  }))
}

/** Machines of which what they send, or are sent, is changed; undefined: it is swallowed. */
function corrupted(change: {
  readonly sent?: (message: PastryMessage) => PastryMessage | undefined
  readonly received?: (message: PastryMessage, sendBack: (message: PastryMessage) => void) => boolean
}): OverlayFactory<PastryMessage> {
  const honest = pastry(PASTRY_TESTNET)
  return {
    ...honest,
    create: environment => {
      const machine = honest.create(
        new Proxy(environment, {
          get(target, name) {
            if (name !== 'send') {
              const value: unknown = Reflect.get(target, name)
              return typeof value === 'function' ? value.bind(target) : value
            }
            return (to: never, message: PastryMessage) => {
              const sent = change.sent === undefined ? message : change.sent(message)
              if (sent !== undefined) target.send(to, sent)
            }
          },
        }),
      )
      const receive = machine.receive.bind(machine)
      machine.receive = (from, message) => {
        const sendBack = (answer: PastryMessage) => environment.send(from, answer)
        if (change.received?.(message, sendBack) !== false) receive(from, message)
      }
      return machine
    },
  }
}

/** A town that hostile nodes have joined. */
function infiltrated(town: PastryTown, hostile: number, change: Parameters<typeof corrupted>[0]): number[] {
  return Array.from({ length: hostile }, (_, i) => {
    const { number } = town.simulation.addNode(corrupted(change))
    town.simulation.beginJoin(number, [i % 5], () => {})
    town.run(2_000)
    return number
  })
}

function known(town: PastryTown, node: number): Set<string> {
  return new Set([...town.machine(node).state.all()].map(({ entry }) => entry.id.join()))
}

describe('a Pastry node among liars', () => {
  it('takes nobody into its tables who does not answer, however many are named', () => {
    const town = new PastryTown(30, 60)
    const crowd = invented(60)
    const names = new Set(crowd.map(({ id }) => id.join()))
    infiltrated(town, 5, {
      sent: message =>
        message.type === 'row' || message.type === 'rows' || message.type === 'leaves'
          ? { ...message, members: crowd }
          : message,
    })
    const late = town.simulation.addNode().number
    assert.equal(town.simulation.join(late, [2]).failure, undefined)
    town.run(60_000)
    for (const node of [...town.alive()]) {
      const has = [...known(town, node)].filter(id => names.has(id))
      assert.deepEqual(has, [], `node ${node}`)
      for (const { name, size, limit } of pastryTables(town.machine(node)))
        assert.ok(size <= limit, `${name} of node ${node}`)
    }
    const key = town.publish(3)
    for (const node of [0, 12, late]) assert.equal(town.find(node, key).failure, undefined)
  })

  it('finds what a closest node swallows the requests for, and what it denies', () => {
    for (const swallows of [true, false]) {
      const town = new PastryTown(30, 61)
      const hostile = infiltrated(town, 6, {
        received: message => !(swallows && message.type === 'route' && message.errand === 'get'),
        sent: message =>
          !swallows && message.type === 'found' ? { ...message, pointers: [], members: [] } : message,
      })
      let [met, missed] = [0, 0]
      for (let i = 0; i < 60; i++) {
        const key = town.publish(i % 30)
        if (hostile.includes(town.closest(key, 1)[0]!)) met++
        if (town.find((i * 7) % 30, key).failure !== undefined) missed++
      }
      assert.ok(met > 5, 'hardly anybody met a hostile node')
      assert.ok(missed <= (swallows ? 0 : 2), `${missed} of ${met} lookups that met one found nothing`)
    }
  })

  it('is not answered with forgeries, blames who answers them, and finds the truth by another way', () => {
    const town = new PastryTown(30, 62)
    const forge = (pointer: Pointer) => ({ ...pointer, sequence: pointer.sequence + 1 })
    const hostile = infiltrated(town, 6, {
      sent: message =>
        message.type === 'found' ? { ...message, pointers: message.pointers.map(forge) } : message,
    })
    const liars = new Set(hostile.map(node => town.simulation.node(node).id.join()))
    let met = 0
    for (let i = 0; i < 80; i++) {
      const key = town.publish(i % 30)
      const { failure, pointers } = town.find((i * 7) % 30, key)
      assert.equal(failure, undefined)
      assert.equal(pointers.length, 1)
      if (hostile.includes(town.closest(key, 1)[0]!)) met++
    }
    assert.ok(met > 0, 'nobody met a liar')
    for (let node = 0; node < 30; node++)
      for (const { peer, verdict } of town.simulation.node(node).penalties) {
        assert.ok(liars.has(peer.join()), 'an honest node is blamed')
        assert.equal(verdict.ok, false)
      }
  })

  it('answers for another key are taken for what they are', () => {
    const town = new PastryTown(20, 63)
    const other = town.publish(1)
    const [pointer] = town.find(2, other).pointers
    infiltrated(town, 5, {
      sent: message => (message.type === 'found' ? { ...message, pointers: [pointer!] } : message),
    })
    for (let i = 0; i < 40; i++) {
      const { pointers } = town.find(i % 20, town.publish((i + 1) % 20))
      for (const { key } of pointers) assert.notDeepEqual(key, other)
    }
    const codes = new Set(
      town
        .alive()
        .slice(0, 20)
        .flatMap(node => town.penalties(node)),
    )
    assert.deepEqual([...codes], ['pastry-wrong-key'])
  })

  it('blames who speaks in another’s name', () => {
    const town = new PastryTown(6, 64)
    const other = { id: town.simulation.node(2).id, addresses: [] }
    const route = { request: 1, hops: 1, detours: 0, attempt: 0, number: 9, origin: other }
    const claims: readonly PastryMessage[] = [
      { type: 'hello', request: 1, joining: true, brief: false, sender: other },
      { type: 'exchange', request: 1, sender: other, members: [] },
      { type: 'ping', request: 1, joining: false, sender: other },
      { type: 'route', errand: 'join', row: 0, ...route },
      { type: 'route', errand: 'get', key: town.newKey(), limit: 5, ...route },
    ]
    for (const claim of claims) town.send(1, 0, claim)
    assert.deepEqual(town.penalties(0), [
      'pastry-false-sender',
      'pastry-false-sender',
      'pastry-false-sender',
      'pastry-false-origin',
      'pastry-false-origin',
    ])
    town.assertSound()
  })

  it('lets no route turn in a circle for longer than the hops that it may have', () => {
    const town = new PastryTown(20, 65)
    const hostile = infiltrated(town, 4, {
      received: (message, sendBack) => {
        if (message.type !== 'route' || message.errand !== 'get') return true
        sendBack({ type: 'ack', request: message.request, errand: message.errand })
        sendBack({ ...message, hops: message.hops + 1 })
        return false
      },
    })
    let [most, sent] = [0, 0]
    town.simulation.network.onSend = (_from, _to, message) => {
      if (message.type !== 'route') return
      most = Math.max(most, message.hops)
      sent++
    }
    for (let i = 0; i < 40; i++) {
      const key = town.publish(i % 20)
      const { failure } = town.find((i * 7) % 20, key)
      assert.equal(failure, undefined)
    }
    assert.ok(most > 20, `no route turned in a circle: ${most} hops, ${hostile.length} hostile nodes`)
    assert.ok(most <= 41, `${most} hops`)
    assert.ok(sent < 40 * 4 * 41, `${sent} messages`)
  })

  it('stays within its limits under floods of routes, greetings and subscriptions', () => {
    const town = new PastryTown(20, 66)
    const flooder = 19
    const origin = { id: town.simulation.node(flooder).id, addresses: [] }
    for (let i = 0; i < 3_000; i++) {
      const route = { request: i, hops: 1, detours: 0, attempt: 0, number: i, origin }
      const to = i % 2
      const node = town.simulation.node(to)
      node.deliver(flooder, { type: 'route', errand: 'subscribe', key: town.newKey(), ...route })
      node.deliver(flooder, { type: 'route', errand: 'get', key: town.newKey(), limit: 9, ...route })
      node.deliver(flooder, { type: 'hello', request: i, joining: true, brief: false, sender: origin })
      node.deliver(flooder, {
        type: 'exchange',
        request: i,
        sender: origin,
        members: invented(4),
      })
      node.deliver(flooder, { type: 'pull', request: i, skip: i })
      for (const { name, size, limit } of pastryTables(town.machine(to)))
        assert.ok(size <= limit, `${name} has ${size} of ${limit}`)
    }
    assert.ok(town.machine(0).scribe.groups.childLinks <= 256, 'one child is in too many trees')
    town.run(60_000)
    town.assertSound()
    town.assertLeafSetsRight()
    const key = town.publish(2)
    for (const node of [0, 1, 5]) assert.equal(town.find(node, key).failure, undefined)
    assert.equal(town.machine(0).scribe.groups.size, 0, 'groups that nobody wants stay')
  })

  it('does not dial whomever it is told to answer, as often as it is told', () => {
    const town = new PastryTown(12, 69, {}, { connections: LIVE_CONNECTIONS })
    const victims = Array.from({ length: 400 }, () => town.simulation.addNode())
    let dials = 0
    town.simulation.network.onSend = (from, to, _message, isDial) => {
      if (from === 0 && to >= 12 && isDial) dials++
    }
    for (const [i, { id }] of victims.entries()) {
      const origin = { id, addresses: [new Uint8Array(8)] }
      const route = { request: i, hops: 3, detours: 0, attempt: 0, number: 2 ** 32 + i, origin }
      town.simulation.node(0).deliver(1, { type: 'route', errand: 'join', row: 0, ...route })
    }
    assert.ok(dials > 0 && dials <= 200, `${dials} strangers are dialled at once`)
  })

  it('looks for nobody’s pointers but a neighbour’s, and not as often as it is asked', () => {
    const town = new PastryTown(60, 59)
    for (let i = 0; i < 60; i++) town.publish(i)
    const { leafSet } = town.machine(0).state
    const isNeighbour = (node: number) =>
      leafSet.members.some(({ entry }) => entry.id.join() === town.simulation.node(node).id.join())
    let shared = 0
    town.simulation.network.onSend = (from, _to, message) => {
      if (from === 0 && message.type === 'share') shared += message.pointers.length
    }
    const stranger = town.alive().find(node => node !== 0 && !isNeighbour(node))!
    town.send(stranger, 0, { type: 'pull', request: 1, skip: 0 })
    assert.equal(shared, 0)
    const neighbour = town.alive().find(node => node !== 0 && isNeighbour(node))!
    for (let i = 0; i < 200; i++) town.send(neighbour, 0, { type: 'pull', request: i, skip: 1_000_000 })
    assert.equal(shared, 0)
  })

  it('stores nothing for keys that others are responsible for', () => {
    const town = new PastryTown(60, 67)
    const expiresAt = Math.floor(town.simulation.clock.now() / 1000) + 20
    const sender = town.simulation.node(1)
    for (let i = 0; i < 100; i++) {
      const unsigned = {
        version: 1,
        kind: 'content' as const,
        key: town.newKey(),
        provider: sender.id,
        addresses: [],
        sequence: 1,
        expiresAt,
      }
      const pointer = signPointer(unsigned, payload => sender.sign(payload))
      town.send(1, 0, { type: 'hold', request: i, moves: i % 2 === 0, pointers: [pointer] })
    }
    const { size } = town.machine(0).store.pointers
    assert.ok(size < 40, `${size} of 100 drawn keys are held by one of 60 nodes`)
    for (const pointer of town.machine(0).store.pointers.all())
      assert.ok(town.closest(pointer.key, 7).includes(0))
  })

  it('passes a forged publication on without being blamed for it, and nobody takes it', () => {
    const town = new PastryTown(40, 68)
    const sender = town.simulation.node(1)
    const key = town.newKey()
    const pointer = {
      version: 1,
      kind: 'content' as const,
      key,
      provider: sender.id,
      addresses: [],
      sequence: 1,
      expiresAt: Math.floor(town.simulation.clock.now() / 1000) + 20,
      signature: new Uint8Array(64),
    }
    const origin = { id: sender.id, addresses: sender.addresses() }
    const route = { request: 1, hops: 1, detours: 0, attempt: 0, number: 9, origin }
    for (const to of [0, 5, 20])
      town.send(1, to, { type: 'route', errand: 'put', pointers: [pointer], ...route })
    assert.deepEqual(town.holders(key), [])
    for (const node of town.alive())
      for (const { peer } of town.simulation.node(node).penalties)
        assert.deepEqual(peer, sender.id, 'somebody who only passed it on is blamed')
  })
})

describe('a Pastry newcomer', () => {
  it('enters through the introducer that is there, when another is down', () => {
    const town = new PastryTown(10, 70)
    town.simulation.kill(3)
    const { number } = town.simulation.addNode()
    assert.equal(town.simulation.join(number, [3, 5]).failure, undefined)
    town.run(15_000)
    town.assertLeafSetsRight()
  })

  it('says so when all introducers are down, and comes in by itself when one is back', () => {
    const town = new PastryTown(10, 71)
    const { number } = town.simulation.addNode()
    town.simulation.network.partition([[], [number]])
    const { failure } = town.simulation.join(number, [3])
    assert.ok(failure === 'unreachable' || failure === 'timed out', failure)
    assert.equal(town.find(number, town.newKey()).failure, 'no peers')
    town.simulation.network.heal()
    town.run(20_000)
    assert.equal(town.machine(number).inspect().settled, true)
    town.assertLeafSetsRight()
  })

  it('is the first where it is its own introducer', () => {
    const simulation = new Simulation(pastry(PASTRY_TESTNET), { nodes: 2, seed: 73 })
    assert.equal(simulation.join(0, [0]).failure, undefined)
    assert.equal(simulation.join(1, [1, 0]).failure, undefined)
    const key = new Uint8Array(32).fill(7)
    assert.equal(simulation.publish(1, { kind: 'content', key }).acknowledgements, 1)
    assert.equal(simulation.lookup(0, key).pointers.length, 1)
  })

  it('does not take a stranger’s rows for its own join', () => {
    const town = new PastryTown(10, 72)
    const { number } = town.simulation.addNode()
    town.simulation.beginJoin(number, [0], () => {})
    for (let i = 0; i < 50; i++)
      town.simulation.network.send(5, number, { type: 'rows', request: i, members: invented(100) })
    town.run(10_000)
    assert.equal(town.machine(number).inspect().settled, true)
    town.assertSound()
  })
})
