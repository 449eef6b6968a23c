import assert from 'node:assert/strict'
import { contentPublications, POINTER_VERSION, type Pointer, signPointer } from '@onehop/overlay'
import { describe, it } from 'mocha'
import { descriptorId } from '../src/gnutella/descriptor-id.ts'
import {
  FLOOD_BURST,
  GIV_BURST,
  MAX_EXCESS_FLOODS,
  MAX_RESULTS,
  OWN_FLOOD_BURST,
  PUSH_BURST,
} from '../src/gnutella/limits.ts'
import { type Push, type Query, type QueryHit, soughtKey, soughtWords } from '../src/gnutella/messages.ts'
import { GnutellaNetwork, line } from './gnutella-network.ts'

/** The liar is node 0, its neighbour 1, and 2 stands behind it. */
const [LIAR, VICTIM, BEHIND] = [0, 1, 2]

function query(network: GnutellaNetwork, ttl: number, hops: number): Query {
  const id = descriptorId(network.random.bytes(16))
  return { type: 'query', id, ttl, hops, sought: soughtKey(network.newKey()) }
}

function forged(network: GnutellaNetwork, key: Uint8Array, signer: number): Pointer {
  const nowS = Math.floor(network.simulation.clock.now() / 1000)
  const unsigned = {
    ...{ version: POINTER_VERSION, kind: 'content' as const, key, sequence: 1, expiresAt: nowS + 20 },
    ...{ provider: network.simulation.node(BEHIND).id, addresses: [] },
  }
  return signPointer(unsigned, payload => network.simulation.node(signer).sign(payload))
}

function hitFor(asked: Query, network: GnutellaNetwork, pointers: readonly Pointer[], hops = 0): QueryHit {
  return {
    type: 'query-hit',
    ...{ id: asked.id, ttl: 7, hops },
    endpoint: { ip: new Uint8Array(4), port: 0 },
    serventId: network.random.bytes(16),
    results: pointers.map(pointer => ({ fileIndex: 1, pointer })),
  }
}

/** Node 1 asks for a key; returns what it sent to node 0. */
function asked(network: GnutellaNetwork): { question: Query; outcome: () => unknown } {
  let outcome: unknown
  const key = network.newKey()
  network.machine(VICTIM).lookup(key, { limit: 1, deadlineMs: 20_000 }, result => {
    outcome = result
  })
  const sent = network.take('query').find(({ from, to }) => from === VICTIM && to === LIAR)
  return { question: sent?.message as Query, outcome: () => outcome }
}

