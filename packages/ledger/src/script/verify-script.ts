import { equalBytes, sha256 } from '@onehop/primitives'
import { MAX_SCRIPT_ELEMENT_LENGTH, MAX_STACK_ELEMENTS } from '../limits.ts'
import { FLAG, type ScriptFlags } from './flags.ts'
import { evaluate } from './interpreter.ts'
import { pushBytes } from './script-building.ts'
import { require, type ScriptError, ScriptFailure } from './script-error.ts'
import { toBoolean } from './script-number.ts'
import { isPushOnly } from './script-parser.ts'
import { isAnchor, scriptHashOf, type WitnessProgram, witnessProgramOf } from './script-patterns.ts'
import type { SignatureChecker } from './signature-checker.ts'
import { p2pkhScript } from './standard-scripts.ts'
import {
  annexHash,
  commitsToLeaf,
  isControlBlockLength,
  splitAnnex,
  TAPROOT_LEAF_MASK,
  TAPSCRIPT_LEAF_VERSION,
  tapLeafHash,
} from './taproot.ts'
import { succeedsUnrun, TapscriptState } from './tapscript.ts'

const KEY_HASH_BYTES = 20
const SCRIPT_HASH_BYTES = 32

/** What satisfies a scriptPubKey, and under which rules. */
export interface ScriptInput {
  readonly scriptSig: Uint8Array
  readonly scriptPubKey: Uint8Array
  readonly witness: readonly Uint8Array[]
  readonly flags: ScriptFlags
  readonly checker: SignatureChecker
}

/** Whether an input satisfies the script of the coin that it spends (Core: VerifyScript). @returns undefined if so. */
export function verifyScript(input: ScriptInput): ScriptError | undefined {
  try {
    run(input)
    return undefined
  } catch (error) {
    if (error instanceof ScriptFailure) return error.error
    throw error
  }
}

function has(input: ScriptInput, flag: number): boolean {
  return (input.flags & flag) !== 0
}

function requireTrueTop(stack: readonly Uint8Array[]): void {
  const top = stack[stack.length - 1]
  require(top !== undefined && toBoolean(top), 'EVAL_FALSE')
}

function run(input: ScriptInput): void {
  const { scriptSig, scriptPubKey, flags, checker } = input
  require(!has(input, FLAG.SIGPUSHONLY) || isPushOnly(scriptSig), 'SIG_PUSHONLY')
  const pushed = evaluate(scriptSig, [], flags, checker, 'base')
  let stack: readonly Uint8Array[] = evaluate(scriptPubKey, pushed, flags, checker, 'base')
  requireTrueTop(stack)

  const bare = has(input, FLAG.WITNESS) ? witnessProgramOf(scriptPubKey) : undefined
  let hadWitness = bare !== undefined
  if (bare !== undefined) {
    require(scriptSig.length === 0, 'WITNESS_MALLEATED')
    runWitnessProgram(input, bare, false)
    stack = stack.slice(0, 1)
  }
  if (has(input, FLAG.P2SH) && scriptHashOf(scriptPubKey) !== undefined) {
    const outcome = runRedeemScript(input, pushed)
    stack = outcome.stack
    hadWitness = outcome.hadWitness
  }
  if (has(input, FLAG.CLEANSTACK)) require(stack.length === 1, 'CLEANSTACK')
  if (has(input, FLAG.WITNESS)) require(hadWitness || input.witness.length === 0, 'WITNESS_UNEXPECTED')
}

/** BIP 16: the last push is the script whose hash the coin names. */
function runRedeemScript(input: ScriptInput, pushed: readonly Uint8Array[]) {
  require(isPushOnly(input.scriptSig), 'SIG_PUSHONLY')
  const redeemScript = pushed[pushed.length - 1]!
  const stack = evaluate(redeemScript, pushed.slice(0, -1), input.flags, input.checker, 'base')
  requireTrueTop(stack)
  const nested = has(input, FLAG.WITNESS) ? witnessProgramOf(redeemScript) : undefined
  if (nested === undefined) return { stack, hadWitness: false }
  require(equalBytes(input.scriptSig, pushBytes(redeemScript)), 'WITNESS_MALLEATED_P2SH')
  runWitnessProgram(input, nested, true)
  return { stack: stack.slice(0, 1), hadWitness: true }
}

