import assert from 'node:assert/strict'
import type { Outcome, Pointer } from '@onehop/overlay'
import { constantLatency, geographicLatency, LIVE_CONNECTIONS } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { NAPSTER_TESTNET, type ProbedHost } from '../src/napster/index.ts'
import { NapsterTown } from './napster-town.ts'

const { sessionTimeoutMs, keepAliveMs, pointerLifetimeMs } = NAPSTER_TESTNET
const SWEEP_MS = 1.1 * keepAliveMs

function pointerTo(town: NapsterTown, owner: number, asker = 1): Pointer {
  const [pointer] = town.lookup(asker, town.keys[owner]!).pointers
  assert.ok(pointer !== undefined)
  return pointer
}

function delivery(town: NapsterTown, node: number, pointer: Pointer): Outcome {
  let result: Outcome | undefined
  town.machine(node).requestDelivery(pointer, outcome => {
    result = outcome
  })
  town.run(20_000)
  assert.ok(result !== undefined, 'the delivery never ended')
  return result
}

describe('Napster’s clients', () => {
  it('are dropped, with what they had, when they have been silent for too long, and not before', () => {
    const town = new NapsterTown(1, 4)
    town.simulation.kill(3)
    town.run(sessionTimeoutMs - 2 * SWEEP_MS)
    assert.equal(town.lookup(1, town.keys[3]!).pointers.length, 1, 'the server cannot know it yet')
    town.run(3 * SWEEP_MS)
    assert.equal(town.lookup(1, town.keys[3]!).failure, 'not found')
    assert.equal(town.inspect(0).clientCount, 3)
    assert.equal(town.inspect(0).load, 4)
  })

  it('stay for as long as they say that they are there, and send little else', () => {
    const town = new NapsterTown(1, 4)
    town.run(10 * pointerLifetimeMs)
    town.expectFound([1, 2, 3, 4])
    const before = town.simulation.network.trafficOf(1).messagesSent
    town.run(10 * keepAliveMs)
    const sent = town.simulation.network.trafficOf(1).messagesSent - before
    assert.ok(sent >= 8 && sent <= 14, `${sent} messages in 10 keep-alive intervals`)
  })

  it('that look up all the time stay too, and learn by it that the server has forgotten them', () => {
    const town = new NapsterTown(1, 3)
    const lookUp = (ms: number) => {
      for (let i = 0; i < ms / 200; i++) {
        town.lookup(2, town.keys[1]!)
        town.run(200)
      }
    }
    lookUp(2 * sessionTimeoutMs)
    town.expectFound([1, 2, 3])
    town.machine(0).server!.sessions.closeAll()
    lookUp(1_000)
    assert.equal(town.lookup(1, town.keys[2]!).failure, undefined)
  })

  it('that come back under the same id have what they say now, not what they said before', () => {
    const town = new NapsterTown(1, 3)
    const before = town.keys[2]!
    town.simulation.kill(2)
    town.run(500)
    town.simulation.restart(2)
    assert.equal(town.simulation.join(2, [0]).failure, undefined)
    town.publish(2)
    assert.equal(town.lookup(1, before).failure, 'not found')
    town.expectFound([1, 2, 3])
  })

  it('that lose their connection for a moment take their session up again, and upload nothing twice', () => {
    const town = new NapsterTown(1, 3)
    const uploads: string[] = []
    town.simulation.network.onSend = (_from, _to, { type }) => {
      if (type === 'upload' || type === 'login') uploads.push(type)
    }
    town.simulation.network.partition([[0, 1, 2], [3]])
    town.run(sessionTimeoutMs / 2)
    town.simulation.network.heal()
    town.run(3_000)
    assert.ok(uploads.includes('login'))
    assert.ok(!uploads.includes('upload'), uploads.join())
    town.expectFound([1, 2, 3])
  })

  it('upload all that they have again when their server has forgotten them', () => {
    const town = new NapsterTown(1, 3)
    for (let i = 0; i < 150; i++) town.simulation.publish(3, { kind: 'content', key: town.newKey() })
    town.simulation.network.partition([[0, 1, 2], [3]])
    town.run(3 * sessionTimeoutMs)
    assert.equal(town.inspect(0).load, 3)
    town.simulation.network.heal()
    town.run(2 * sessionTimeoutMs)
    assert.equal(town.inspect(0).load, 154)
    assert.equal(town.inspect(3).unconfirmed, 0)
  })

  it('ping the hosts of an answer, and take the nearest first, the silent last', () => {
    const town = new NapsterTown(1, 5, {}, { latency: geographicLatency({ seed: 3 }) })
    const pointers = [2, 3, 4, 5].map(owner => pointerTo(town, owner))
    town.simulation.kill(4)
    let ranked: readonly ProbedHost[] = []
    town.machine(1).rankHosts(pointers, hosts => {
      ranked = hosts
    })
    town.run(20_000)
    const times = ranked.map(({ rttMs }) => rttMs ?? Number.POSITIVE_INFINITY)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    assert.equal(ranked.length, 4)
    assert.deepEqual(ranked[3]!.pointer.provider, town.simulation.node(4).id)
    assert.equal(ranked[3]!.rttMs, undefined)
    assert.ok(ranked[0]!.rttMs! < ranked[2]!.rttMs!)
  })

  it('probe a provider, and say when it does not answer', () => {
    const town = new NapsterTown(1, 4)
    const pointer = pointerTo(town, 2)
    const { failure, elapsedMs } = delivery(town, 1, pointer)
    assert.deepEqual([failure, elapsedMs], [undefined, 40])
    town.simulation.kill(2)
    assert.equal(delivery(town, 1, pointer).failure, 'unreachable')
    assert.equal(town.simulation.node(1).handlesHeld, 2, 'itself and its server')
  })

  it('have a provider that cannot be dialled call them, through one server or two', () => {
    const connections = { ...LIVE_CONNECTIONS, cap: 8 }
    for (const servers of [1, 2]) {
      const town = new NapsterTown(servers, 4, {}, { connections, latency: constantLatency(20) })
      town.run(3_000)
      const [asker, host] = [servers, servers + 1]
      town.simulation.network.setDialable(host, false)
      const { failure } = delivery(town, asker, pointerTo(town, host, asker))
      assert.equal(failure, undefined, `${servers} servers`)
    }
  })

  it('leave no trace: neither in the list nor among the handles', () => {
    const town = new NapsterTown(1, 3)
    town.machine(2).lookup(town.newKey(), { limit: 1, deadlineMs: 5_000 }, () => {})
    town.simulation.leave(2)
    assert.equal(town.simulation.node(2).handlesHeld, 1)
    town.run(1_000)
    assert.equal(town.inspect(0).load, 3)
    assert.equal(town.inspect(0).clientCount, 2)
  })

  it('hold few handles: themselves, the server, and whom they entered through', () => {
    const town = new NapsterTown(2, 6)
    town.run(60_000)
    for (let node = 2; node < 8; node++) {
      const held = town.simulation.node(node).handlesHeld
      assert.ok(held <= 4, `${held} handles`)
    }
  })

  it('cannot be servers, nor enter without one', () => {
    const alone = new NapsterTown(1, 0, { role: 'client' })
    const client = alone.simulation.addNode().number
    assert.equal(alone.simulation.join(client, []).failure, 'no peers')
    assert.equal(alone.lookup(client, alone.newKey()).failure, 'no peers')
    assert.equal(alone.simulation.join(client, [0]).failure, undefined)
    alone.expectFound([0])
  })
})
