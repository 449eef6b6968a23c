import assert from 'node:assert/strict'
import { Costs, FoundPointers, type Pointer } from '../../src/index.ts'
import { testPointer } from './test-pointers.ts'

function pointerOf(provider: number, target?: number): Pointer {
  return testPointer({ key: 1, provider, target, expiresAt: 1_000 })
}

describe('what a lookup has found', () => {
  it('is told to the user once, by provider and target, and up to the limit', () => {
    const told: Pointer[] = []
    const found = new FoundPointers({ limit: 3, deadlineMs: 1, onPointer: pointer => told.push(pointer) })
    const [first, named, second] = [pointerOf(1), pointerOf(1, 7), pointerOf(2)]
    for (const pointer of [first, pointerOf(1), named, second, pointerOf(3)])
      found.take(pointer, 1, 'first request')
    assert.deepEqual(told, [first, named, second])
    assert.ok(found.isFull)
    assert.deepEqual(found.outcome(new Costs(0), 0, undefined).pointers, told)
  })

  it('has come from where its first pointer came from', () => {
    const found = new FoundPointers({ limit: 3, deadlineMs: 1 })
    found.take(pointerOf(1), 2, 'first request')
    found.take(pointerOf(2), 4, 'later try')
    const { hops, answeredBy } = found.outcome(new Costs(0), 0, undefined)
    assert.deepEqual({ hops, answeredBy }, { hops: 2, answeredBy: 'first request' })
  })

  it('makes a success of what ends late, and of nothing that was cancelled or is empty', () => {
    const found = new FoundPointers({ limit: 3, deadlineMs: 1 })
    const failure = (reason: 'timed out' | 'cancelled') => found.outcome(new Costs(0), 0, reason).failure
    assert.equal(failure('timed out'), 'timed out')
    found.take(pointerOf(1), 1, 'own table')
    assert.equal(failure('timed out'), undefined)
    assert.equal(failure('cancelled'), 'cancelled')
  })
})
