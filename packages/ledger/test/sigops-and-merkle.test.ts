import assert from 'node:assert/strict'
import {
  asTxId,
  countSigOps,
  FLAG,
  legacySigops,
  MANDATORY_FLAGS,
  merkleRoot,
  OP,
  p2shScript,
  p2wpkhScript,
  p2wshScript,
  pushBytes,
  scriptOf,
  sigopsCost,
  Transaction,
  type TxInput,
} from '@onehop/ledger'
import { concatBytes, sha256d } from '@onehop/primitives'
import fc from 'fast-check'

const NONE = new Uint8Array(0)
const KEY = pushBytes(new Uint8Array(33).fill(2))
const TWO_OF_TWO = scriptOf(OP[2], KEY, KEY, OP[2], OP.CHECKMULTISIG)

function spending(fields: Partial<TxInput>): Transaction {
  const previousOutput = { txid: asTxId(new Uint8Array(32).fill(1)), index: 0 }
  const inputs = [{ previousOutput, scriptSig: NONE, sequence: 0, witness: [], ...fields }]
  return new Transaction({ version: 2, inputs, outputs: [{ value: 0n, scriptPubKey: NONE }], lockTime: 0 })
}

const cost = (fields: Partial<TxInput>, scriptPubKey: Uint8Array, flags = MANDATORY_FLAGS) =>
  sigopsCost(spending(fields), [{ value: 0n, scriptPubKey }], flags)

describe('signature operations', () => {
  it('are counted roughly or accurately', () => {
    assert.equal(countSigOps(scriptOf(OP.CHECKSIG, OP.CHECKSIGVERIFY), false), 2)
    assert.equal(countSigOps(TWO_OF_TWO, false), 20)
    assert.equal(countSigOps(TWO_OF_TWO, true), 2)
    assert.equal(countSigOps(scriptOf(OP.CHECKMULTISIG), true), 20)
  })

  it('are counted up to where a script is cut off, and not in pushes', () => {
    assert.equal(
      countSigOps(scriptOf(OP.CHECKSIG, pushBytes(Uint8Array.of(OP.CHECKSIG)), OP.CHECKSIG, 2, 0), false),
      2,
    )
  })

  it('cost four outside of witnesses and one inside', () => {
    assert.equal(cost({ scriptSig: scriptOf(OP.CHECKSIG) }, NONE), 4)
    assert.equal(cost({ scriptSig: pushBytes(TWO_OF_TWO) }, p2shScript(new Uint8Array(20))), 8)
    assert.equal(cost({ witness: [NONE, NONE] }, p2wpkhScript(new Uint8Array(20))), 1)
    assert.equal(cost({ witness: [NONE, TWO_OF_TWO] }, p2wshScript(new Uint8Array(32))), 2)
    const nested = pushBytes(p2wshScript(new Uint8Array(32)))
    assert.equal(cost({ scriptSig: nested, witness: [TWO_OF_TWO] }, p2shScript(new Uint8Array(20))), 2)
  })

  it('are not counted by rules that do not hold yet', () => {
    assert.equal(cost({ scriptSig: pushBytes(TWO_OF_TWO) }, p2shScript(new Uint8Array(20)), 0), 0)
    assert.equal(cost({ witness: [NONE, NONE] }, p2wpkhScript(new Uint8Array(20)), FLAG.P2SH), 0)
  })

  it('of later witness versions are free', () => {
    assert.equal(cost({ witness: [TWO_OF_TWO] }, scriptOf(OP[1], pushBytes(new Uint8Array(32)))), 0)
  })

  it('are visible without the coins in the scripts themselves only', () => {
    assert.equal(legacySigops(spending({ scriptSig: pushBytes(TWO_OF_TWO) })), 0)
  })
})

describe('a merkle root', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const leaves = fc.uniqueArray(hash, { minLength: 1, maxLength: 20, selector: bytes => bytes.join() })

  /** The definition, level by level and by recursion. */
  const naive = (list: readonly Uint8Array[]): Uint8Array => {
    if (list.length === 1) return list[0]!
    const padded = list.length % 2 === 0 ? list : [...list, list.at(-1)!]
    const parents = padded.flatMap((left, i) =>
      i % 2 === 0 ? [sha256d(concatBytes(left, padded[i + 1]!))] : [],
    )
    return naive(parents)
  }

  it('is what its definition says', () => {
    fc.assert(
      fc.property(leaves, list => assert.deepEqual(merkleRoot(list), { root: naive(list), mutated: false })),
    )
  })

  it('shows that the end of a list was repeated', () => {
    fc.assert(
      fc.property(leaves, list => {
        fc.pre(list.length % 2 === 1 && list.length > 1)
        const repeated = merkleRoot([...list, list.at(-1)!])
        assert.deepEqual(repeated, { root: merkleRoot(list).root, mutated: true })
      }),
    )
  })

  it('of one hash is that hash, of none is zero', () => {
    const one = new Uint8Array(32).fill(1)
    assert.deepEqual(merkleRoot([one]), { root: one, mutated: false })
    assert.deepEqual(merkleRoot([]), { root: new Uint8Array(32), mutated: false })
  })
})
