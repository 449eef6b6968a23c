import assert from 'node:assert/strict'
import {
  asTxId,
  COIN,
  type Coin,
  checkTransaction,
  checkTransactionInputs,
  isFinal,
  MAX_MONEY,
  NULL_OUTPOINT,
  SEQUENCE_FINAL,
  Transaction,
  type TransactionFields,
  type TxInput,
} from '@onehop/ledger'
import { codeOf } from './regtest-chain.ts'

const outPoint = (index: number) => ({ txid: asTxId(new Uint8Array(32).fill(7)), index })
const input = (index: number, fields: Partial<TxInput> = {}): TxInput => ({
  previousOutput: outPoint(index),
  scriptSig: new Uint8Array(0),
  sequence: SEQUENCE_FINAL,
  witness: [],
  ...fields,
})
const output = (value: bigint) => ({ value, scriptPubKey: Uint8Array.of(0x51) })
const transaction = (fields: Partial<TransactionFields> = {}) =>
  new Transaction({ version: 2, inputs: [input(0)], outputs: [output(1n)], lockTime: 0, ...fields })
const code = (fields: Partial<TransactionFields>) => codeOf(checkTransaction(transaction(fields)))

describe('a transaction by itself', () => {
  it('is valid with an input and an output', () => assert.equal(code({}), 'OK'))

  it('needs an input', () => assert.equal(code({ inputs: [] }), 'bad-txns-vin-empty'))

  it('needs an output', () => assert.equal(code({ outputs: [] }), 'bad-txns-vout-empty'))

  it('fits into a block without its witnesses', () => {
    const scriptSig = (length: number) => ({ inputs: [input(0, { scriptSig: new Uint8Array(length) })] })
    const overhead = transaction(scriptSig(999_000)).baseSize - 999_000
    assert.equal(code(scriptSig(1_000_000 - overhead)), 'OK')
    assert.equal(code(scriptSig(1_000_001 - overhead)), 'bad-txns-oversize')
    assert.equal(code({ inputs: [input(0, { witness: [new Uint8Array(1_000_000)] })] }), 'OK')
  })

  it('pays no negative amount', () =>
    assert.equal(code({ outputs: [output(-1n)] }), 'bad-txns-vout-negative'))

  it('pays no more than there can be, in one output', () => {
    assert.equal(code({ outputs: [output(MAX_MONEY)] }), 'OK')
    assert.equal(code({ outputs: [output(MAX_MONEY + 1n)] }), 'bad-txns-vout-toolarge')
  })

  it('pays no more than there can be, in all outputs together', () => {
    assert.equal(code({ outputs: [output(MAX_MONEY), output(1n)] }), 'bad-txns-txouttotal-toolarge')
  })

  it('spends no coin twice', () => {
    assert.equal(code({ inputs: [input(0), input(1)] }), 'OK')
    assert.equal(code({ inputs: [input(0), input(1), input(0)] }), 'bad-txns-inputs-duplicate')
  })

  it('has no null input beside others', () => {
    assert.equal(
      code({ inputs: [input(0), input(0, { previousOutput: NULL_OUTPOINT })] }),
      'bad-txns-prevout-null',
    )
  })

  it('has a script of 2 to 100 bytes if it is a coinbase', () => {
    const coinbase = (length: number) => ({
      inputs: [input(0, { previousOutput: NULL_OUTPOINT, scriptSig: new Uint8Array(length) })],
    })
    assert.equal(code(coinbase(1)), 'bad-cb-length')
    assert.equal(code(coinbase(2)), 'OK')
    assert.equal(code(coinbase(100)), 'OK')
    assert.equal(code(coinbase(101)), 'bad-cb-length')
  })

  it('is the sender’s fault when it breaks a rule', () => {
    const verdict = checkTransaction(transaction({ inputs: [] }))
    assert.equal(!verdict.ok && verdict.blame, 'sender')
  })
})

describe('an absolute lock time', () => {
  const locked = (lockTime: number, sequence = 0) =>
    transaction({ lockTime, inputs: [input(0, { sequence })] })

  it('of a height lets the transaction into the block after it', () => {
    assert.equal(isFinal(locked(100), 100, 0), false)
    assert.equal(isFinal(locked(100), 101, 0), true)
  })

  it('of a time lets it in when the median time is later', () => {
    assert.equal(isFinal(locked(500_000_000), 1_000_000_000, 500_000_000), false)
    assert.equal(isFinal(locked(500_000_000), 0, 500_000_001), true)
  })

  it('does not count when all inputs are final', () => {
    assert.equal(isFinal(locked(100, SEQUENCE_FINAL), 1, 0), true)
    const mixed = transaction({ lockTime: 100, inputs: [input(0), input(1, { sequence: 0 })] })
    assert.equal(isFinal(mixed, 1, 0), false)
  })
})

describe('the inputs of a transaction', () => {
  const coin = (value: bigint, fields: Partial<Coin> = {}): Coin => ({
    output: output(value),
    height: 1,
    coinbase: false,
    ...fields,
  })
  const check = (coins: readonly Coin[], fields: Partial<TransactionFields> = {}, height = 200) => {
    const inputs = coins.map((_, i) => input(i))
    const view = { get: ({ index }: { index: number }) => coins[index] }
    return checkTransactionInputs(transaction({ inputs, ...fields }), view, height)
  }

  it('leave a fee', () => {
    const result = check([coin(2n * COIN), coin(COIN)], { outputs: [output(COIN)] })
    assert.equal(result.ok && result.value.fee, 2n * COIN)
  })

  it('must exist', () => {
    const missing = checkTransactionInputs(transaction(), { get: () => undefined }, 200)
    assert.equal(codeOf(missing), 'bad-txns-inputs-missingorspent')
  })

  it('are worth at least what is paid out', () => {
    assert.equal(codeOf(check([coin(COIN)], { outputs: [output(COIN)] })), 'OK')
    assert.equal(codeOf(check([coin(COIN)], { outputs: [output(COIN + 1n)] })), 'bad-txns-in-belowout')
  })

  it('have been 100 blocks deep if they are from a coinbase', () => {
    const fresh = coin(COIN, { coinbase: true, height: 50 })
    assert.equal(codeOf(check([fresh], {}, 149)), 'bad-txns-premature-spend-of-coinbase')
    assert.equal(codeOf(check([fresh], {}, 150)), 'OK')
  })

  it('are not worth more than there can be', () => {
    assert.equal(codeOf(check([coin(MAX_MONEY), coin(1n)])), 'bad-txns-inputvalues-outofrange')
    assert.equal(codeOf(check([coin(-1n)])), 'bad-txns-inputvalues-outofrange')
  })
})