/** BIP 141. */
function runWitnessProgram(input: ScriptInput, { version, program }: WitnessProgram, nested: boolean): void {
  if (version === 0) {
    runVersion0(input, program)
  } else if (version === 1 && program.length === SCRIPT_HASH_BYTES && !nested) {
    if (has(input, FLAG.TAPROOT)) runTaproot(input, program)
  } else if (!nested && isAnchor({ version, program })) {
    // Pay-to-anchor: anybody may spend it, that is what it is for.
  } else if (has(input, FLAG.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM)) {
    throw new ScriptFailure('DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM')
  }
}

function runVersion0(input: ScriptInput, program: Uint8Array): void {
  const { witness } = input
  if (program.length === KEY_HASH_BYTES) {
    require(witness.length === 2, 'WITNESS_PROGRAM_MISMATCH')
    runWitnessScript(input, p2pkhScript(program), witness, 'witness_v0')
    return
  }
  require(program.length === SCRIPT_HASH_BYTES, 'WITNESS_PROGRAM_WRONG_LENGTH')
  const script = witness[witness.length - 1]
  if (script === undefined) throw new ScriptFailure('WITNESS_PROGRAM_WITNESS_EMPTY')
  require(equalBytes(sha256(script), program), 'WITNESS_PROGRAM_MISMATCH')
  runWitnessScript(input, script, witness.slice(0, -1), 'witness_v0')
}

/** BIP 341: a signature for the output key, or a script that the key commits to. */
function runTaproot(input: ScriptInput, outputKey: Uint8Array): void {
  require(input.witness.length > 0, 'WITNESS_PROGRAM_WITNESS_EMPTY')
  const { items, annex } = splitAnnex(input.witness)
  const committed = annex && annexHash(annex)
  if (items.length > 1) {
    runTaprootLeaf(input, outputKey, items, committed)
    return
  }
  const error = input.checker.checkSchnorr(items[0]!, outputKey, { annexHash: committed })
  if (error !== undefined) throw new ScriptFailure(error)
}

function runTaprootLeaf(
  input: ScriptInput,
  outputKey: Uint8Array,
  items: readonly Uint8Array[],
  annexHash: Uint8Array | undefined,
): void {
  const script = items[items.length - 2]!
  const controlBlock = items[items.length - 1]!
  require(isControlBlockLength(controlBlock.length), 'TAPROOT_WRONG_CONTROL_SIZE')
  const leafVersion = controlBlock[0]! & TAPROOT_LEAF_MASK
  const leafHash = tapLeafHash(leafVersion, script)
  require(commitsToLeaf(outputKey, controlBlock, leafHash, input.checker), 'WITNESS_PROGRAM_MISMATCH')
  if (leafVersion === TAPSCRIPT_LEAF_VERSION) {
    runTapscript(input, script, items.slice(0, -2), new TapscriptState(leafHash, annexHash, input.witness))
  } else {
    const discouraged = has(input, FLAG.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION)
    require(!discouraged, 'DISCOURAGE_UPGRADABLE_TAPROOT_VERSION')
  }
}

/** BIP 342. */
function runTapscript(
  input: ScriptInput,
  script: Uint8Array,
  items: readonly Uint8Array[],
  state: TapscriptState,
): void {
  if (succeedsUnrun(script, input.flags)) return
  require(items.length <= MAX_STACK_ELEMENTS, 'STACK_SIZE')
  runWitnessScript(input, script, items, 'tapscript', state)
}

function runWitnessScript(
  { flags, checker }: ScriptInput,
  script: Uint8Array,
  items: readonly Uint8Array[],
  version: 'witness_v0' | 'tapscript',
  tapscript?: TapscriptState,
): void {
  require(items.every(item => item.length <= MAX_SCRIPT_ELEMENT_LENGTH), 'PUSH_SIZE')
  const stack = evaluate(script, items, flags, checker, version, tapscript)
  require(stack.length === 1, 'CLEANSTACK')
  requireTrueTop(stack)
}
