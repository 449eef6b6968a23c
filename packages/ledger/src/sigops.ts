import { WITNESS_SCALE_FACTOR } from './limits.ts'
import { FLAG, type ScriptFlags } from './script/flags.ts'
import { countSigOps, instructions, isPushOnly } from './script/script-parser.ts'
import { scriptHashOf, witnessProgramOf } from './script/script-patterns.ts'
import type { Transaction, TxInput, TxOutput } from './transaction.ts'

/** Signature operations in the scriptSigs and scriptPubKeys themselves, each CHECKMULTISIG counting 20. */
export function legacySigops({ inputs, outputs }: Transaction): number {
  let count = 0
  for (const { scriptSig } of inputs) count += countSigOps(scriptSig, false)
  for (const { scriptPubKey } of outputs) count += countSigOps(scriptPubKey, false)
  return count
}

/** The script that an input of a pay-to-script-hash coin reveals (BIP 16); undefined for other coins. */
export function redeemScriptOf(input: TxInput, spent: TxOutput): Uint8Array | undefined {
  return scriptHashOf(spent.scriptPubKey) && lastPush(input.scriptSig)
}

/** Signature operations in the redeem script that the input reveals (BIP 16); 0 for other coins. */
export function p2shSigops(input: TxInput, spent: TxOutput): number {
  const redeemScript = redeemScriptOf(input, spent)
  return redeemScript ? countSigOps(redeemScript, true) : 0
}

/** Signature operations that the input runs in a witness (BIP 141); 0 for other coins. */
function witnessSigops(input: TxInput, spent: TxOutput): number {
  const bare = witnessProgramOf(spent.scriptPubKey)
  if (bare) return programSigops(bare.version, bare.program, input.witness)
  const redeemScript = redeemScriptOf(input, spent)
  const nested = redeemScript && witnessProgramOf(redeemScript)
  return nested ? programSigops(nested.version, nested.program, input.witness) : 0
}

/**
 * What a transaction counts towards a block's limit of 80,000: 4 for each signature operation outside of
 * witnesses, 1 inside (BIP 141).
 * @param spentOutputs the outputs that its inputs spend, in their order; not looked at for a coinbase.
 */
export function sigopsCost(
  transaction: Transaction,
  spentOutputs: readonly TxOutput[],
  flags: ScriptFlags,
): number {
  let cost = legacySigops(transaction) * WITNESS_SCALE_FACTOR
  if (transaction.isCoinbase) return cost
  transaction.inputs.forEach((input, i) => {
    const spent = spentOutputs[i]!
    if (flags & FLAG.P2SH) cost += p2shSigops(input, spent) * WITNESS_SCALE_FACTOR
    if (flags & FLAG.WITNESS) cost += witnessSigops(input, spent)
  })
  return cost
}

function programSigops(version: number, program: Uint8Array, witness: readonly Uint8Array[]): number {
  if (version !== 0) return 0
  if (program.length === 20) return 1
  const script = witness.at(-1)
  return program.length === 32 && script ? countSigOps(script, true) : 0
}

/** What the last push of a script that only pushes leaves on the stack; undefined for other scripts. */
function lastPush(scriptSig: Uint8Array): Uint8Array | undefined {
  if (!isPushOnly(scriptSig)) return undefined
  let last: Uint8Array | undefined
  for (const { data } of instructions(scriptSig)) last = data ?? new Uint8Array(0)
  return last
}
