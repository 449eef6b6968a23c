import {
  asTxId,
  type Coin,
  MANDATORY_FLAGS,
  OP,
  type ScriptCheck,
  SEQUENCE_FINAL,
  scriptOf,
  Transaction,
} from '@onehop/ledger'
import { sha256 } from '@onehop/primitives'

const PASSES = scriptOf(OP[1])
const FAILS = scriptOf(OP[0])

function coin(passes: boolean): Coin {
  const scriptPubKey = passes ? PASSES : FAILS
  return { output: { value: 7n, scriptPubKey }, height: 1, coinbase: false }
}

function previousOutput(number: number) {
  return { txid: asTxId(sha256(Uint8Array.of(number >> 16, number >> 8, number))), index: number }
}

/** Checks of transactions with so many inputs each, of which those with these numbers, among all, fail. */
export function makeChecks(
  inputsOfChecks: readonly number[],
  failing: readonly number[] = [],
): ScriptCheck[] {
  let next = 0
  return inputsOfChecks.map(count => {
    const numbers = Array.from({ length: count }, () => next++)
    const inputs = numbers.map(number => ({
      previousOutput: previousOutput(number),
      scriptSig: new Uint8Array(0),
      sequence: SEQUENCE_FINAL,
      witness: [],
    }))
    const outputs = [{ value: 1n, scriptPubKey: PASSES }]
    const transaction = new Transaction({ version: 2, inputs, outputs, lockTime: 0 })
    const spent = numbers.map(number => coin(!failing.includes(number)))
    return { transaction, spent, flags: MANDATORY_FLAGS }
  })
}
