import assert from 'node:assert/strict'
import { randomElement, SeededRandom } from '@onehop/primitives'
import { Simulation, uniformLatency } from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  CHORD_TESTNET,
  type ChordMachine,
  type ChordMessage,
  chord,
  chordIdealFlaw,
  chordRingFlaw,
} from '../src/chord/index.ts'

const SUCCESSORS = 3
const BASE = SUCCESSORS + 1
const MOST_NODES = 20
const CHURN_MS = 90_000
const QUIET_MS = 40_000

/** A ring under churn, looked at after every event. */
class Ring {
  readonly simulation: Simulation<ChordMessage>
  readonly random: SeededRandom
  private readonly seed: number
  private lists: readonly unknown[] = []
  checks = 0

  constructor(seed: number) {
    this.seed = seed
    this.random = new SeededRandom(seed)
    const factory = chord({ ...CHORD_TESTNET, successors: SUCCESSORS })
    this.simulation = new Simulation(factory, { nodes: BASE, seed, latency: uniformLatency(1, 60) })
    for (let node = 0; node < BASE; node++) this.simulation.join(node, node === 0 ? [] : [0])
    this.simulation.clock.runFor(QUIET_MS)
    this.expect(chordIdealFlaw(this.machines()))
  }

  machines(): ChordMachine[] {
    return this.simulation.alive().map(({ machine }) => machine as ChordMachine)
  }

  expect(flaw: string | undefined): void {
    assert.equal(flaw, undefined, `seed ${this.seed}, at ${this.simulation.clock.elapsedMs} ms`)
  }

  run(ms: number): void {
    this.simulation.clock.runUntil(() => {
      this.check()
      return false
    }, ms)
  }

  /** Looks only where a list is another one than before. */
  check(): void {
    const machines = this.machines()
    const lists = machines.flatMap(({ state }) => [state, ...state.members.map(p => p.successors)])
    if (lists.length === this.lists.length && lists.every((list, i) => list === this.lists[i])) return
    this.lists = lists
    this.checks++
    this.expect(chordRingFlaw(machines, BASE))
  }

  /** The operating assumption: nobody's last live successor goes, and of the base nobody. */
  mayGo(node: number): boolean {
    const gone = this.simulation.node(node).machine as ChordMachine
    const live = new Set(this.machines().flatMap(({ state }) => state.members.map(p => p.identifier)))
    for (const { identifier } of gone.state.members) live.delete(identifier)
    return this.machines().every(
      machine =>
        machine === gone ||
        machine.state.members.every(p => p.successors.filter(row => live.has(row.identifier)).length > 1),
    )
  }

  change(): void {
    const alive = this.simulation.alive().map(({ number }) => number)
    const kind = this.random.next()
    if (kind < 0.5 && alive.length < MOST_NODES) {
      const introducer = randomElement(this.random.next, alive)!
      const { number } = this.simulation.addNode()
      this.simulation.beginJoin(number, [introducer], () => {})
      return
    }
    const node = randomElement(
      this.random.next,
      alive.filter(number => number >= BASE),
    )
    if (node === undefined || !this.mayGo(node)) return
    if (kind < 0.75) this.simulation.leave(node)
    else this.simulation.kill(node)
  }
}

describe('Chord’s ring while nodes join, leave and crash at the same time', () => {
  for (let seed = 1; seed <= 12; seed++)
    it(`is one ring in order after every event, and ideal in the end (seed ${seed})`, () => {
      const ring = new Ring(seed)
      const { clock } = ring.simulation
      for (const end = clock.elapsedMs + CHURN_MS; clock.elapsedMs < end; ) {
        ring.change()
        ring.run(ring.random.next() < 0.3 ? 1 : ring.random.next() * 900)
      }
      ring.run(QUIET_MS)
      ring.expect(chordIdealFlaw(ring.machines()))
      assert.ok(ring.checks > 200, `${ring.checks} checks`)
    })
})
