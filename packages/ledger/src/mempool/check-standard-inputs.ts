import { OK, refused, type Verdict } from '@onehop/primitives'
import type { Coin } from '../coin.ts'
import { MAX_STANDARD_LEGACY_SIGOPS, MAX_STANDARD_P2SH_SIGOPS } from '../limits.ts'
import { countSigOps } from '../script/script-parser.ts'
import { scriptType } from '../script/script-type.ts'
import { p2shSigops } from '../sigops.ts'
import type { Transaction, TxInput } from '../transaction.ts'

/**
 * What the mempool asks of the coins that are spent (`ValidateInputsStandardness`): a known template, few signature
 * operations in a redeem script, and few legacy ones in all (BIP 54).
 */
export function checkStandardInputs({ inputs }: Transaction, coins: readonly Coin[]): Verdict {
  let legacy = 0
  for (const [i, input] of inputs.entries()) {
    const coin = coins[i]!
    legacy += legacySigopsRun(input, coin)
    if (legacy > MAX_STANDARD_LEGACY_SIGOPS)
      return refused('bad-txns-nonstandard-inputs', 'non-witness sigops exceed bip54 limit')
    if (!isStandardInput(input, coin)) return refused('bad-txns-nonstandard-inputs', `input ${i}`)
  }
  return OK
}

function legacySigopsRun(input: TxInput, { output }: Coin): number {
  const inScripts = countSigOps(input.scriptSig, true) + countSigOps(output.scriptPubKey, true)
  return inScripts + p2shSigops(input, output)
}

function isStandardInput(input: TxInput, { output }: Coin): boolean {
  const type = scriptType(output.scriptPubKey)
  if (type === 'nonstandard' || type === 'witness_unknown') return false
  return type !== 'scripthash' || p2shSigops(input, output) <= MAX_STANDARD_P2SH_SIGOPS
}
