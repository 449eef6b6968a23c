import assert from 'node:assert/strict'
import { contentKey, type Key, type Outcome } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { Simulation, type SimulationOptions } from '@onehop/simulator'
import {
  checkPastryInvariants,
  PASTRY_TESTNET,
  PastryMachine,
  type PastryMessage,
  type PastryOptions,
  pastry,
  pastryIds,
} from '../src/index.ts'

/** A simulated network of Pastry nodes that have joined, for tests to look at and disturb. */
export class PastryTown {
  readonly simulation: Simulation<PastryMessage>

  constructor(
    nodes: number,
    seed: number,
    options: Partial<PastryOptions> = {},
    model: Partial<SimulationOptions> = {},
  ) {
    const factory = pastry({ ...PASTRY_TESTNET, ...options })
    this.simulation = new Simulation(factory, { nodes, seed, ...model })
    for (let node = 0; node < nodes; node++) {
      const introducer = Math.floor(this.simulation.random.next() * node)
      const { failure } = this.simulation.join(node, node === 0 ? [] : [introducer])
      assert.equal(failure, undefined, `node ${node} could not join`)
    }
    this.run(5_000)
  }

  get nodes(): number {
    return this.simulation.nodes.length
  }

  machine(node: number): PastryMachine {
    const { machine } = this.simulation.node(node)
    assert.ok(machine instanceof PastryMachine)
    return machine
  }

  run(ms: number): void {
    this.simulation.clock.runFor(ms)
  }

  newKey(): Key {
    return contentKey(this.simulation.random.bytes(22))
  }

  publish(node: number): Key {
    const key = this.newKey()
    const { failure } = this.simulation.publish(node, { kind: 'content', key })
    assert.equal(failure, undefined, `node ${node} could not publish`)
    return key
  }

  find(node: number, key: Key): Outcome {
    return this.simulation.lookup(node, key)
  }

  alive(): number[] {
    return this.simulation.alive().map(({ number }) => number)
  }

  /** Living nodes by how close their ids are to the key: who is responsible, as one sees it from above. */
  closest(key: Key, count: number): number[] {
    const target = pastryIds.idFromBytes(key)
    const idOf = (node: number) => pastryIds.nodeIdOf(this.simulation.node(node).id)
    return this.alive()
      .toSorted((a, b) => (pastryIds.isCloser(target, idOf(a), idOf(b)) ? -1 : 1))
      .slice(0, count)
  }

  /** Living nodes that hold live pointers under the key. */
  holders(key: Key): number[] {
    return this.alive().filter(node => this.machine(node).store.find(key, 10).length > 0)
  }

  send(from: number, to: number, message: PastryMessage): void {
    this.simulation.network.send(from, to, message)
    this.run(100)
  }

  penalties(node: number): string[] {
    return this.simulation.node(node).penalties.map(({ verdict }) => (verdict.ok ? '' : verdict.code))
  }

  /** No table of any living node is wrong in itself. */
  assertSound(): void {
    for (const node of this.alive())
      assert.deepEqual(checkPastryInvariants(this.machine(node)), [], `node ${node}`)
  }

  /** Every living node's leaf set is what it would be if it knew everybody. */
  assertLeafSetsRight(): void {
    const order = this.alive().toSorted((a, b) =>
      pastryIds.compareIds(
        pastryIds.nodeIdOf(this.simulation.node(a).id),
        pastryIds.nodeIdOf(this.simulation.node(b).id),
      ),
    )
    order.forEach((node, at) => {
      const { leafSet, options } = this.machine(node).state
      const reach = Math.min(options.leafSetSize / 2, order.length - 1)
      const wanted = new Set<string>()
      for (let step = 1; step <= reach; step++)
        for (const other of [at + step, at - step])
          wanted.add(bytesKey(this.simulation.node(order[(other + order.length) % order.length]!).id))
      const has = new Set(leafSet.members.map(({ entry }) => bytesKey(entry.id)))
      assert.deepEqual(has, wanted, `the leaf set of node ${node}`)
    })
  }
}
