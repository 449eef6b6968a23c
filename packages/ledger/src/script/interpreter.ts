import { MAX_SCRIPT_ELEMENT_LENGTH, MAX_SCRIPT_LENGTH, MAX_STACK_ELEMENTS } from '../limits.ts'
import { CONDITION_OPCODES, CONTROL_OPCODES } from './control-opcodes.ts'
import { CRYPTO_OPCODES } from './crypto-opcodes.ts'
import { Execution } from './execution.ts'
import { FLAG, type ScriptFlags } from './flags.ts'
import { NUMBER_OPCODES } from './number-opcodes.ts'
import { OP } from './opcodes.ts'
import { require, ScriptFailure } from './script-error.ts'
import { encodeScriptNumber } from './script-number.ts'
import { type Instruction, isMinimalPush, readInstruction } from './script-parser.ts'
import type { SignatureChecker } from './signature-checker.ts'
import type { SigVersion } from './signature-encoding.ts'
import { STACK_OPCODES } from './stack-opcodes.ts'
import type { TapscriptState } from './tapscript.ts'

/** Opcodes that fail a script wherever they stand, run or not (CVE-2010-5137 took them out). */
const DISABLED_OPCODES: ReadonlySet<number> = new Set([
  OP.CAT,
  OP.SUBSTR,
  OP.LEFT,
  OP.RIGHT,
  OP.INVERT,
  OP.AND,
  OP.OR,
  OP.XOR,
  OP['2MUL'],
  OP['2DIV'],
  OP.MUL,
  OP.DIV,
  OP.MOD,
  OP.LSHIFT,
  OP.RSHIFT,
])

const OPCODES = 256

/** By opcode, which is faster than a map of them. */
function table<T>(at: (opcode: number) => T): readonly T[] {
  return Array.from({ length: OPCODES }, (_, opcode) => at(opcode))
}

const PLAIN_OPCODES = new Map([...CONTROL_OPCODES, ...STACK_OPCODES, ...NUMBER_OPCODES, ...CRYPTO_OPCODES])
const HANDLERS = table(opcode => PLAIN_OPCODES.get(opcode))
const CONDITION_HANDLERS = table(opcode => CONDITION_OPCODES.get(opcode))
const IS_DISABLED = table(opcode => DISABLED_OPCODES.has(opcode))

/**
 * Runs a script on a stack (Core: EvalScript).
 * @param tapscript goes with the version tapscript, and only with it.
 * @returns the stack that it leaves.
 * @throws {ScriptFailure}
 */
export function evaluate(
  script: Uint8Array,
  stack: readonly Uint8Array[],
  flags: ScriptFlags,
  checker: SignatureChecker,
  version: SigVersion,
  tapscript?: TapscriptState,
): Uint8Array[] {
  require(script.length <= MAX_SCRIPT_LENGTH || version === 'tapscript', 'SCRIPT_SIZE')
  if (script.length === 0) return [...stack]
  const execution = new Execution(script, stack, flags, checker, version, tapscript)
  let offset = 0
  while (offset < script.length) {
    const instruction = readInstruction(script, offset)
    if (instruction === undefined) throw new ScriptFailure('BAD_OPCODE')
    offset = instruction.end
    step(execution, instruction)
    execution.position++
    require(execution.stack.size + execution.altStack.size <= MAX_STACK_ELEMENTS, 'STACK_SIZE')
  }
  require(execution.conditions.size === 0, 'UNBALANCED_CONDITIONAL')
  return execution.stack.items
}

function step(execution: Execution, instruction: Instruction): void {
  const { opcode, data } = instruction
  require(data === undefined || data.length <= MAX_SCRIPT_ELEMENT_LENGTH, 'PUSH_SIZE')
  if (opcode > OP[16]) execution.charge(1)
  require(!IS_DISABLED[opcode], 'DISABLED_OPCODE')
  if (opcode === OP.CODESEPARATOR) requireSeparable(execution)
  const condition = CONDITION_HANDLERS[opcode]
  if (condition !== undefined) condition(execution)
  else if (execution.running) run(execution, instruction)
  else require(opcode !== OP.VERIF && opcode !== OP.VERNOTIF, 'BAD_OPCODE')
}

function requireSeparable(execution: Execution): void {
  const constCode = execution.version === 'base' && execution.has(FLAG.CONST_SCRIPTCODE)
  require(!constCode, 'OP_CODESEPARATOR')
}

function run(execution: Execution, instruction: Instruction): void {
  const { opcode, data, end } = instruction
  if (data !== undefined) {
    require(!execution.minimal || isMinimalPush(instruction), 'MINIMALDATA')
    execution.stack.push(data)
  } else if (opcode === OP['1NEGATE'] || (opcode >= OP[1] && opcode <= OP[16])) {
    execution.stack.push(encodeScriptNumber(opcode - OP[1] + 1))
  } else if (opcode === OP.CODESEPARATOR) {
    execution.codeStart = end
    if (execution.tapscript) execution.tapscript.codeSeparatorPosition = execution.position
  } else {
    const handler = HANDLERS[opcode]
    if (handler === undefined) throw new ScriptFailure('BAD_OPCODE')
    handler(execution)
  }
}
