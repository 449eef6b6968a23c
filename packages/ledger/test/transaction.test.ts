import assert from 'node:assert/strict'
import {
  asTxId,
  hexToTxId,
  parseTransaction,
  readTransaction,
  serializeTransaction,
  Transaction,
  type TransactionFields,
  type TxInput,
  txIdToHex,
} from '@onehop/ledger'
import { ByteReader, bytesToHex, concatBytes, DecodeError, hexToBytes, sha256d } from '@onehop/primitives'
import fc from 'fast-check'
import { record } from './plain-record.ts'

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const uint32 = fc.nat({ max: 0xffff_ffff })

const input: fc.Arbitrary<TxInput> = record({
  previousOutput: record({
    txid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asTxId),
    index: uint32,
  }),
  scriptSig: bytes(300),
  sequence: uint32,
  witness: fc.array(bytes(300), { maxLength: 3 }),
})

const transaction = record<TransactionFields>({
  version: uint32,
  inputs: fc.array(input, { minLength: 1, maxLength: 4 }),
  outputs: fc.array(record({ value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), scriptPubKey: bytes(300) }), {
    maxLength: 4,
  }),
  lockTime: uint32,
}).map(fields => new Transaction(fields))

describe('a transaction', () => {
  it('comes back from its bytes the same, whatever is in it', () => {
    fc.assert(
      fc.property(transaction, original => {
        const copy = parseTransaction(serializeTransaction(original))
        assert.deepEqual(copy.inputs, original.inputs)
        assert.deepEqual(copy.outputs, original.outputs)
        assert.equal(copy.version, original.version)
        assert.equal(copy.lockTime, original.lockTime)
      }),
    )
  })

  it('knows its sizes without being serialised', () => {
    fc.assert(
      fc.property(transaction, original => {
        const base = serializeTransaction(original, { witness: false }).length
        const total = serializeTransaction(original).length
        assert.equal(original.baseSize, base)
        assert.equal(original.totalSize, total)
        assert.equal(original.weight, 3 * base + total)
        assert.equal(original.virtualSize, Math.ceil(original.weight / 4))
      }),
    )
  })

  it('has a txid without its witnesses and a wtxid with them', () => {
    fc.assert(
      fc.property(transaction, original => {
        assert.deepEqual(new Uint8Array(original.wtxid), sha256d(serializeTransaction(original)))
        assert.deepEqual(
          new Uint8Array(original.txid),
          sha256d(serializeTransaction(original, { witness: false })),
        )
      }),
    )
  })

  it('refuses any other bytes with a DecodeError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), garbage => {
        try {
          assert.equal(bytesToHex(serializeTransaction(parseTransaction(garbage))), bytesToHex(garbage))
        } catch (error) {
          assert.ok(error instanceof DecodeError)
        }
      }),
    )
  })

  it('is the same, read or made: bytes, sizes and ids', () => {
    fc.assert(
      fc.property(transaction, bytes(40), bytes(40), (original, before, after) => {
        const encoded = serializeTransaction(original)
        const reader = new ByteReader(concatBytes(before, encoded, after), before.length)
        const read = readTransaction(reader)
        const { version, inputs, outputs, lockTime } = read
        const made = new Transaction({ version, inputs, outputs, lockTime })
        assert.equal(reader.offset, before.length + encoded.length)
        for (const witness of [true, false]) {
          assert.deepEqual(serializeTransaction(read, { witness }), serializeTransaction(made, { witness }))
        }
        for (const size of ['baseSize', 'totalSize', 'weight', 'virtualSize'] as const)
          assert.equal(read[size], made[size], size)
        assert.equal(read.totalSize, encoded.length)
        assert.deepEqual(read.txid, made.txid)
        assert.deepEqual(read.wtxid, made.wtxid)
      }),
    )
  })

  it('has the same ids, computed alone or with others', () => {
    fc.assert(
      fc.property(fc.array(transaction, { maxLength: 12 }), fc.nat(12), (originals, known) => {
        const read = originals.map(one => parseTransaction(serializeTransaction(one)))
        // Some are known before.
        for (const one of read.slice(0, known)) assert.ok(one.wtxid)
        Transaction.computeIds(read, 'wtxid')
        Transaction.computeIds(read, 'txid')
        for (const [i, original] of originals.entries()) {
          assert.deepEqual(read[i]!.txid, original.txid)
          assert.deepEqual(read[i]!.wtxid, original.wtxid)
        }
      }),
    )
  })

  it('refuses to be cut off anywhere', () => {
    fc.assert(
      fc.property(
        transaction,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (original, at) => {
          const all = serializeTransaction(original)
          assert.throws(() => parseTransaction(all.subarray(0, Math.floor(at * all.length))), DecodeError)
        },
      ),
    )
  })

  it('refuses a claimed million of inputs without allocating them', () => {
    assert.throws(() => parseTransaction(hexToBytes(`02000000fe40420f00${'00'.repeat(50)}`)), DecodeError)
  })

  it('refuses a witness record in which nothing is', () => {
    const outPoint = `${'11'.repeat(32)}00000000`
    const superfluous = `020000000001 01${outPoint}00ffffffff 01 0000000000000000 00 00 00000000`.replaceAll(
      ' ',
      '',
    )
    assert.throws(() => parseTransaction(hexToBytes(superfluous)), /superfluous witness/)
  })

  it('refuses an optional part that is not known', () => {
    const unknown = '020000000002000000000000'
    assert.throws(() => parseTransaction(hexToBytes(unknown)), /unknown transaction optional data/)
  })

  it('shows its id reversed', () => {
    const hex = `${'00'.repeat(31)}ff`
    assert.equal(hexToTxId(hex)[0], 0xff)
    assert.equal(txIdToHex(hexToTxId(hex)), hex)
    assert.throws(() => hexToTxId('00'), DecodeError)
  })
})
