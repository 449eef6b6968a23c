import { OK, refused, type Verdict } from '@onehop/primitives'
import type { Coin } from '../coin.ts'
import {
  MAX_STANDARD_P2WSH_ITEM_LENGTH,
  MAX_STANDARD_P2WSH_ITEMS,
  MAX_STANDARD_P2WSH_SCRIPT_LENGTH,
} from '../limits.ts'
import { type WitnessProgram, witnessProgramOf } from '../script/script-patterns.ts'
import { scriptType } from '../script/script-type.ts'
import { redeemScriptOf } from '../sigops.ts'
import type { Transaction, TxInput } from '../transaction.ts'

const P2WSH_PROGRAM_LENGTH = 32

/** What the mempool asks of witnesses (`IsWitnessStandard`): they belong to a witness program, and are small. */
export function checkStandardWitness({ inputs }: Transaction, coins: readonly Coin[]): Verdict {
  const isStandard = inputs.every(
    (input, i) => input.witness.length === 0 || hasStandardWitness(input, coins[i]!),
  )
  return isStandard ? OK : refused('bad-witness-nonstandard')
}

function hasStandardWitness(input: TxInput, { output }: Coin): boolean {
  if (scriptType(output.scriptPubKey) === 'anchor') return false
  const program = witnessProgramOf(redeemScriptOf(input, output) ?? output.scriptPubKey)
  return program !== undefined && (!isScriptHash(program) || isSmall(input.witness))
}

function isScriptHash({ version, program }: WitnessProgram): boolean {
  return version === 0 && program.length === P2WSH_PROGRAM_LENGTH
}

function isSmall(witness: readonly Uint8Array[]): boolean {
  const items = witness.slice(0, -1)
  return (
    (witness.at(-1)?.length ?? 0) <= MAX_STANDARD_P2WSH_SCRIPT_LENGTH &&
    items.length <= MAX_STANDARD_P2WSH_ITEMS &&
    items.every(item => item.length <= MAX_STANDARD_P2WSH_ITEM_LENGTH)
  )
}
