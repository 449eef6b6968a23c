import assert from 'node:assert/strict'
import {
  contentKey,
  type Key,
  type OverlayFactory,
  type PeerHandle,
  type Pointer,
  signPointer,
} from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { Simulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  CHORD_TESTNET,
  ChordMachine,
  type ChordMessage,
  chord,
  chordIdealFlaw,
  chordTables,
  identifierFromNumber,
  Sha1Space,
} from '../src/chord/index.ts'
import { MAX_HINTS_PER_ROUND, MAX_RELAYS_PER_PEER, MAX_ROUTE_HOPS } from '../src/chord/limits.ts'
import { RingEntry } from '../src/chord/ring-entry.ts'

const HONEST = 40
const LIAR = HONEST
const random = new SeededRandom(9)
const space = new Sha1Space(160)

function newKey(): Key {
  return contentKey(random.bytes(22))
}

/** Somebody whom nobody can reach. */
function nobody(): RingEntry {
  return new RingEntry(random.bytes(38), [random.bytes(8)], 0)
}

/** The liar’s own, signed by it. */
function pointerOf(simulation: Simulation<ChordMessage>, key: Key): Pointer {
  const node = simulation.node(LIAR)
  const expiresAt = Math.floor(simulation.clock.now() / 1000) + 20
  const unsigned = { version: 1, kind: 'content', key, provider: node.id, addresses: [] } as const
  return signPointer({ ...unsigned, sequence: 1, expiresAt }, payload => node.sign(payload))
}

type Answer = (message: ChordMessage, from: PeerHandle) => ChordMessage | 'honest'

/** A machine that answers as it likes. */
class Liar extends ChordMachine {
  answerAs: Answer = () => 'honest'

  override receive(from: PeerHandle, message: ChordMessage): void {
    const answer = this.answerAs(message, from)
    if (answer === 'honest') super.receive(from, message)
    else this.state.environment.send(from, answer)
  }
}

/** A ring of honest nodes with one more that will lie. */
function ringWithLiar(seed: number): { simulation: Simulation<ChordMessage>; liar: Liar } {
  const factory = chord(CHORD_TESTNET)
  const simulation = new Simulation<ChordMessage>(factory, { nodes: HONEST, seed })
  for (let node = 0; node < HONEST; node++) simulation.join(node, node === 0 ? [] : [0])
  const hostile: OverlayFactory<ChordMessage> = {
    ...factory,
    create: environment => new Liar(environment, CHORD_TESTNET, space),
  }
  simulation.addNode(hostile)
  simulation.join(LIAR, [0])
  simulation.clock.runFor(30_000)
  return { simulation, liar: simulation.node(LIAR).machine as Liar }
}

function honest(simulation: Simulation<ChordMessage>): ChordMachine[] {
  return simulation
    .alive()
    .filter(({ number }) => number !== LIAR)
    .map(({ machine }) => machine as ChordMachine)
}

function assertBounded(simulation: Simulation<ChordMessage>): void {
  for (const machine of honest(simulation))
    for (const { name, size, limit } of chordTables(machine)) assert.ok(size <= limit, `${name}: ${size}`)
}

function blames(simulation: Simulation<ChordMessage>): string[] {
  return simulation
    .alive()
    .flatMap(({ penalties }) => penalties.map(({ verdict }) => (verdict.ok ? '' : verdict.code)))
}

