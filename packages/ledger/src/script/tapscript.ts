import { TAPSCRIPT_WEIGHT_OFFSET, TAPSCRIPT_WEIGHT_PER_SIGNATURE } from '../limits.ts'
import { witnessLength } from '../transaction-size.ts'
import type { Execution } from './execution.ts'
import { FLAG, type ScriptFlags } from './flags.ts'
import { OP } from './opcodes.ts'
import { require, ScriptFailure } from './script-error.ts'
import { readInstruction } from './script-parser.ts'
import { NO_CODE_SEPARATOR, type TapscriptContext } from './taproot-sighash.ts'

const X_ONLY_KEY_BYTES = 32

/** What a leaf knows and spends while it runs (Core: ScriptExecutionData). */
export class TapscriptState implements TapscriptContext {
  readonly leafHash: Uint8Array
  readonly annexHash: Uint8Array | undefined
  codeSeparatorPosition = NO_CODE_SEPARATOR
  private weightLeft: number

  /** @param witness all of it, the annex included. */
  constructor(leafHash: Uint8Array, annexHash: Uint8Array | undefined, witness: readonly Uint8Array[]) {
    this.leafHash = leafHash
    this.annexHash = annexHash
    this.weightLeft = witnessLength(witness) + TAPSCRIPT_WEIGHT_OFFSET
  }

  /** Pays for the check of one signature (BIP 342). @throws {ScriptFailure} */
  chargeSignature(): void {
    this.weightLeft -= TAPSCRIPT_WEIGHT_PER_SIGNATURE
    require(this.weightLeft >= 0, 'TAPSCRIPT_VALIDATION_WEIGHT')
  }
}

/** Whether it makes every tapscript that has it succeed, until a soft fork gives it a meaning (BIP 342). */
function isOpSuccess(opcode: number): boolean {
  return (
    opcode === OP.RESERVED ||
    opcode === OP.VER ||
    (opcode >= OP.CAT && opcode <= OP.RIGHT) ||
    (opcode >= OP.INVERT && opcode <= OP.XOR) ||
    opcode === OP.RESERVED1 ||
    opcode === OP.RESERVED2 ||
    opcode === OP['2MUL'] ||
    opcode === OP['2DIV'] ||
    (opcode >= OP.MUL && opcode <= OP.RSHIFT) ||
    (opcode > OP.CHECKSIGADD && opcode <= 0xfe)
  )
}

/** Whether an OP_SUCCESS makes the script succeed before it runs. @throws {ScriptFailure} */
export function succeedsUnrun(script: Uint8Array, flags: ScriptFlags): boolean {
  let offset = 0
  while (offset < script.length) {
    const instruction = readInstruction(script, offset)
    if (instruction === undefined) throw new ScriptFailure('BAD_OPCODE')
    if (isOpSuccess(instruction.opcode)) {
      require(!(flags & FLAG.DISCOURAGE_OP_SUCCESS), 'DISCOURAGE_OP_SUCCESS')
      return true
    }
    offset = instruction.end
  }
  return false
}

/** BIP 342's check of one signature: an empty one is the only way to say no. @throws {ScriptFailure} */
export function checkTapscriptSignature(
  { flags, checker }: Execution,
  state: TapscriptState,
  signature: Uint8Array,
  key: Uint8Array,
): boolean {
  const signed = signature.length > 0
  if (signed) state.chargeSignature()
  require(key.length > 0, 'TAPSCRIPT_EMPTY_PUBKEY')
  if (key.length !== X_ONLY_KEY_BYTES) {
    require(!(flags & FLAG.DISCOURAGE_UPGRADABLE_PUBKEYTYPE), 'DISCOURAGE_UPGRADABLE_PUBKEYTYPE')
  } else if (signed) {
    const error = checker.checkSchnorr(signature, key, { annexHash: state.annexHash, tapscript: state })
    if (error !== undefined) throw new ScriptFailure(error)
  }
  return signed
}
