import assert from 'node:assert/strict'
import {
  P2WPKH_INPUT_WEIGHT,
  P2WPKH_OUTPUT_BYTES,
  type SelectableCoin,
  selectCoins,
} from '../src/coin-selection.ts'

const coinOf = (value: bigint, confirmed = true): SelectableCoin => ({
  value,
  confirmed,
  inputWeight: P2WPKH_INPUT_WEIGHT,
})
const requestOf = (amount: bigint, feeRate = 1) => ({
  amount,
  outputBytes: P2WPKH_OUTPUT_BYTES,
  outputCount: 1,
  changeBytes: P2WPKH_OUTPUT_BYTES,
  feeRate,
})
const valuesOf = (coins: readonly SelectableCoin[] = []) => coins.map(coin => coin.value)

describe('coin selection', () => {
  it('takes the smallest coin that suffices alone', () => {
    const coins = [5_000n, 100_000n, 20_000n].map(value => coinOf(value))
    assert.deepEqual(valuesOf(selectCoins(coins, requestOf(10_000n))?.coins), [20_000n])
  })

  it('takes few large coins rather than many small ones', () => {
    const coins = [1_000n, 2_000n, 40_000n, 50_000n].map(value => coinOf(value))
    assert.deepEqual(valuesOf(selectCoins(coins, requestOf(80_000n))?.coins), [50_000n, 40_000n])
  })

  it('leaves unconfirmed coins alone as long as confirmed ones suffice', () => {
    const coins = [coinOf(10_000n, false), coinOf(90_000n)]
    assert.deepEqual(valuesOf(selectCoins(coins, requestOf(5_000n))?.coins), [90_000n])
    assert.deepEqual(valuesOf(selectCoins(coins, requestOf(95_000n))?.coins), [90_000n, 10_000n])
  })

  it('pays at least the rate, and gives back the rest', () => {
    const selection = selectCoins([coinOf(100_000n)], requestOf(10_000n, 3))
    assert(selection)
    assert.equal(selection.fee + selection.change, 90_000n)
    // 141 virtual bytes: one P2WPKH input, two P2WPKH outputs.
    assert.equal(selection.fee, 141n * 3n)
  })

  it('makes no change that would be dust', () => {
    const selection = selectCoins([coinOf(10_400n)], requestOf(10_000n))
    assert.equal(selection?.change, 0n)
    assert.equal(selection?.fee, 400n)
  })

  it('needs the fee beside the amount', () => {
    assert.equal(selectCoins([coinOf(10_000n)], requestOf(10_000n)), undefined)
    assert.equal(selectCoins([], requestOf(1n)), undefined)
  })

  it('refuses what would be too heavy for others to relay', () => {
    const coins = Array.from({ length: 2_000 }, () => coinOf(1_000n))
    assert.equal(selectCoins(coins, requestOf(1_700_000n)), undefined)
  })
})