describe('a hostile neighbour in Gnutella', () => {
  it('cannot make a query go further than the TTL, and is blamed for what nobody honest sends', () => {
    const network = new GnutellaNetwork(line(3))
    network.say(LIAR, VICTIM, query(network, 15, 0))
    const [, passed] = network.take('query')
    assert.equal((passed!.message as Query).ttl, 6)
    assert.deepEqual(network.penalised(VICTIM), [])
    network.say(LIAR, VICTIM, query(network, 3, 7))
    assert.equal(network.take('query').length, 1, 'it had gone far enough')
    network.say(LIAR, VICTIM, query(network, 255, 255))
    assert.equal(network.take('query').length, 1)
    assert.deepEqual(network.penalised(VICTIM), ['gnutella-ttl'])
  })

  it('cannot flood others through its neighbour, and is left when the flood is its own', () => {
    const network = new GnutellaNetwork(line(3))
    const relayed = Array.from({ length: 2 * FLOOD_BURST }, () => query(network, 5, 2))
    network.say(LIAR, VICTIM, ...relayed)
    const passed = network.take('query').filter(({ from }) => from === VICTIM)
    assert.equal(passed.length, FLOOD_BURST)
    assert.deepEqual(network.penalised(VICTIM), [], 'it may not be its own')
    network.simulation.clock.runFor(60_000)
    const own = Array.from({ length: OWN_FLOOD_BURST + MAX_EXCESS_FLOODS + 100 }, () => query(network, 7, 0))
    network.say(LIAR, VICTIM, ...own)
    const taken = network.take('query').filter(({ from }) => from === VICTIM)
    assert.ok(taken.length <= OWN_FLOOD_BURST + 100, `${taken.length} were passed on`)
    assert.deepEqual(network.penalised(VICTIM), ['gnutella-flood'])
    network.say(LIAR, VICTIM, { type: 'ok' })
    assert.equal(network.machine(VICTIM).inspect().degree, 1)
  })

  it('gains nothing by an id that somebody uses', () => {
    const network = new GnutellaNetwork(line(4))
    const key = network.publish(3)
    const { question } = asked(network)
    network.say(LIAR, VICTIM, { ...question, sought: soughtKey(key) })
    assert.equal(network.take('query-hit').length, 0, 'the first with the id counts')
  })

  it('cannot answer what nobody asked, nor send answers round in a circle', () => {
    const network = new GnutellaNetwork(line(3))
    const unknown = query(network, 7, 0)
    network.say(LIAR, VICTIM, hitFor(unknown, network, []))
    assert.equal(network.take('query-hit').length, 1)
    const own = query(network, 7, 0)
    network.say(LIAR, VICTIM, own)
    network.sent.length = 0
    network.say(LIAR, VICTIM, hitFor(own, network, []))
    assert.equal(network.take('query-hit').length, 1, 'its own answer came back to it')
  })

  it('is blamed for a forgery of its own, and nobody for one that passed by', () => {
    for (const [hops, blamed] of [
      [0, ['forged-pointer']],
      [2, []],
    ] as const) {
      const network = new GnutellaNetwork(line(3))
      const { question, outcome } = asked(network)
      const key = Uint8Array.from(question.sought.keys[0]!, character => character.charCodeAt(0))
      network.say(LIAR, VICTIM, hitFor(question, network, [forged(network, key, LIAR)], hops))
      network.simulation.clock.runFor(10_000)
      assert.equal((outcome() as { failure?: string }).failure, 'not found')
      assert.deepEqual(network.penalised(VICTIM), blamed)
    }
  })

  it('is blamed for an answer to another question', () => {
    const network = new GnutellaNetwork(line(3))
    const { question } = asked(network)
    network.say(LIAR, VICTIM, hitFor(question, network, [forged(network, network.newKey(), BEHIND)]))
    assert.deepEqual(network.penalised(VICTIM), ['gnutella-wrong-key'])
  })

  it('cannot fill the memory of who asked with answers', () => {
    const network = new GnutellaNetwork(line(3))
    const { question, outcome } = asked(network)
    const key = Uint8Array.from(question.sought.keys[0]!, character => character.charCodeAt(0))
    const pointers = Array.from({ length: MAX_RESULTS }, () => forged(network, key, LIAR))
    const flood = Array.from({ length: 2_000 }, () => hitFor(question, network, pointers, 3))
    network.say(LIAR, VICTIM, ...flood)
    network.simulation.clock.runFor(10_000)
    assert.equal((outcome() as { pointers: unknown[] }).pointers.length, 0)
  })

  it('cannot make who shares much work long for a query by popular words', () => {
    const network = new GnutellaNetwork(line(3))
    const words = ['holiday', 'summer', 'mp4']
    for (let i = 0; i < 300; i++) {
      const content = {
        multihash: network.random.bytes(34),
        name: `holiday ${i} summer.mp4`,
        bytes: 1,
        words,
      }
      for (const publication of contentPublications(content)) network.simulation.publish(VICTIM, publication)
    }
    const { files } = network.machine(VICTIM).state
    const sought = soughtWords(words)
    const before = process.cpuUsage()
    for (let i = 0; i < 1_000; i++) assert.equal(files.matching(sought).length, MAX_RESULTS)
    const { user } = process.cpuUsage(before)
    assert.ok(user < 500_000, `${user / 1_000} µs a query`)
    const rare = files.matching(soughtWords(['holiday', 'rome']))
    assert.equal(rare.length, 0)
  })

  it('cannot speak in the name of another', () => {
    const network = new GnutellaNetwork(line(3))
    const entry = { id: network.simulation.node(BEHIND).id, addresses: [Uint8Array.of(1)] }
    network.say(LIAR, VICTIM, { type: 'connect', peer: entry })
    const ping = { type: 'ping', id: descriptorId(network.random.bytes(16)), ttl: 1, hops: 0 } as const
    network
      .machine(VICTIM)
      .state.routes.set(ping.id.low, ping.id.high ^ 0x5bd1_e995, 0xfff, network.simulation.clock.now())
    const figures = { files: 0, kilobytes: 0, neighbours: 0, spare: 0 }
    network.say(LIAR, VICTIM, { type: 'pong', id: ping.id, ttl: 1, hops: 0, peer: entry, ...figures })
    assert.deepEqual(network.penalised(VICTIM), ['gnutella-connect', 'gnutella-pong'])
  })

  it('cannot use Pushes to make others dial a victim without end', () => {
    const network = new GnutellaNetwork([...line(3), [2, 3]])
    const key = network.publish(BEHIND)
    network.lookup(LIAR, key)
    const hit = network.take('query-hit').at(-1)?.message as QueryHit
    const peer = { id: network.simulation.node(3).id, addresses: [Uint8Array.of(1)] }
    const push = (fileIndex: number): Push => ({
      type: 'push',
      ...{ id: descriptorId(network.random.bytes(16)), ttl: 7, hops: 0, fileIndex, peer },
      serventId: hit.serventId,
    })
    network.say(LIAR, VICTIM, push(12_345))
    assert.equal(network.take('giv').length, 0, 'nobody was told of this file')
    network.simulation.clock.runFor(60_000)
    network.sent.length = 0
    network.say(LIAR, VICTIM, ...Array.from({ length: 100 }, () => push(hit.results[0]!.fileIndex)))
    const passed = network.sent.filter(({ from, message }) => from === VICTIM && message.type === 'push')
    assert.equal(passed.length, PUSH_BURST)
    assert.equal(network.take('giv').length, GIV_BURST)
  })

  it('is not listened to at all when it is no neighbour, but told so', () => {
    const network = new GnutellaNetwork([...line(3), [2, 3]])
    network.say(3, VICTIM, query(network, 7, 0))
    assert.equal(network.take('query').length, 1)
    network.say(3, VICTIM, { type: 'ping', id: descriptorId(network.random.bytes(16)), ttl: 7, hops: 0 })
    assert.equal(network.take('bye').length, 1)
  })
})
