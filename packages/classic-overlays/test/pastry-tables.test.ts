import assert from 'node:assert/strict'
import type { PeerHandle } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import type { Contact } from '../src/pastry/contact.ts'
import { closestHolders } from '../src/pastry/holders.ts'
import { LeafSet } from '../src/pastry/leaf-set.ts'
import { Neighbourhood } from '../src/pastry/neighbourhood.ts'
import {
  digitAt,
  equalIds,
  idFromBytes,
  isBefore,
  isCloser,
  type NodeId,
  sharedDigits,
} from '../src/pastry/node-id.ts'
import { RoutingTable } from '../src/pastry/routing-table.ts'

function contact(peer: number, id: NodeId, rttMs = 100): Contact {
  const entry = { id: Uint8Array.of(0, peer), addresses: [] }
  return { peer: peer as PeerHandle, id, entry, rttMs, heardMs: 0, isSuspect: false, pullsUntilMs: 0 }
}

/** Ids of which many begin alike. */
function drawnId(random: SeededRandom): NodeId {
  const bytes = random.bytes(16)
  if (random.next() < 0.5) bytes.fill(0xab, 0, Math.floor(random.next() * 4))
  return idFromBytes(bytes)
}

describe('a leaf set', () => {
  for (const seed of [1, 2, 3])
    it(`has the closest of all that came and did not go, on either side (seed ${seed})`, () => {
      const random = new SeededRandom(seed)
      const own = drawnId(random)
      const leafSet = new LeafSet(own, 8)
      const all: Contact[] = []
      for (let step = 0; step < 300; step++) {
        if (random.next() < 0.6 || all.length === 0) {
          const one = contact(step, drawnId(random))
          all.push(one)
        } else leafSet.remove(all.splice(Math.floor(random.next() * all.length), 1)[0]!)
        for (const one of all) leafSet.add(one)
        if (all.length === leafSet.members.length) leafSet.refill()
        const clockwise = all.toSorted((a, b) => (isBefore(own, a.id, b.id) ? -1 : 1))
        assert.deepEqual(leafSet.larger, clockwise.slice(0, 4))
        assert.deepEqual(leafSet.smaller, clockwise.toReversed().slice(0, 4))
        if (all.length < 8) assert.ok(leafSet.knowsAll)
      }
    })

  it('takes nobody whose id it has already, nor our own', () => {
    const random = new SeededRandom(4)
    const [own, other] = [drawnId(random), drawnId(random)]
    const leafSet = new LeafSet(own, 4)
    assert.equal(leafSet.add(contact(1, other)).isPlaced, true)
    assert.equal(leafSet.add(contact(2, other.slice())).isPlaced, false)
    assert.equal(leafSet.add(contact(3, own.slice())).isPlaced, false)
    assert.equal(leafSet.members.length, 1)
  })

  it('covers what lies between its ends, and everything when it knows everybody', () => {
    const random = new SeededRandom(5)
    const own = drawnId(random)
    const leafSet = new LeafSet(own, 4)
    const ids = Array.from({ length: 40 }, () => drawnId(random))
    assert.ok(ids.every(id => leafSet.covers(id)))
    ids.forEach((id, i) => void leafSet.add(contact(i, id)))
    const [left, right] = [leafSet.smaller.at(-1)!.id, leafSet.larger.at(-1)!.id]
    for (const id of ids) {
      const isBetween = equalIds(id, right) || isBefore(left, id, right)
      assert.equal(leafSet.covers(id), isBetween)
    }
    assert.equal(leafSet.covers(own), true)
  })
})

describe('a routing table', () => {
  for (const bits of [1, 2, 4])
    it(`has in each place the nearest that may stand there, digits of ${bits} bits`, () => {
      const random = new SeededRandom(bits)
      const own = drawnId(random)
      const table = new RoutingTable(own, bits)
      const all: Contact[] = []
      for (let peer = 0; peer < 400; peer++) {
        const one = contact(peer, drawnId(random), Math.floor(random.next() * 1000))
        table.offer(one)
        all.push(one)
      }
      for (const { id } of all) {
        const row = sharedDigits(own, id, bits)
        const column = digitAt(id, row, bits)
        const fitting = all.filter(
          other => sharedDigits(own, other.id, bits) === row && digitAt(other.id, row, bits) === column,
        )
        assert.equal(table.at(id)?.rttMs, Math.min(...fitting.map(({ rttMs }) => rttMs)))
      }
      assert.equal(table.size, [...table.all()].length)
      for (const one of [...table.all()]) assert.equal(table.remove(one), true)
      assert.equal(table.size, 0)
    })

  it('does not take our own id, and gives nobody’s place to one who is no nearer', () => {
    const own = drawnId(new SeededRandom(1))
    const table = new RoutingTable(own, 4)
    assert.equal(table.offer(contact(1, own.slice())).isPlaced, false)
    assert.equal(table.hasRoomFor(own), false)
    const id = idFromBytes(new Uint8Array(16).fill(0xff))
    const first = contact(1, id, 50)
    assert.equal(table.offer(first).isPlaced, true)
    assert.equal(table.offer(contact(2, id.slice(), 50)).isPlaced, false)
    const nearer = contact(3, id.slice(), 49)
    assert.deepEqual(table.offer(nearer).displaced, [first])
    assert.equal(table.size, 1)
  })
})

describe('a neighbourhood set', () => {
  it('has the nearest by round-trip time, and nobody who was not measured', () => {
    const random = new SeededRandom(6)
    const neighbourhood = new Neighbourhood(5)
    const all = Array.from({ length: 30 }, (_, peer) => contact(peer, drawnId(random), 1 + random.next()))
    neighbourhood.offer(contact(99, drawnId(random), Number.POSITIVE_INFINITY))
    for (const one of all) neighbourhood.offer(one)
    const nearest = () => all.toSorted((a, b) => a.rttMs - b.rttMs).slice(0, 5)
    assert.deepEqual(neighbourhood.members, nearest())
    const slower = nearest()[0]!
    slower.rttMs = 1_000
    neighbourhood.offer(slower)
    assert.equal(neighbourhood.members.at(-1), slower)
    neighbourhood.offer(all.find(one => !neighbourhood.has(one))!)
    assert.equal(neighbourhood.has(slower), false)
  })
})

describe('the holders of a key', () => {
  it('are the numerically closest of the leaf set and its owner, the closest first', () => {
    const random = new SeededRandom(7)
    for (let round = 0; round < 200; round++) {
      const [own, target] = [drawnId(random), drawnId(random)]
      const members = Array.from({ length: 12 }, (_, peer) => contact(peer, drawnId(random)))
      const idOf = (holder: Contact | 'self') => (holder === 'self' ? own : holder.id)
      const wanted = [...members, 'self' as const].toSorted((a, b) =>
        isCloser(target, idOf(a), idOf(b)) ? -1 : 1,
      )
      for (const count of [1, 3, 5]) {
        assert.deepEqual(closestHolders(target, own, members, count), wanted.slice(0, count))
      }
    }
  })
})
