import assert from 'node:assert/strict'
import type { Key, PeerId } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { Simulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { fullFingerTable } from '../src/chord/fingers.ts'
import {
  CHORD_TESTNET,
  type ChordMachine,
  type ChordMessage,
  type ChordOptions,
  chord,
  type Identifier,
  type IdentifierSpace,
  identifierFromNumber,
  identifierToNumber,
} from '../src/chord/index.ts'

const BITS = 7

/** A ring on which people say who stands where: peers get their numbers in the order in which they are made. */
class ChosenSpace implements IdentifierSpace {
  readonly bits = BITS
  private readonly numbers: number[]
  private readonly known = new Map<string, Identifier>()

  constructor(numbers: readonly number[]) {
    this.numbers = [...numbers]
  }

  ofPeer(id: PeerId, index: number): Identifier {
    const name = `${bytesKey(id)}/${index}`
    const place = this.known.get(name) ?? identifierFromNumber(this.numbers.shift()!, BITS)
    this.known.set(name, place)
    return place
  }

  /** A key stands where its first byte says. */
  ofKey(key: Key): Identifier {
    return identifierFromNumber(key[0]!, BITS)
  }
}

function keyAt(number: number): Key {
  return new Uint8Array(32).fill(7).fill(number, 0, 1)
}

/** The lecture’s ring: m = 7, peers N16, N32, N45, N80, N96, N112, with one successor and one copy each. */
function lecturesRing(numbers: readonly number[], options: Partial<ChordOptions> = {}) {
  const factory = chord(
    { ...CHORD_TESTNET, bits: BITS, successors: 1, replicas: 1, ...options },
    new ChosenSpace(numbers),
  )
  const simulation = new Simulation<ChordMessage>(factory, { nodes: 6, seed: 1 })
  for (let node = 0; node < 6; node++) {
    simulation.join(node, node === 0 ? [] : [0])
    simulation.clock.runFor(3_000)
  }
  simulation.clock.runFor(20_000)
  return simulation
}

const SIX = [16, 32, 45, 80, 96, 112]

function machineAt(simulation: Simulation<ChordMessage>, number: number): ChordMachine {
  const machines = simulation.alive().map(({ machine }) => machine as ChordMachine)
  return machines.find(({ state }) => numberOf(state.positions[0]!.identifier) === number)!
}

function nodeAt(simulation: Simulation<ChordMessage>, number: number): number {
  return simulation.nodes.findIndex(({ machine }) => machine === machineAt(simulation, number))
}

function numberOf(identifier: Identifier): number {
  return Number(identifierToNumber(identifier, BITS))
}

/** The peers that hold a pointer under the key. */
function holdersOf(simulation: Simulation<ChordMessage>, key: Key): number[] {
  return SIX.concat(40).filter(number => machineAt(simulation, number)?.custody.find(key, 9).length > 0)
}

describe('Chord on the ring of the lecture', () => {
  it('links every peer with its successor', () => {
    const simulation = lecturesRing(SIX)
    const successors = SIX.map(number =>
      numberOf(machineAt(simulation, number).state.positions[0]!.head!.identifier),
    )
    assert.deepEqual(successors, [32, 45, 80, 96, 112, 16])
  })

  it('gives N80 the finger table 96 96 96 96 96 112 16', () => {
    const [position] = machineAt(lecturesRing(SIX), 80).state.positions
    const table = fullFingerTable(position!).map(row => numberOf(row!.identifier))
    assert.deepEqual(table, [96, 96, 96, 96, 96, 112, 16])
    assert.equal(position!.fingers.all.length, 2)
  })

  it('stores K42 at N45, and only there', () => {
    const simulation = lecturesRing(SIX)
    simulation.publish(nodeAt(simulation, 112), { kind: 'content', key: keyAt(42) })
    assert.deepEqual(holdersOf(simulation, keyAt(42)), [45])
  })

  for (const routing of ['iterative', 'recursive'] as const)
    it(`leads N80’s question for K42 by N16 and N32 to N45 (${routing})`, () => {
      const simulation = lecturesRing(SIX, { routing })
      simulation.publish(nodeAt(simulation, 112), { kind: 'content', key: keyAt(42) })
      const route: number[] = []
      simulation.network.onSend = (_from, to, { type }) => {
        const { identifier } = (simulation.node(to).machine as ChordMachine).state.positions[0]!
        if (type === 'find' || type === 'route' || type === 'get') route.push(numberOf(identifier))
      }
      const { hops, failure } = simulation.lookup(nodeAt(simulation, 80), keyAt(42))
      assert.deepEqual({ hops, failure, route }, { hops: 3, failure: undefined, route: [16, 32, 45] })
    })

  it('hands a new N40 the keys from 33 to 40, and leaves the others with N45', () => {
    const simulation = lecturesRing([...SIX, 40])
    for (const number of [34, 40, 42])
      simulation.publish(nodeAt(simulation, 112), { kind: 'content', key: keyAt(number) })
    const { number } = simulation.addNode()
    simulation.join(number, [nodeAt(simulation, 16)])
    assert.deepEqual(
      [34, 40, 42].map(key => machineAt(simulation, 40).custody.find(keyAt(key), 9).length),
      [1, 1, 0],
    )
    simulation.clock.runFor(20_000)
    assert.deepEqual(
      [34, 40, 42].map(key => holdersOf(simulation, keyAt(key))),
      [[40], [40], [45]],
    )
    assert.equal(numberOf(machineAt(simulation, 32).state.positions[0]!.head!.identifier), 40)
  })

  it('brings the keys of a peer that leaves to the next, though there was only one copy', () => {
    const simulation = lecturesRing(SIX)
    simulation.publish(nodeAt(simulation, 112), { kind: 'content', key: keyAt(42) })
    simulation.leave(nodeAt(simulation, 45))
    simulation.clock.runFor(1_000)
    assert.equal(machineAt(simulation, 80).custody.find(keyAt(42), 9).length, 1)
    assert.equal(simulation.lookup(nodeAt(simulation, 16), keyAt(42)).failure, undefined)
  })

  it('keeps a ring whole on which one of two peers with the same identifier takes another place', () => {
    const simulation = lecturesRing([16, 32, 45, 80, 96, 32, 100])
    const places = simulation
      .alive()
      .map(({ machine }) => numberOf((machine as ChordMachine).state.positions[0]!.identifier))
    assert.deepEqual(places, [16, 32, 45, 80, 96, 100])
  })
})
