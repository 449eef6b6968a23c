import type { Coin } from '../coin.ts'
import { medianTimePast } from '../header-node.ts'
import { checkCoinbaseMaturity } from '../rules/check-coinbase-maturity.ts'
import { checkSequenceLocks } from '../rules/check-sequence-locks.ts'
import { isFinal } from '../rules/check-transaction-final.ts'
import { SEQUENCE_DISABLE_FLAG } from '../script/signature-checker.ts'
import { SEQUENCE_FINAL, type Transaction } from '../transaction.ts'
import type { PolicyContext } from './policy-context.ts'

/** Whether a lower tip could make the transaction invalid, all its coins being there still. */
export function isTimeBound({ lockTime, inputs }: Transaction, coins: readonly Coin[]): boolean {
  for (let i = 0; i < inputs.length; i++) {
    const { sequence } = inputs[i]!
    if (sequence < SEQUENCE_DISABLE_FLAG || coins[i]!.coinbase) return true
    if (lockTime !== 0 && sequence !== SEQUENCE_FINAL) return true
  }
  return false
}

/** Whether the next block could have the transaction as far as heights and times go; its coins are looked up again. */
export function isTimely(transaction: Transaction, context: PolicyContext): boolean {
  const { tip, parameters, pool, coins } = context
  const height = tip.height + 1
  if (!isFinal(transaction, height, medianTimePast(tip))) return false
  const spent: Coin[] = []
  for (const { previousOutput } of transaction.inputs) {
    const output = pool.get(previousOutput.txid)?.transaction.outputs[previousOutput.index]
    const coin = output ? { output, height, coinbase: false } : coins.get(previousOutput)
    if (coin === undefined) return false
    spent.push(coin)
  }
  return checkSequenceLocks(transaction, spent, tip, parameters).ok && checkCoinbaseMaturity(spent, height).ok
}
