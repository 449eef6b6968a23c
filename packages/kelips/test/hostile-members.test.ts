import assert from 'node:assert/strict'
import { contentKey, type Key, type OverlayFactory, type PeerHandle, type Pointer } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { createSimulation, type Simulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { KELIPS_TESTNET, KelipsMachine, type KelipsMessage, kelips, type MemberEntry } from '../src/index.ts'

type Answer = (machine: KelipsMachine, from: PeerHandle, message: KelipsMessage) => boolean

/** Machines of which the last made answers as it likes; where `answer` returns false it is honest. */
function withLiar(nodes: number, answer: Answer): OverlayFactory<KelipsMessage> {
  const honest = kelips(KELIPS_TESTNET)
  let made = 0
  return {
    ...honest,
    create(environment) {
      made++
      if (made < nodes) return honest.create(environment)
      return new (class extends KelipsMachine {
        override receive(from: PeerHandle, message: KelipsMessage): void {
          if (!answer(this, from, message)) super.receive(from, message)
        }
      })(environment, KELIPS_TESTNET)
    },
  }
}

function settled(
  factory: OverlayFactory<KelipsMessage>,
  nodes: number,
  seed: number,
): Simulation<KelipsMessage> {
  const simulation = createSimulation(factory, { nodes, seed })
  simulation.joinAll()
  simulation.clock.runFor(5_000)
  return simulation
}

function stateOf(simulation: Simulation<KelipsMessage>, node: number) {
  return (simulation.node(node).machine as KelipsMachine).state
}

function blamed(simulation: Simulation<KelipsMessage>, culprit: number): Set<string> {
  const codes = new Set<string>()
  for (const node of simulation.alive()) {
    for (const { peer, verdict } of node.penalties) {
      assert.deepEqual(
        peer,
        simulation.node(culprit).id,
        `an honest peer was blamed: ${JSON.stringify(verdict)}`,
      )
      if (!verdict.ok) codes.add(verdict.code)
    }
  }
  return codes
}

const NODES = 8
const LIAR = NODES - 1
const SEEDS = [1, 2, 3, 4, 5, 6]

function newKey(seed: number): Key {
  return contentKey(new SeededRandom(seed).bytes(22))
}

describe('hostile Kelips members', () => {
  it('that withhold what they hold are outvoted by a second answer', () => {
    const denies: Answer = (machine, from, message) => {
      if (message.type !== 'find') return false
      const answer = {
        type: 'found',
        request: message.request,
        pointers: [],
        members: [],
        settled: true,
      } as const
      machine.state.environment.send(from, answer)
      return true
    }
    for (const seed of SEEDS) {
      const simulation = settled(withLiar(NODES, denies), NODES, seed)
      const key = newKey(seed)
      simulation.publish(1, { kind: 'content', key })
      for (let node = 0; node < LIAR; node++)
        assert.equal(simulation.lookup(node, key).failure, undefined, `seed ${seed}, node ${node}`)
    }
  })

  it('that answer with forgeries are not believed, and are blamed', () => {
    let answered = 0
    const forges: Answer = (machine, from, message) => {
      if (message.type !== 'find') return false
      const { environment } = machine.state
      const pointer: Pointer = {
        version: 1,
        kind: 'content',
        key: message.key,
        provider: environment.idOf(from),
        addresses: [],
        sequence: 1,
        expiresAt: Math.floor(environment.now() / 1000) + 20,
        signature: new Uint8Array(64).fill(7),
      }
      answered++
      environment.send(from, {
        type: 'found',
        request: message.request,
        pointers: [pointer],
        members: [],
        settled: true,
      })
      return true
    }
    const codes = new Set<string>()
    for (const seed of SEEDS) {
      const simulation = settled(withLiar(NODES, forges), NODES, seed)
      const key = newKey(seed)
      for (let node = 0; node < LIAR; node++)
        assert.equal(simulation.lookup(node, key).failure, 'not found', `seed ${seed}, node ${node}`)
      for (const code of blamed(simulation, LIAR)) codes.add(code)
    }
    assert.ok(answered > 0)
    assert.deepEqual([...codes], ['kelips-forged-pointer'])
  })

  it('cannot speak for others, nor keep the dead alive with their old words', () => {
    for (const seed of SEEDS) {
      const simulation = settled(kelips(KELIPS_TESTNET), NODES, seed)
      const liar = stateOf(simulation, LIAR)
      const victimId = simulation.node(2).id
      const known = [...liar.roster.peers()].map(peer => liar.roster.recordOf(peer))
      const old = known.find(record => record?.id.join() === victimId.join())
      if (old === undefined) continue
      const invented: MemberEntry = { record: { ...old, heartbeat: old.heartbeat + 60_000 }, ageMs: 0 }
      const gossip = (entry: MemberEntry): KelipsMessage => ({
        type: 'gossip',
        groups: 4,
        sender: liar.own.entry(),
        wantsReply: false,
        members: [entry],
        pointers: [],
      })
      for (let node = 0; node < LIAR; node++) simulation.network.send(LIAR, node, gossip(invented))
      simulation.clock.runFor(100)
      assert.deepEqual([...blamed(simulation, LIAR)], ['kelips-forged-member'], `seed ${seed}`)
      simulation.kill(2)
      for (let second = 0; second < 15; second++) {
        for (const node of simulation.alive()) {
          if (node.number !== LIAR)
            simulation.network.send(LIAR, node.number, gossip({ record: old, ageMs: 0 }))
        }
        simulation.clock.runFor(1_000)
      }
      for (const node of simulation.alive()) {
        const { roster } = stateOf(simulation, node.number)
        const known = [...roster.peers()].map(peer => roster.recordOf(peer))
        assert.ok(
          !known.some(record => record?.id.join() === victimId.join()),
          `seed ${seed}: it is still there`,
        )
      }
    }
  })

  it('that claim another peer’s record as their own, or another number of groups, are blamed and ignored', () => {
    const simulation = settled(kelips(KELIPS_TESTNET), NODES, 1)
    const own = stateOf(simulation, LIAR).own.entry()
    const other = stateOf(simulation, 3).own.entry()
    const common = { type: 'gossip', wantsReply: true, members: [], pointers: [] } as const
    simulation.network.send(LIAR, 0, { ...common, groups: 4, sender: other })
    simulation.network.send(LIAR, 0, { ...common, groups: 8, sender: own })
    const range = { limit: 10, skip: 0, filetuples: true, low: 0, high: 9 }
    simulation.network.send(LIAR, 1, { type: 'pull', request: 9, groups: 1, sender: own, ...range })
    simulation.clock.runFor(100)
    assert.deepEqual([...blamed(simulation, LIAR)], ['kelips-wrong-sender', 'kelips-wrong-group-count'])
  })

  it('cannot answer for a peer that was asked', () => {
    const simulation = settled(kelips(KELIPS_TESTNET), 3, 4)
    const silent = simulation.addNode()
    const pings: number[] = []
    for (let request = 0; request < 50; request++) pings.push(request)
    for (const request of pings)
      simulation.network.send(1, 0, { type: 'pong', request, sender: stateOf(simulation, 1).own.entry() })
    simulation.clock.runFor(1_000)
    assert.equal(silent.penalties.length, 0)
    assert.equal(blamed(simulation, 1).size, 0)
  })
})
