import assert from 'node:assert/strict'
import { contentKey, type Key, type Outcome } from '@onehop/overlay'
import { DecodeError, SeededRandom } from '@onehop/primitives'
import { createSimulation, type SimulatedNode, type Simulation, uniformLatency } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { classicOverlay, OVERLAY_NAMES, type OverlayName } from '../src/index.ts'
import { type Watch, watched } from './watched.ts'

const NODES = 16
const MOST_NODES = 40
const LEAST_NODES = 6
const STEPS = 200
const SETTLE_MS = 8_000
/** Until the dead are forgotten, and what they held for others is where it belongs again. */
const REPAIR_MS = 40_000
const MOST_KEYS = 10
/** They do what others do, and where wanted more. */
const LIARS: readonly number[] = [1, 2, 3]
const RECORDED = 2_000

/** A network to which things happen by lot: everything that nodes do, and, where wanted, replays and damaged messages. */
class Turmoil {
  readonly watch: Watch
  readonly simulation: Simulation<unknown>
  readonly keys = new Map<number, Key[]>()
  private readonly random: SeededRandom
  private readonly recorded: unknown[] = []

  constructor(name: OverlayName, seed: number) {
    this.watch = watched(classicOverlay(name, 'testnet'))
    this.random = new SeededRandom(seed * 77)
    this.simulation = createSimulation(this.watch.factory, {
      nodes: NODES,
      seed,
      latency: uniformLatency(1, 60),
      duplicateFraction: 0.03,
      reorderFraction: 0.03,
      lossFraction: 0.02,
      checksCodec: true,
    })
    this.simulation.network.onSend = (_from, _to, message) => this.record(message)
    this.simulation.joinAll()
    this.simulation.clock.runFor(SETTLE_MS)
  }

  run(steps: number, isHostile: boolean): void {
    for (let step = 0; step < steps; step++) {
      this.step()
      if (isHostile) for (let i = 0; i < 3; i++) this.attack()
      this.simulation.clock.runFor(this.below(400))
    }
    for (const { number } of this.simulation.alive()) this.publish(number)
    this.simulation.clock.runFor(REPAIR_MS)
  }

  /** Lookups of what the living have, liars left out; how many of them failed, and of how many. */
  lookUpAll(): { readonly failed: string[]; readonly count: number } {
    const failed: string[] = []
    let count = 0
    const honest = this.simulation.alive().filter(({ number }) => !LIARS.includes(number))
    for (const { number } of honest)
      for (const key of this.keys.get(number) ?? []) {
        const asker = honest[this.below(honest.length)]!.number
        const { failure } = this.simulation.lookup(asker, key, { deadlineMs: 8_000 })
        count++
        if (failure !== undefined) failed.push(`${asker} for what ${number} has: ${failure}`)
      }
    return { failed, count }
  }

  private below(n: number): number {
    return this.random.nextUint32() % n
  }

  private someone(): SimulatedNode<unknown> {
    const alive = this.simulation.alive()
    return alive[this.below(alive.length)]!
  }

  private step(): void {
    const { number } = this.someone()
    const dice = this.below(20)
    if (dice < 6) this.publish(number)
    else if (dice < 8) this.withdraw(number)
    else if (dice < 14) this.lookUp(number)
    else if (dice < 16) this.end(number, dice === 14)
    else if (dice === 16) this.restart(number)
    else if (dice === 17) this.add(number)
    else if (dice === 18) this.rejoin(number)
    else this.search(number)
  }

  private publish(node: number): void {
    const own = this.keys.get(node) ?? []
    if (own.length === MOST_KEYS) return
    const key = contentKey(this.random.bytes(22))
    this.keys.set(node, [...own, key])
    this.simulation.beginPublish(node, { kind: 'content', key, displayName: 'x' }, forget)
  }

  private withdraw(node: number): void {
    const key = this.keys.get(node)?.pop()
    if (key !== undefined) this.simulation.beginWithdraw(node, key, forget)
  }

  private lookUp(node: number): void {
    const own = this.keys.get(this.someone().number) ?? []
    const key = own[this.below(own.length + 1)] ?? contentKey(this.random.bytes(22))
    const cancel = this.simulation.beginLookup(node, key, { deadlineMs: 5_000 }, forget)
    if (this.below(10) === 0) cancel()
  }