describe('Chord among hostile nodes', () => {
  it('outlives a successor whose list was made up, when it goes', () => {
    const { simulation, liar } = ringWithLiar(1)
    const made = Array.from({ length: 20 }, nobody)
    made.sort((a, b) => (a.identifierIn(space) < b.identifierIn(space) ? -1 : 1))
    const own = liar.state.positions[0]!.identifier
    const first = made.findIndex(entry => entry.identifierIn(space) > own)
    const successors = [...made.slice(first), ...made.slice(0, first)]
    liar.answerAs = message => {
      if (message.type !== 'neighbours') return 'honest'
      return { type: 'neighbourhood', request: message.request, isMember: true, digest: 7, successors }
    }
    simulation.clock.runFor(20_000)
    simulation.kill(LIAR)
    simulation.clock.runFor(90_000)
    assert.equal(chordIdealFlaw(honest(simulation)), undefined)
    assertBounded(simulation)
  })

  it('does not believe a predecessor that is nobody, and stays with its successor', () => {
    const { simulation, liar } = ringWithLiar(2)
    liar.answerAs = message => {
      if (message.type !== 'neighbours') return 'honest'
      const digest = message.known
      return {
        type: 'neighbourhood',
        request: message.request,
        isMember: true,
        digest,
        predecessor: nobody(),
      }
    }
    simulation.clock.runFor(60_000)
    const key = newKey()
    simulation.publish(3, { kind: 'content', key })
    for (let node = 0; node < HONEST; node++)
      assert.equal(simulation.lookup(node, key).failure, undefined, `node ${node}`)
    assertBounded(simulation)
  })

  it('blames who names successors that do not follow, and goes round it', () => {
    const { simulation, liar } = ringWithLiar(3)
    liar.answerAs = message => {
      if (message.type !== 'find') return 'honest'
      const { request, why } = message
      const entries = [nobody(), nobody(), nobody(), nobody(), nobody()]
      return { type: 'found', request, why, isDone: true, index: 0, entries }
    }
    const keys = Array.from({ length: 10 }, newKey)
    for (const key of keys) assert.equal(simulation.publish(5, { kind: 'content', key }).failure, undefined)
    for (const key of keys)
      for (let node = 0; node < HONEST; node++)
        assert.equal(simulation.lookup(node, key, { limit: 1 }).failure, undefined, `node ${node}`)
    assert.ok(blames(simulation).includes('chord-wrong-successors'))
  })

  it('is not led round in circles by answers that lead back', () => {
    const { simulation, liar } = ringWithLiar(4)
    const known = liar.state.positions[0]!.successors.map(({ entry }) => entry)
    liar.answerAs = message => {
      if (message.type !== 'find') return 'honest'
      const { request, why } = message
      return { type: 'found', request, why, isDone: false, index: 0, entries: [...known, ...known] }
    }
    for (let node = 0; node < HONEST; node++) {
      const { failure, attempts } = simulation.lookup(node, newKey(), { deadlineMs: 60_000 })
      assert.equal(failure, 'not found')
      assert.ok(attempts < 20, `${attempts} attempts`)
    }
  })

  it('blames who answers another question than was asked', () => {
    const { simulation, liar } = ringWithLiar(5)
    liar.answerAs = message => {
      if (message.type !== 'neighbours' && message.type !== 'ping') return 'honest'
      return { type: 'stored', request: message.request, why: 'lookup', accepted: 1 }
    }
    simulation.clock.runFor(60_000)
    assert.ok(blames(simulation).includes('chord-wrong-reply'))
    assert.equal(chordIdealFlaw(honest(simulation)), undefined)
  })

  it('does as much for a flood of notices and hints as for a few', () => {
    const { simulation } = ringWithLiar(6)
    let sent = 0
    simulation.network.onSend = from => {
      if (from === 0) sent++
    }
    simulation.clock.runFor(5_000)
    const usual = sent
    sent = 0
    for (let i = 0; i < 2_000; i++) {
      const notice = { type: 'notify', index: 0, from: i % 64, addresses: [], chain: [] } as const
      simulation.network.send(LIAR, 0, notice)
      simulation.network.send(LIAR, 0, { type: 'hint', index: 0, hops: 0, entries: [nobody(), nobody()] })
    }
    simulation.clock.runFor(5_000)
    assert.ok(sent < usual + 10 * 5 * MAX_HINTS_PER_ROUND, `${sent} messages instead of ${usual}`)
    assertBounded(simulation)
    simulation.clock.runFor(60_000)
    const all = simulation.alive().map(({ machine }) => machine as ChordMachine)
    assert.equal(chordIdealFlaw(all), undefined)
  })

  it('hands on only so many routes of one peer, and none that has come too far', () => {
    const { simulation } = ringWithLiar(7)
    let handedOn = 0
    simulation.network.onSend = (from, _to, { type }) => {
      if (from !== LIAR && type === 'route') handedOn++
    }
    for (let request = 0; request < 1_000; request++) {
      const target = space.ofKey(newKey())
      const route = { type: 'route', request, why: 'lookup', target, limit: 4, hops: MAX_ROUTE_HOPS } as const
      simulation.network.send(LIAR, 0, route)
    }
    simulation.clock.runFor(5_000)
    assert.equal(handedOn, 0)
    for (let request = 0; request < 1_000; request++) {
      const target = space.ofKey(newKey())
      const route = { type: 'route', request, why: 'lookup', target, limit: 4, hops: 1 } as const
      simulation.network.send(LIAR, 0, route)
    }
    simulation.clock.runFor(5_000)
    assert.ok(handedOn > 0 && handedOn <= MAX_RELAYS_PER_PEER * 8, `${handedOn} routes`)
    assertBounded(simulation)
  })

  it('takes no pointers for keys that it is not responsible for', () => {
    const { simulation } = ringWithLiar(8)
    simulation.clock.runFor(10_000)
    const before = honest(simulation)[0]!.custody.table.size
    for (let i = 0; i < 200; i++) {
      const pointer = pointerOf(simulation, newKey())
      simulation.network.send(LIAR, 0, { type: 'store', request: i, why: 'publication', pointers: [pointer] })
    }
    simulation.clock.runFor(1_000)
    const taken = honest(simulation)[0]!.custody.table.size - before
    assert.ok(taken < 80, `${taken} of 200`)
  })

  it('sends only so much to who pulls without end', () => {
    const { simulation } = ringWithLiar(10)
    for (let i = 0; i < 30; i++) simulation.publish(1, { kind: 'content', key: newKey() })
    const [after, upTo] = [identifierFromNumber(0, 160), identifierFromNumber(0, 160)]
    const before = simulation.network.trafficOf(0).bytesSent
    for (let request = 0; request < 20_000; request++)
      simulation.network.send(LIAR, 0, { type: 'pull', request, why: 'join', after, upTo, skip: 0 })
    simulation.clock.runFor(2_000)
    const sent = simulation.network.trafficOf(0).bytesSent - before
    assert.ok(sent < 4_000_000, `${sent} bytes`)
  })
})
