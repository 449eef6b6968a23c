import { OK, refused, type Verdict } from '@onehop/primitives'
import type { Coin } from '../coin.ts'
import {
  MAX_STANDARD_P2WSH_ITEM_LENGTH,
  MAX_STANDARD_P2WSH_ITEMS,
  MAX_STANDARD_P2WSH_SCRIPT_LENGTH,
  MAX_STANDARD_TAPSCRIPT_ITEM_LENGTH,
} from '../limits.ts'
import { type WitnessProgram, witnessProgramOf } from '../script/script-patterns.ts'
import { scriptType } from '../script/script-type.ts'
import { splitAnnex, TAPROOT_LEAF_MASK, TAPSCRIPT_LEAF_VERSION } from '../script/taproot.ts'
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
  const type = scriptType(output.scriptPubKey)
  if (type === 'anchor') return false
  if (type === 'witness_v1_taproot') return isStandardTaproot(input.witness)
  const program = witnessProgramOf(redeemScriptOf(input, output) ?? output.scriptPubKey)
  return program !== undefined && (!isScriptHash(program) || isSmall(input.witness))
}

function isScriptHash({ version, program }: WitnessProgram): boolean {
  return version === 0 && program.length === P2WSH_PROGRAM_LENGTH
}

/** No annex, whose meaning is to come, and small items for a tapscript; a script of another leaf version fails later. */
function isStandardTaproot(witness: readonly Uint8Array[]): boolean {
  if (splitAnnex(witness).annex !== undefined) return false
  if (witness.length === 1) return true
  const leafVersion = witness[witness.length - 1]![0]
  if (leafVersion === undefined) return false
  const items = (leafVersion & TAPROOT_LEAF_MASK) === TAPSCRIPT_LEAF_VERSION ? witness.slice(0, -2) : []
  return items.every(item => item.length <= MAX_STANDARD_TAPSCRIPT_ITEM_LENGTH)
}

function isSmall(witness: readonly Uint8Array[]): boolean {
  const items = witness.slice(0, -1)
  return (
    (witness.at(-1)?.length ?? 0) <= MAX_STANDARD_P2WSH_SCRIPT_LENGTH &&
    items.length <= MAX_STANDARD_P2WSH_ITEMS &&
    items.every(item => item.length <= MAX_STANDARD_P2WSH_ITEM_LENGTH)
  )
}