  /** Node 0 stays: where there is one server it is the server. */
  private end(node: number, withGoodbye: boolean): void {
    if (node === 0 || this.simulation.alive().length <= LEAST_NODES) return
    const ended = this.simulation.node(node)
    if (withGoodbye) {
      ended.machine.leave()
      this.expect(ended.handlesHeld === 1, `${ended.handlesHeld} handles are held after leaving`)
      const timers = this.watch.timersOf(ended.machine)
      this.expect(timers === 0, `${timers} timers run after leaving`)
      this.simulation.clock.runFor(this.below(50))
    }
    this.simulation.kill(node)
    this.keys.delete(node)
  }

  private restart(introducer: number): void {
    const dead = this.simulation.nodes.find(({ isAlive }) => !isAlive)
    if (dead === undefined) return
    this.simulation.restart(dead.number)
    this.simulation.beginJoin(dead.number, [introducer], forget)
  }

  private add(introducer: number): void {
    if (this.simulation.nodes.length === MOST_NODES) return
    this.simulation.beginJoin(this.simulation.addNode().number, [introducer], forget)
  }

  private rejoin(node: number): void {
    const other = this.someone().number
    if (other !== node) this.simulation.beginJoin(node, [other], forget)
  }

  private search(node: number): void {
    const options = { limit: 3, deadlineMs: 3_000 }
    this.simulation.node(node).machine.search?.(['holiday', 'mp4'], options, forget)
  }

  private record(message: unknown): void {
    if (this.recorded.length < RECORDED) this.recorded.push(message)
    else if (this.below(30) === 0) this.recorded[this.below(RECORDED)] = message
  }

  /** A liar, who may be dead, sends what another has sent, as it was or damaged. */
  private attack(): void {
    const message = this.recorded[this.below(this.recorded.length)]
    const [to, from] = [this.someone(), LIARS[this.below(LIARS.length)]!]
    if (from === to.number) return
    if (this.below(3) === 0) {
      to.deliver(from, message)
      return
    }
    const { codec } = this.watch.factory
    const bytes = Uint8Array.from(codec.encode(message))
    for (let i = 0; i < 1 + this.below(4); i++) bytes[this.below(bytes.length)] = this.below(256)
    try {
      to.deliver(from, codec.decode(bytes))
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
    }
  }

  private expect(claim: boolean, complaint: string): void {
    if (!claim) this.watch.complaints.push(complaint)
  }
}

function forget(_outcome: Outcome): void {}

/** What a small network does; where wanted, its machines are looked at in between. */
function traceOf(name: OverlayName, isLookedAt: boolean): string {
  const simulation = createSimulation(classicOverlay(name, 'testnet'), { nodes: NODES, seed: 1 })
  simulation.joinAll()
  for (let i = 0; i < 10; i++) {
    simulation.clock.runFor(1_000)
    if (isLookedAt) for (const { machine } of simulation.alive()) machine.inspect()
  }
  return simulation.traceHash()
}

for (const name of OVERLAY_NAMES)
  describe(`${name}, whatever happens`, () => {
    it('goes the same way whether it is looked at or not', () => {
      assert.equal(traceOf(name, true), traceOf(name, false))
    })

    for (const seed of [1])
      it(`finds everything once all is quiet, and breaks no promise to its driver (seed ${seed})`, () => {
        const turmoil = new Turmoil(name, seed)
        turmoil.run(STEPS, false)
        assert.deepEqual(turmoil.watch.complaints, [])
        const { failed, count } = turmoil.lookUpAll()
        assert.ok(count > 0)
        assert.deepEqual(failed, [])
        for (const node of turmoil.simulation.nodes)
          assert.deepEqual(node.penalties, [], 'somebody was blamed')
      })

    for (const seed of [2])
      it(`does so under replays and damaged messages, too (seed ${seed})`, () => {
        const turmoil = new Turmoil(name, seed)
        turmoil.run(STEPS, true)
        assert.deepEqual(turmoil.watch.complaints, [])
        const { failed, count } = turmoil.lookUpAll()
        assert.ok(count > 0)
        assert.ok(failed.length <= count / 20, failed.join('; '))
      })
  })
