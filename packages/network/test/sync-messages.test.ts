import assert from 'node:assert/strict'
import { DecodeError } from '@onehop/primitives'
import fc from 'fast-check'
import { decodeSyncMessage, encodeSyncMessage, type SyncMessage, splitBytes } from '../src/sync-messages.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const header = fc.uint8Array({ minLength: 80, maxLength: 80 })
const id = fc.nat()
const bytes = fc.uint8Array({ maxLength: 500 })
const hashes = fc.array(hash, { maxLength: 16 })

const status = fc.record({
  version: fc.nat(10),
  genesisHash: hash,
  height: fc.nat(),
  bestHash: hash,
  chainWork: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  minFeeRate: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
})

const message: fc.Arbitrary<SyncMessage> = fc.oneof(
  fc.record({ type: fc.constant('status' as const), id, status }),
  fc.record({ type: fc.constantFrom('getStatus' as const, 'getMempool' as const, 'busy' as const), id }),
  fc.record({ type: fc.constant('getHeaders' as const), id, hashes, limit: fc.nat() }),
  fc.record({ type: fc.constant('headers' as const), id, headers: fc.array(header, { maxLength: 5 }) }),
  fc.record({
    type: fc.constantFrom('getBlocks' as const, 'getTransactions' as const, 'mempool' as const),
    id,
    hashes,
  }),
  fc.record({
    type: fc.constantFrom(
      'block' as const,
      'transaction' as const,
      'compactBlock' as const,
      'getBlockTransactions' as const,
      'blockTransactions' as const,
    ),
    id,
    bytes,
  }),
  fc.record({ type: fc.constantFrom('notFound' as const, 'getCompactBlock' as const), id, hash }),
)

/** fast-check's arrays are of a subclass of their own, and without a prototype. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part) => {
      if (typeof part === 'bigint') return part.toString()
      return part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part
    }),
  )
}

describe('sync messages', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(message, original => {
        assert.deepEqual(plain(decodeSyncMessage(encodeSyncMessage(original))), plain(original))
      }),
    )
  })

  it('never throw anything but a decode error, whatever comes', () => {
    const mangled = fc.tuple(message, fc.nat(), fc.nat(255)).map(([original, at, value]) => {
      const wire = encodeSyncMessage(original).slice()
      wire[at % wire.length] = value
      return wire
    })
    fc.assert(
      fc.property(fc.oneof(bytes, mangled), wire => {
        try {
          decodeSyncMessage(wire)
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('with more items than allowed are refused', () => {
    const hashes = Array.from({ length: 17 }, () => new Uint8Array(32))
    assert.throws(
      () => decodeSyncMessage(encodeSyncMessage({ type: 'getBlocks', id: 1, hashes })),
      DecodeError,
    )
    assert.throws(() => splitBytes(new Uint8Array(33), 32, 10), DecodeError)
  })
})
