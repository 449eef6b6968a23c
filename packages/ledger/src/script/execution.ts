import { MAX_OPERATIONS_PER_SCRIPT } from '../limits.ts'
import { ConditionStack } from './condition-stack.ts'
import { FLAG, type ScriptFlags } from './flags.ts'
import { ScriptFailure } from './script-error.ts'
import type { SignatureChecker } from './signature-checker.ts'
import type { SigVersion } from './signature-encoding.ts'
import { Stack } from './stack.ts'
import type { TapscriptState } from './tapscript.ts'

/** One script while it runs. */
export class Execution {
  readonly script: Uint8Array
  readonly stack: Stack
  readonly altStack = new Stack([], 'INVALID_ALTSTACK_OPERATION')
  readonly flags: ScriptFlags
  readonly checker: SignatureChecker
  readonly version: SigVersion
  /** There when the version is tapscript. */
  readonly tapscript: TapscriptState | undefined
  readonly conditions = new ConditionStack()
  /** Offset behind the last OP_CODESEPARATOR that ran. */
  codeStart = 0
  /** Number of the opcode that runs, from 0, those of other branches counted. */
  position = 0
  private operations = 0

  constructor(
    script: Uint8Array,
    stack: readonly Uint8Array[],
    flags: ScriptFlags,
    checker: SignatureChecker,
    version: SigVersion,
    tapscript?: TapscriptState,
  ) {
    this.script = script
    this.stack = new Stack(stack)
    this.flags = flags
    this.checker = checker
    this.version = version
    this.tapscript = tapscript
  }

  /** Whether numbers and pushes must be in their shortest form. */
  get minimal(): boolean {
    return this.has(FLAG.MINIMALDATA)
  }

  get running(): boolean {
    return this.conditions.allTrue
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0
  }

  /** Charges operations: each opcode that is no push, each key of a CHECKMULTISIG. Free in tapscript (BIP 342). */
  charge(count: number): void {
    if (this.tapscript !== undefined) return
    this.operations += count
    if (this.operations > MAX_OPERATIONS_PER_SCRIPT) throw new ScriptFailure('OP_COUNT')
  }
}

/** Runs one opcode. @throws {ScriptFailure} */
export type OpcodeHandler = (execution: Execution) => void
