import assert from 'node:assert/strict'
import { bytesKey } from '@onehop/primitives'
import fc from 'fast-check'
import {
  decodePointer,
  encodedPointerLength,
  encodePointer,
  type Pointer,
  PointerTable,
  type PointerTableLimits,
} from '../../src/index.ts'
import { testId } from './strict-environment.ts'
import { type TestPointer, testKey, testPointer } from './test-pointers.ts'

const LIMITS: PointerTableLimits = { inAll: 12, perKey: 4, perProvider: 5 }
const NOW_S = 1_000
const LATER_S = NOW_S + 100

const pointers: fc.Arbitrary<TestPointer> = fc.record({
  key: fc.integer({ min: 1, max: 4 }),
  provider: fc.integer({ min: 1, max: 4 }),
  target: fc.constantFrom(undefined, 1, 2),
  sequence: fc.integer({ min: 1, max: 4 }),
  expiresAt: fc.constantFrom(NOW_S, NOW_S + 1, LATER_S),
  withdrawn: fc.boolean(),
})

const steps = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant('put' as const), pointer: pointers }),
    fc.record({ what: fc.constant('expire' as const), nowS: fc.constantFrom(NOW_S, NOW_S + 1) }),
    fc.record({ what: fc.constant('forget' as const), provider: fc.integer({ min: 1, max: 4 }) }),
  ),
  { maxLength: 80, size: 'max' },
)

/** What the table should do, done the slow way. */
class Model {
  held: Pointer[] = []

  put(pointer: Pointer): string {
    const index = this.held.findIndex(other => idOf(other) === idOf(pointer))
    if (index >= 0) {
      const before = this.held[index]!.sequence
      if (pointer.sequence > before) this.held[index] = pointer
      return pointer.sequence > before ? 'fresher' : pointer.sequence < before ? 'stale' : 'known'
    }
    const ofKey = this.held.filter(({ key }) => bytesKey(key) === bytesKey(pointer.key))
    const ofProvider = this.held.filter(other => bytesKey(other.provider) === bytesKey(pointer.provider))
    const isFull =
      this.held.length >= LIMITS.inAll ||
      ofKey.length >= LIMITS.perKey ||
      ofProvider.length >= LIMITS.perProvider
    if (!isFull) this.held.push(pointer)
    return isFull ? 'full' : 'new'
  }

  remove(isUnwanted: (pointer: Pointer) => boolean): number {
    const before = this.held.length
    this.held = this.held.filter(pointer => !isUnwanted(pointer))
    return before - this.held.length
  }
}

function idOf({ key, provider, target }: Pointer): string {
  return `${bytesKey(key)}/${bytesKey(provider)}/${target === undefined ? '' : bytesKey(target)}`
}

function assertLike(table: PointerTable, { held }: Model): void {
  const inOrder = (list: Iterable<Pointer>) =>
    [...list].map(pointer => `${idOf(pointer)} ${pointer.sequence}`).sort()
  assert.deepEqual(inOrder(table.all()), inOrder(held))
  assert.equal(table.size, held.length)
  assert.equal(table.keyCount, new Set(held.map(({ key }) => bytesKey(key))).size)
  assert.equal(
    table.byteLength,
    held.reduce((sum, pointer) => sum + encodedPointerLength(pointer), 0),
  )
  for (const pointer of held) assert.equal(table.versionOf(pointer)?.sequence, pointer.sequence)
  for (let key = 1; key <= 4; key++) {
    const live = held.filter(
      pointer =>
        bytesKey(pointer.key) === bytesKey(testKey(key)) && pointer.expiresAt > NOW_S && !pointer.withdrawn,
    )
    assert.deepEqual(inOrder(table.find(testKey(key), NOW_S, 100)), inOrder(live))
    assert.equal(
      table.has(testKey(key)),
      held.some(pointer => bytesKey(pointer.key) === bytesKey(testKey(key))),
    )
    assert.equal(table.find(testKey(key), NOW_S, 1).length, Math.min(1, live.length))
  }
}

describe('a table of pointers', () => {
  it('holds the latest version of each within its limits, and counts them, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, taken => {
        const table = new PointerTable(LIMITS)
        const model = new Model()
        for (const step of taken) {
          if (step.what === 'put') {
            const pointer = testPointer(step.pointer)
            assert.equal(table.put(pointer), model.put(pointer))
          } else if (step.what === 'expire') {
            const { nowS } = step
            assert.equal(
              table.expire(nowS),
              model.remove(pointer => pointer.expiresAt <= nowS),
            )
          } else {
            const provider = testId(step.provider)
            const isOf = (pointer: Pointer) => bytesKey(pointer.provider) === bytesKey(provider)
            assert.equal(table.removeProvider(provider), model.remove(isOf))
          }
          assertLike(table, model)
        }
        table.clear()
        assertLike(table, new Model())
      }),
    )
  })

  it('asks once of each pointer whether it is to be removed', () => {
    const table = new PointerTable(LIMITS)
    for (const provider of [1, 2, 3]) table.put(testPointer({ key: 1, provider, expiresAt: LATER_S }))
    const asked: number[] = []
    const removed = table.removeWhere(({ provider }) => {
      asked.push(provider[2]!)
      return provider[2] === 2
    })
    assert.deepEqual([removed, asked], [1, [1, 2, 3]])
  })

  it('does not keep the message alive that a pointer came in', () => {
    const table = new PointerTable(LIMITS)
    const sent = testPointer({ key: 1, provider: 1, target: 1, expiresAt: LATER_S })
    const message = new Uint8Array(100_000)
    const encoded = encodePointer(sent)
    message.set(encoded, 5_000)
    const received = decodePointer(message.subarray(5_000, 5_000 + encoded.length))
    received.genuine = received
    table.put(received)
    const [held] = [...table.all()] as [Pointer]
    assert.deepEqual(encodePointer(held), encoded)
    for (const field of [held.key, held.provider, held.signature, held.target!, ...held.addresses])
      assert.ok(field.buffer.byteLength < 1_000)
    assert.equal(held.genuine, held, 'it has been checked')
  })

  it('holds the very object of a pointer that has its own bytes, as machines of a simulation share it', () => {
    const table = new PointerTable(LIMITS)
    const pointer = testPointer({ key: 1, provider: 1, expiresAt: LATER_S })
    table.put(pointer)
    assert.equal([...table.all()][0], pointer)
  })
})
