import assert from 'node:assert/strict'
import { contentKey, type Key, type Outcome } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { createSimulation, type Simulation, type SimulationOptions } from '@onehop/simulator'
import {
  NAPSTER_TESTNET,
  type NapsterInspection,
  type NapsterMachine,
  type NapsterMessage,
  type NapsterOptions,
  napster,
} from '../src/napster/index.ts'

/** A network of Napster nodes: servers first, then clients, each with one file. */
export class NapsterTown {
  readonly simulation: Simulation<NapsterMessage>
  readonly servers: number
  /** Of each node the key that it has published. */
  readonly keys: Key[] = []
  private readonly random: SeededRandom

  constructor(
    servers: number,
    clients: number,
    options: Partial<NapsterOptions> = {},
    simulation: Partial<SimulationOptions> = {},
  ) {
    this.servers = servers
    const { seed = 1 } = simulation
    this.random = new SeededRandom(seed)
    this.simulation = createSimulation(napster({ ...NAPSTER_TESTNET, ...options }), {
      ...simulation,
      nodes: 0,
      seed,
    })
    for (let node = 0; node < servers; node++) {
      this.simulation.addNode(napster({ ...NAPSTER_TESTNET, ...options, role: 'server' }))
      this.simulation.join(node, node === 0 ? [] : [0])
    }
    for (let node = servers; node < servers + clients; node++) {
      this.simulation.addNode()
      const { failure } = this.simulation.join(node, node === 0 ? [] : [node % Math.max(1, servers)])
      assert.equal(failure, undefined, `the join of node ${node}`)
    }
    for (let node = 0; node < servers + clients; node++) this.publish(node)
  }

  machine(node: number): NapsterMachine {
    return this.simulation.node(node).machine as NapsterMachine
  }

  inspect(node: number): NapsterInspection {
    return this.machine(node).inspect() as NapsterInspection
  }

  newKey(): Key {
    return contentKey(this.random.bytes(22))
  }

  publish(node: number): Outcome {
    const key = this.newKey()
    this.keys[node] = key
    const outcome = this.simulation.publish(node, { kind: 'content', key })
    assert.equal(outcome.failure, undefined, `node ${node} could not publish`)
    return outcome
  }

  run(ms: number): void {
    this.simulation.clock.runFor(ms)
  }

  lookup(node: number, key: Key): Outcome {
    return this.simulation.lookup(node, key)
  }

  /** Every living node finds what the owners have, in two hops at most. */
  expectFound(owners: readonly number[], by = this.simulation.alive().map(({ number }) => number)): void {
    for (const node of by) {
      for (const owner of owners) {
        const { failure, hops } = this.lookup(node, this.keys[owner]!)
        assert.equal(failure, undefined, `node ${node} looks for what node ${owner} has`)
        assert.ok(hops <= (this.servers > 1 ? 2 : 1), `${hops} hops`)
      }
    }
  }

  /** Nobody was penalised, but for these. */
  expectBlamed(culprits: readonly number[]): Set<string> {
    const ids = culprits.map(node => this.simulation.node(node).id.join())
    const codes = new Set<string>()
    for (const node of this.simulation.nodes) {
      for (const { peer, verdict } of node.penalties) {
        assert.ok(ids.includes(peer.join()), `node ${node.number} blamed an honest peer`)
        if (!verdict.ok) codes.add(verdict.code)
      }
    }
    return codes
  }
}
