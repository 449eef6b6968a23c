import assert from 'node:assert/strict'
import {
  contentKey,
  type Environment,
  type OverlayFactory,
  POINTER_VERSION,
  type Pointer,
  signPointer,
} from '@onehop/overlay'
import { createSimulation } from '@onehop/simulator'
import {
  FASTTRACK_TESTNET,
  FastTrackMachine,
  type FastTrackMessage,
  fastTrackTables,
  fasttrack,
} from '../src/fasttrack/index.ts'
import { MAX_HOSTS } from '../src/fasttrack/limits.ts'
import { QueryTable } from '../src/fasttrack/query-table.ts'
import { FastTrackNetwork } from './fasttrack-network.ts'

const seconds = (count: number) => count * 1000

/** A supernode that behaves, but for what `send` lets through. */
function censor(
  lets: (message: FastTrackMessage) => FastTrackMessage | undefined,
): OverlayFactory<FastTrackMessage> {
  const honest = fasttrack(FASTTRACK_TESTNET)
  return {
    ...honest,
    create: environment => {
      const muzzled: Environment<FastTrackMessage> = Object.create(environment, {
        send: {
          value: (to: Parameters<typeof environment.send>[0], message: FastTrackMessage) => {
            const said = lets(message)
            if (said !== undefined) environment.send(to, said)
          },
        },
      })
      return new FastTrackMachine(muzzled, FASTTRACK_TESTNET)
    },
  }
}

function pointerOf(network: FastTrackNetwork, provider: number, seed: number): Pointer {
  const nowMs = network.simulation.clock.now()
  const unsigned = {
    version: POINTER_VERSION,
    kind: 'content' as const,
    key: contentKey(Uint8Array.of(0x11, 0x14, seed >> 8, seed & 255)),
    provider: network.node(provider).id,
    addresses: [],
    sequence: nowMs,
    expiresAt: Math.floor(nowMs / 1000) + 20,
  }
  return signPointer(unsigned, payload => network.node(provider).sign(payload))
}

