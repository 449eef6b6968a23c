import assert from 'node:assert/strict'
import {
  encodeMempoolFile,
  MempoolFileReader,
  parseTransaction,
  type SavedMempool,
  serializeTransaction,
  type Transaction,
  txIdToHex,
} from '@onehop/ledger'
import { bytesToHex, concatBytes, DecodeError, hexToBytes } from '@onehop/primitives'
import fc from 'fast-check'
import { anchorChain, anchorSpend, freeCoins } from './anchor-world.ts'
import { spendable } from './regtest-chain.ts'

const NO_KEY = new Uint8Array(8)
const KEY = hexToBytes('0123456789abcdef')

/** A transaction of two outputs, from the test suite of nobody: any will do. */
const HEX = `02000000${'01'}${'11'.repeat(32)}00000000${'00'}ffffffff${'01'}e803000000000000${'1600'}14${'22'.repeat(20)}00000000`

const encode = (saved: SavedMempool, key = KEY) => concatBytes(...encodeMempoolFile(saved, key))

function readAll(bytes: Uint8Array) {
  const reader = new MempoolFileReader(bytes.slice())
  const transactions = []
  for (;;) {
    const some = reader.readTransactions(2)
    if (some.length === 0) break
    transactions.push(...some)
  }
  return { transactions, feeDeltas: reader.readFeeDeltas() }
}

const plain = ({ transactions, feeDeltas }: SavedMempool) => ({
  transactions: transactions.map(({ transaction, ...rest }) => ({
    ...rest,
    hex: bytesToHex(serializeTransaction(transaction)),
  })),
  feeDeltas: feeDeltas.map(({ txid, delta }) => ({ txid: txIdToHex(txid), delta })),
})

describe('the file of a mempool', () => {
  const transaction = parseTransaction(hexToBytes(HEX))
  const saved: SavedMempool = {
    transactions: [{ transaction, time: 1_700_000_000, feeDelta: -3n }],
    feeDeltas: [{ txid: transaction.txid, delta: 1_000n }],
  }

  it('has Bitcoin Core’s format of version 2, which is that of version 1 behind a key', () => {
    const content = [
      '0100000000000000',
      HEX,
      '00f1536500000000',
      'fdffffffffffffff',
      '01',
      bytesToHex(transaction.txid),
      'e803000000000000',
      '00',
    ].join('')
    assert.equal(bytesToHex(encode(saved, NO_KEY)), `0200000000000000${'08'}${'00'.repeat(8)}${content}`)
    const mixed = encode(saved)
    assert.equal(bytesToHex(mixed.subarray(0, 17)), '0200000000000000080123456789abcdef')
    const unmixed = mixed.subarray(17).map((byte, i) => byte ^ KEY[(i + 17) % 8]!)
    assert.equal(bytesToHex(unmixed), content)
    assert.deepEqual(plain(readAll(hexToBytes(`0100000000000000${content}`))), plain(saved))
  })

  it('is read as it was written', () => {
    const chain = anchorChain()
    const coins = freeCoins(chain)
    const tree: Transaction[] = []
    for (const coin of coins.slice(0, 5)) {
      const parent = anchorSpend({ from: [coin], fee: 500n, outputs: 2 })
      tree.push(parent, anchorSpend({ from: [spendable(parent, 0)], fee: 900n }))
    }
    for (const each of tree) assert.ok(chain.accept(each).ok)
    chain.mempool.prioritise(tree[3]!.txid, 77n)
    chain.mempool.prioritise(coins[30]!.outPoint.txid, -9n)
    const { mempool } = chain
    const read = readAll(encode(mempool.saved()))
    assert.deepEqual(plain(read), plain(mempool.saved()))
    assert.equal(read.transactions.length, 10)
    assert.equal(read.transactions.filter(({ feeDelta }) => feeDelta === 77n).length, 1)
    assert.deepEqual(
      read.feeDeltas.map(({ delta }) => delta),
      [-9n],
    )
  })

  it('is refused, or read as far as it goes, when it is damaged', () => {
    const good = encode(saved)
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const bad = cut ? good.slice(0, at) : good.map((byte, i) => (i === at ? byte ^ flip : byte))
          try {
            readAll(bad)
          } catch (error) {
            assert.ok(error instanceof DecodeError, String(error))
          }
        },
      ),
    )
    assert.throws(() => new MempoolFileReader(hexToBytes('0300000000000000')), DecodeError)
    const many = hexToBytes(`0100000000000000ffffffffffffff7f${HEX}`)
    assert.throws(() => new MempoolFileReader(many), /too short/)
  })
})
