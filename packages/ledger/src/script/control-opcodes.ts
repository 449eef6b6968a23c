import type { Execution, OpcodeHandler } from './execution.ts'
import { FLAG } from './flags.ts'
import { OP } from './opcodes.ts'
import { require, ScriptFailure } from './script-error.ts'

/** Bytes of an operand of the lock time opcodes: 2^39 − 1, beyond 32 bits (BIP 65, 112). */
const MAX_LOCK_TIME_BYTES = 5
const SEQUENCE_DISABLE_FLAG = 2 ** 31

/** A condition's element; exactly nothing or 1 in tapscript always, in segwit version 0 by policy. */
function popCondition({ stack, version, flags }: Execution): boolean {
  const top = stack.peek()
  const minimal = top.length === 0 || (top.length === 1 && top[0] === 1)
  require(minimal || version !== 'tapscript', 'TAPSCRIPT_MINIMALIF')
  require(minimal || version !== 'witness_v0' || !(flags & FLAG.MINIMALIF), 'MINIMALIF')
  return stack.popBool()
}

function openIf(execution: Execution, wanted: boolean): void {
  execution.conditions.push(execution.running && popCondition(execution) === wanted)
}

function discouragedNop(execution: Execution): void {
  require(!execution.has(FLAG.DISCOURAGE_UPGRADABLE_NOPS), 'DISCOURAGE_UPGRADABLE_NOPS')
}

function checkLockTimeVerify(execution: Execution): void {
  if (!execution.has(FLAG.CHECKLOCKTIMEVERIFY)) return
  const lockTime = execution.stack.peekNumber(0, execution.minimal, MAX_LOCK_TIME_BYTES)
  require(lockTime >= 0, 'NEGATIVE_LOCKTIME')
  require(execution.checker.checkLockTime(lockTime), 'UNSATISFIED_LOCKTIME')
}

function checkSequenceVerify(execution: Execution): void {
  if (!execution.has(FLAG.CHECKSEQUENCEVERIFY)) return
  const sequence = execution.stack.peekNumber(0, execution.minimal, MAX_LOCK_TIME_BYTES)
  require(sequence >= 0, 'NEGATIVE_LOCKTIME')
  if (Math.floor(sequence / SEQUENCE_DISABLE_FLAG) % 2 === 1) return
  require(execution.checker.checkSequence(sequence), 'UNSATISFIED_LOCKTIME')
}

/** Opcodes that branch: they are seen in branches that do not run, too. */
export const CONDITION_OPCODES: ReadonlyMap<number, OpcodeHandler> = new Map<number, OpcodeHandler>([
  [OP.IF, execution => openIf(execution, true)],
  [OP.NOTIF, execution => openIf(execution, false)],
  [
    OP.ELSE,
    ({ conditions }) => {
      require(conditions.size > 0, 'UNBALANCED_CONDITIONAL')
      conditions.toggleTop()
    },
  ],
  [
    OP.ENDIF,
    ({ conditions }) => {
      require(conditions.size > 0, 'UNBALANCED_CONDITIONAL')
      conditions.pop()
    },
  ],
])

const UPGRADABLE_NOPS = [OP.NOP1, ...Array.from({ length: 7 }, (_, i) => OP.NOP4 + i)]

/** Opcodes that do nothing, end the script or ask for a time. */
export const CONTROL_OPCODES: ReadonlyMap<number, OpcodeHandler> = new Map<number, OpcodeHandler>([
  [OP.NOP, () => undefined],
  ...UPGRADABLE_NOPS.map((opcode): [number, OpcodeHandler] => [opcode, discouragedNop]),
  [OP.CHECKLOCKTIMEVERIFY, checkLockTimeVerify],
  [OP.CHECKSEQUENCEVERIFY, checkSequenceVerify],
  [OP.VERIFY, ({ stack }) => require(stack.popBool(), 'VERIFY')],
  [
    OP.RETURN,
    () => {
      throw new ScriptFailure('OP_RETURN')
    },
  ],
])