describe('FastTrack among hostile nodes', () => {
  it('takes no pointer from whom it is not about, and blames who registers others’', () => {
    const network = new FastTrackNetwork({}, { nodes: 8, seed: 1 }).joinAll().pass(seconds(5))
    const [victim, liar] = network.ordinary()
    const supernode = network.parentOf(liar!)!
    const pointer = pointerOf(network, victim!, 1)
    const message = { type: 'register' as const, request: 1, moved: false, pointers: [pointer] }
    network.simulation.network.send(liar!, supernode, message)
    network.pass(seconds(1))
    assert.equal(network.finds(0, pointer.key), false)
    assert.equal(network.node(supernode).penalties[0]?.verdict.ok, false)
  })

  it('keeps its index within the limit of one child under a flood of registrations, and serves the others', () => {
    const network = new FastTrackNetwork({}, { nodes: 6, seed: 2 }).joinAll().pass(seconds(5))
    const [honest, flooder] = network.ordinary()
    const key = network.publishNew(honest!)
    const supernode = network.parentOf(flooder!)!
    for (let i = 0; i < 6_000; i += 20) {
      const pointers = Array.from({ length: 20 }, (_, j) => pointerOf(network, flooder!, i + j))
      network.simulation.network.send(flooder!, supernode, {
        type: 'register',
        request: i,
        moved: false,
        pointers,
      })
      network.pass(10)
    }
    assert.ok(network.machine(supernode).children.index.size <= 5_000 + 10)
    for (const { name, size, limit } of fastTrackTables(network.machine(supernode)))
      assert.ok(size <= limit, `${name}: ${size} of ${limit}`)
    assert.ok(network.finds(flooder!, key))
  })

  it('drops queries of those who are no neighbours, and blames neighbours for a time to live that is none', () => {
    const network = new FastTrackNetwork({}, { nodes: 16, seed: 3 }).joinAll().pass(seconds(10))
    const [one, other] = network.supernodes()
    const stranger = network.ordinary()[0]!
    const query = { type: 'query' as const, hops: 0, keys: [new Uint8Array(32)], limit: 1 }
    const sent = network.record()
    const passedOn = () =>
      sent.filter(({ from, message }) => from === one && message.type === 'query' && message.high === 77)
        .length
    network.simulation.network.send(stranger, one!, { ...query, high: 77, low: 1, ttl: 7 })
    for (const [ttl, hops] of [
      [0, 0],
      [200, 0],
      [7, 4_000_000],
    ] as const)
      network.simulation.network.send(other!, one!, { ...query, high: 77, low: 2 + ttl, ttl, hops })
    network.pass(seconds(1))
    assert.equal(passedOn(), 0)
    const blamed = network.node(one!).penalties.map(({ peer }) => peer.join())
    assert.deepEqual(blamed, Array(3).fill(network.node(other!).id.join()))
  })

  it('passes a query on once, however often it comes and from wherever', () => {
    const network = new FastTrackNetwork({}, { nodes: 16, seed: 4 }).joinAll().pass(seconds(10))
    const [one, ...others] = network.supernodes()
    const sent = network.record()
    const query = {
      type: 'query' as const,
      high: 5,
      low: 6,
      ttl: 7,
      hops: 0,
      keys: [new Uint8Array(32)],
      limit: 1,
    }
    for (let i = 0; i < 50; i++)
      for (const other of others) network.simulation.network.send(other, one!, query)
    network.pass(seconds(1))
    const passedOn = sent.filter(({ from, message }) => from === one && message.type === 'query')
    assert.ok(passedOn.length <= network.neighboursOf(one!).length)
  })

  it('does not let who chooses ids fill the table of queries or make it slow', () => {
    const table = new QueryTable(0)
    for (let i = 0; i < 200_000; i++) table.add(0, (i << 14) >>> 0, 1, 1, 0)
    assert.ok(table.size <= 32_768)
    assert.ok(table.add(123, 456, 9, 3, 0))
    assert.equal(table.wayOf(123, 456), 9)
    assert.equal(table.add(123, 456, 8, 3, 0), false)
    assert.deepEqual([table.take(123, 456, 2), table.take(123, 456, 2), table.take(123, 456, 2)], [2, 1, 0])
  })

  it('forgets a query after two generations', () => {
    const table = new QueryTable(0)
    table.add(1, 2, 3, 1, 0)
    table.add(1, 3, 3, 1, 30_000)
    assert.equal(table.wayOf(1, 2), 3)
    table.add(1, 4, 3, 1, 60_000)
    assert.equal(table.wayOf(1, 2), 0)
  })

  it('drops hits that nobody asked for, and passes back no more pointers than were wanted', () => {
    const network = new FastTrackNetwork({}, { nodes: 16, seed: 5 }).joinAll().pass(seconds(10))
    const [one, liar] = network.supernodes()
    const sent = network.record()
    const supernode = { id: network.node(liar!).id, addresses: [] }
    const pointers = [pointerOf(network, liar!, 1)]
    for (let i = 0; i < 100; i++)
      network.simulation.network.send(liar!, one!, {
        type: 'hits',
        high: i,
        low: i,
        hops: 1,
        supernode,
        pointers,
      })
    network.pass(seconds(1))
    assert.equal(sent.filter(({ from, message }) => from === one && message.type === 'hits').length, 0)
  })

  it('leaves a supernode that answers nothing, and finds what others have meanwhile', () => {
    let isHostile = false
    const silent = censor(message => (isHostile && message.type === 'found' ? undefined : message))
    const network = new FastTrackNetwork({}, { nodes: 0, seed: 6 })
    network.simulation.addNode(silent)
    for (let i = 1; i < 10; i++) network.simulation.addNode()
    network.joinAll().pass(seconds(10))
    const child = network.ordinary().find(node => network.parentOf(node) === 0)
    assert.ok(child !== undefined)
    const publisher = network.ordinary().find(node => network.parentOf(node) !== 0)!
    const key = network.publishNew(publisher)
    isHostile = true
    for (let i = 0; i < 4; i++) assert.ok(network.finds(child, key), `lookup ${i}`)
    network.pass(seconds(5))
    assert.notEqual(network.parentOf(child), 0)
  })

  it('leaves a supernode that says that there is nothing, when another one finds it', () => {
    let isHostile = false
    const denier = censor(message => {
      if (!isHostile || message.type !== 'found') return message
      return { ...message, hops: 0, pointers: [], last: true, total: 0 }
    })
    const network = new FastTrackNetwork({}, { nodes: 0, seed: 7 })
    network.simulation.addNode(denier)
    for (let i = 1; i < 10; i++) network.simulation.addNode()
    network.joinAll().pass(seconds(10))
    const child = network.ordinary().find(node => network.parentOf(node) === 0)!
    const key = network.publishNew(network.ordinary().find(node => network.parentOf(node) !== 0)!)
    isHostile = true
    for (let i = 0; i < 4; i++) assert.ok(network.finds(child, key), `lookup ${i}`)
    network.pass(seconds(5))
    assert.notEqual(network.parentOf(child), 0)
  })

  it('leaves a supernode that withholds what its children have, once others have looked for it', () => {
    let isHostile = false
    const withholder = censor(message => (isHostile && message.type === 'hits' ? undefined : message))
    const network = new FastTrackNetwork({}, { nodes: 0, seed: 8 })
    network.simulation.addNode(withholder)
    for (let i = 1; i < 14; i++) network.simulation.addNode()
    network.joinAll().pass(seconds(10))
    const child = network.ordinary().find(node => network.parentOf(node) === 0)!
    isHostile = true
    const key = network.publishNew(child)
    network.pass(seconds(90))
    assert.notEqual(network.parentOf(child), 0)
    for (const node of network.supernodes().filter(node => node !== 0)) assert.ok(network.finds(node, key))
  })

  it('does not lose the supernodes that it knows to those that somebody invents', () => {
    let count = 0
    const invented = () => {
      count++
      const id = Uint8Array.from({ length: 38 }, (_, j) => (count >> (8 * (j & 1))) & 255)
      return { peer: { id, addresses: [] }, isSupernode: true, children: 0, ageMs: 0 }
    }
    let isHostile = false
    const inventor = censor(message =>
      isHostile && 'hosts' in message
        ? { ...message, hosts: Array.from({ length: 200 }, invented) }
        : message,
    )
    const network = new FastTrackNetwork({}, { nodes: 0, seed: 9 })
    network.simulation.addNode(inventor)
    for (let i = 1; i < 14; i++) network.simulation.addNode()
    network.joinAll().pass(seconds(5))
    isHostile = true
    network.pass(seconds(60))
    assert.ok(count > 1_000)
    for (const { number } of network.simulation.alive())
      assert.ok(network.machine(number).state.cache.size <= MAX_HOSTS)
    const key = network.publishNew(5)
    for (const { number } of network.simulation.alive()) assert.ok(network.finds(number, key))
    network.simulation.kill(0)
    network.pass(seconds(60))
    assert.ok(network.isWhole())
  })

  it('gains nothing by a claim of capacity but the children that find it good', () => {
    // It claims the most and never takes anybody: the others stay where they are, and another one is made a supernode.
    const braggart = censor(message =>
      message.type === 'welcome' ? { ...message, accepted: false } : message,
    )
    const network = new FastTrackNetwork({ childPingMs: 500 }, { nodes: 0, seed: 10 })
    network.simulation.addNode()
    network.simulation.addNode(braggart)
    for (let i = 2; i < 14; i++) network.simulation.addNode()
    network.joinAll().pass(seconds(40))
    assert.ok(network.ordinary().every(node => network.parentOf(node) !== 1))
    const key = network.publishNew(5)
    for (const { number } of network.simulation.alive()) assert.ok(network.finds(number, key))
    assert.ok(network.ordinary().every(node => network.parentOf(node) !== undefined))
  })

  it('never throws and stays within its limits, whatever members send', () => {
    const simulation = createSimulation(fasttrack(FASTTRACK_TESTNET), { nodes: 6, seed: 11 })
    simulation.joinAll()
    simulation.clock.runFor(seconds(5))
    const { codec } = fasttrack()
    let read = 0
    for (let i = 0; i < 20_000; i++) {
      const bytes = simulation.random.bytes(simulation.random.nextUint32() % 40)
      // A type and a request first: most random bytes are no message at all.
      const framed = Uint8Array.of(8, 1 + (i % 21), 16, i & 127, ...bytes)
      try {
        simulation.node(i % 5).deliver(5, codec.decode(framed))
        read++
      } catch (error) {
        if ((error as Error).name !== 'DecodeError') throw error
      }
    }
    assert.ok(read > 100, `${read} messages`)
    simulation.clock.runFor(seconds(30))
    for (const node of simulation.nodes)
      for (const { name, size, limit } of fastTrackTables(node.machine as FastTrackMachine))
        assert.ok(size <= limit, name)
  })
})
