import assert from 'node:assert/strict'
import { AssertionError, bytesKey } from '@onehop/primitives'
import fc from 'fast-check'
import {
  checkPointer,
  OwnPublications,
  type Pointer,
  PointerTable,
  type Publication,
  verifyPointer,
} from '../../src/index.ts'
import { StrictEnvironment, testId } from './strict-environment.ts'
import { testKey } from './test-pointers.ts'

const OPTIONS = { lifetimeMs: 60_000, refreshMs: 20_000, limit: 4 }

function publication(key: number, target?: number): Publication {
  return target === undefined
    ? { kind: 'content', key: testKey(key) }
    : { kind: 'name', key: testKey(key), target: Uint8Array.of(0x12, target), displayName: `file ${target}` }
}

function scene() {
  const environment = new StrictEnvironment()
  const own = new OwnPublications(environment as never, OPTIONS)
  return { environment, own, nowS: () => Math.floor(environment.now() / 1000) }
}

function isGenuine(environment: StrictEnvironment, pointer: Pointer): boolean {
  let isRight = false
  verifyPointer(pointer, environment.verify.bind(environment), valid => {
    isRight = valid
  })
  return isRight
}

describe('own publications', () => {
  it('have pointers that others accept: signed, addressed, not for too long', () => {
    const { environment, own, nowS } = scene()
    const pointer = own.put({ ...publication(1, 2), bytes: 77 })
    assert.ok(checkPointer(pointer, nowS()).ok)
    assert.ok(isGenuine(environment, pointer))
    assert.deepEqual(pointer.provider, testId(0))
    assert.deepEqual(pointer.addresses, environment.ownAddresses)
    assert.deepEqual([pointer.displayName, pointer.bytes], ['file 2', 77])
    assert.equal(pointer.expiresAt, nowS() + 60)
  })

  it('name no more and no longer addresses than a pointer may have', () => {
    const { environment, own, nowS } = scene()
    const address = Uint8Array.of(4, 1, 2, 3, 4)
    environment.ownAddresses = [
      new Uint8Array(500),
      new Uint8Array(0),
      ...new Array<Uint8Array>(20).fill(address),
    ]
    const pointer = own.put(publication(1))
    assert.ok(checkPointer(pointer, nowS()).ok)
    assert.equal(pointer.addresses.length, 8)
  })

  it('are renewed when their time has come, some at a time, and each in its turn', () => {
    const { environment, own } = scene()
    const first = [1, 2, 3].map(key => own.put(publication(key)))
    environment.advance(OPTIONS.refreshMs * 0.79)
    assert.deepEqual(own.renewDue(10), [])
    environment.advance(OPTIONS.refreshMs * 0.21)
    const renewed = [...own.renewDue(2), ...own.renewDue(2), ...own.renewDue(2)]
    assert.deepEqual(new Set(renewed.map(({ key }) => bytesKey(key))).size, 3)
    for (const pointer of renewed) {
      const before = first.find(({ key }) => bytesKey(key) === bytesKey(pointer.key))!
      assert.ok(pointer.sequence > before.sequence && pointer.expiresAt > before.expiresAt)
      assert.equal(own.find(pointer.key, undefined), pointer)
    }
  })

  it('are taken back under their key, or only the one that leads somewhere', () => {
    const { own } = scene()
    for (const [key, target] of [
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const)
      own.put(publication(key, target))
    const one = own.remove(testKey(1), Uint8Array.of(0x12, 2))
    assert.deepEqual(
      one.map(({ withdrawn, target, addresses }) => [withdrawn, target![1], addresses]),
      [[true, 2, []]],
    )
    assert.equal(own.remove(testKey(1)).length, 1)
    assert.equal(own.remove(testKey(1)).length, 0)
    assert.equal(own.removeAll().length, 1)
    assert.equal(own.size, 0)
  })

  it('are refused beyond the limit and where no pointer can be made, but may be put again', () => {
    const { own } = scene()
    for (let key = 1; key <= OPTIONS.limit; key++) {
      own.assertPublishable(publication(key))
      own.put(publication(key))
    }
    own.assertPublishable(publication(1))
    assert.throws(() => own.assertPublishable(publication(9)), AssertionError)
    own.remove(testKey(1))
    const { target: _target, ...nowhere } = publication(9, 1)
    assert.throws(() => own.assertPublishable(nowhere), AssertionError)
    assert.throws(
      () => own.assertPublishable({ ...publication(9, 1), displayName: 'x'.repeat(256) }),
      AssertionError,
    )
  })

  it('end in every table as they stand here, though no time goes by between their changes', () => {
    const step = fc.record({
      what: fc.constantFrom('put', 'put', 'remove', 'renew', 'wait'),
      key: fc.integer({ min: 1, max: 3 }),
      waitMs: fc.constantFrom(0, 1, 7_000),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), steps => {
        const { environment, own, nowS } = scene()
        const table = new PointerTable({ inAll: 100, perKey: 100, perProvider: 100 })
        const tell = (pointers: readonly Pointer[]) => {
          for (const pointer of pointers) {
            assert.ok(isGenuine(environment, pointer))
            assert.ok(
              ['new', 'fresher'].includes(table.put(pointer)),
              'it is later than what was told before',
            )
          }
        }
        for (const { what, key, waitMs } of steps) {
          if (what === 'put') tell([own.put(publication(key))])
          else if (what === 'remove') tell(own.remove(testKey(key)))
          else if (what === 'renew') tell(own.renewDue(2))
          else environment.advance(waitMs)
          const isThere = (n: number) => own.find(testKey(n), undefined) !== undefined
          for (const n of [1, 2, 3]) {
            const isLive = (own.find(testKey(n), undefined)?.expiresAt ?? 0) > nowS()
            assert.equal(table.find(testKey(n), nowS(), 10).length, isThere(n) && isLive ? 1 : 0)
          }
        }
      }),
    )
  })
})
