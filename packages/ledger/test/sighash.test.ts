import assert from 'node:assert/strict'
import { legacySighash, OP, SegwitMidstate, segwitSighash, Transaction, type TxId } from '@onehop/ledger'
import fc from 'fast-check'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint32 = fc.nat(0xffff_ffff)
const script = fc.uint8Array({ maxLength: 60 })
const input = fc.record({
  previousOutput: fc.record({ txid: bytes(32) as fc.Arbitrary<TxId>, index: uint32 }),
  scriptSig: script,
  sequence: uint32,
  witness: fc.array(script, { maxLength: 2 }),
})
const output = fc.record({ value: fc.bigInt({ min: 0n, max: 2n ** 51n }), scriptPubKey: script })
const transaction = fc
  .record({
    version: uint32,
    inputs: fc.array(input, { minLength: 1, maxLength: 5 }),
    outputs: fc.array(output, { minLength: 1, maxLength: 4 }),
    lockTime: uint32,
  })
  .map(fields => new Transaction(fields))
const request = fc.record({
  scriptCode: fc.oneof(script, fc.constant(Uint8Array.of(OP.DUP, OP.CODESEPARATOR, OP.DUP))),
  hashType: fc.oneof(
    fc.constantFrom(0, 1, 2, 3, 0x81, 0x82, 0x83),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  ),
})

describe('signature hashes', () => {
  it('are the same with and without what a transaction’s inputs share', () => {
    fc.assert(
      fc.property(transaction, fc.array(request, { minLength: 1, maxLength: 4 }), (made, requests) => {
        const shared = new SegwitMidstate(made)
        for (const [inputIndex] of made.inputs.entries()) {
          for (const { scriptCode, hashType } of requests) {
            const asked = { transaction: made, inputIndex, scriptCode, hashType }
            assert.deepEqual(legacySighash(asked, shared), legacySighash(asked))
            assert.deepEqual(
              segwitSighash(asked, 5n, shared),
              segwitSighash(asked, 5n, new SegwitMidstate(made)),
            )
          }
        }
      }),
    )
  })

  it('share BIP 143’s and BIP 341’s hashes in either order', () => {
    fc.assert(
      fc.property(transaction, made => {
        const spent = made.inputs.map(() => ({ value: 1n, scriptPubKey: Uint8Array.of(1) }))
        const first = new SegwitMidstate(made, spent)
        const other = new SegwitMidstate(made, spent)
        const of143 = [first.hashPrevouts, first.hashSequence, first.hashOutputs]
        const of341 = [other.shaPrevouts, other.shaSequences, other.shaOutputs]
        assert.deepEqual([first.shaPrevouts, first.shaSequences, first.shaOutputs], of341)
        assert.deepEqual([other.hashPrevouts, other.hashSequence, other.hashOutputs], of143)
      }),
    )
  })
})
