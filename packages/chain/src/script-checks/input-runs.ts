import type { InputScripts, ScriptCheck } from '@onehop/ledger'
import { INPUTS_PER_RUN } from '../limits.ts'

/** The number of the first input of each check among all inputs, and at the end how many inputs there are. */
export function countInputs(checks: readonly ScriptCheck[]): Int32Array {
  const firstInputs = new Int32Array(checks.length + 1)
  let inputs = 0
  for (const [check, { transaction }] of checks.entries()) {
    firstInputs[check] = inputs
    inputs += transaction.inputs.length
  }
  firstInputs[checks.length] = inputs
  return firstInputs
}

/** Goes through a block's inputs by their numbers, in runs: what threads share is inputs, not transactions. */
export class InputRunner {
  private readonly firstInputs: Int32Array
  private readonly scriptsOf: (check: number) => InputScripts
  /** The check whose scripts are at hand, for a transaction may be longer than a run. */
  private check = -1
  private scripts: InputScripts | undefined

  /**
   * @param firstInputs as {@link countInputs} gives them.
   * @param scriptsOf makes the scripts of a check.
   */
  constructor(firstInputs: Int32Array, scriptsOf: (check: number) => InputScripts) {
    this.firstInputs = firstInputs
    this.scriptsOf = scriptsOf
  }

  get inputs(): number {
    return this.firstInputs[this.firstInputs.length - 1]!
  }

  get runs(): number {
    return Math.ceil(this.inputs / INPUTS_PER_RUN)
  }

  /** Runs the scripts of a run of inputs. @returns the number of the first input whose script fails. */
  verify(run: number): number | undefined {
    const end = Math.min((run + 1) * INPUTS_PER_RUN, this.inputs)
    let input = run * INPUTS_PER_RUN
    for (let check = this.checkOf(input); input < end; check++) {
      const first = this.firstInputs[check]!
      const scripts = this.scriptsAt(check)
      const checkEnd = Math.min(this.firstInputs[check + 1]!, end)
      for (; input < checkEnd; input++) if (scripts.verify(input - first) !== undefined) return input
    }
    return undefined
  }

  /** The number of the check that has the input. */
  checkOf(input: number): number {
    let low = 0
    let high = this.firstInputs.length - 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.firstInputs[middle]! <= input) low = middle
      else high = middle
    }
    return low
  }

  private scriptsAt(check: number): InputScripts {
    if (this.scripts === undefined || this.check !== check) {
      this.scripts = this.scriptsOf(check)
      this.check = check
    }
    return this.scripts
  }
}
