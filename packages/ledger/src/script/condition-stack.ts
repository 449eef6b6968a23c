/**
 * Which branches of the open IFs run. Kept as a depth and the first that does not, so that each opcode costs the same
 * however deep a tapscript nests (Core: ConditionStack).
 */
export class ConditionStack {
  private depth = 0
  /** Place of the lowest branch that does not run; those above it never matter to what runs. */
  private firstFalse: number | undefined

  get size(): number {
    return this.depth
  }

  /** Whether all branches run. */
  get allTrue(): boolean {
    return this.firstFalse === undefined
  }

  push(runs: boolean): void {
    if (!runs) this.firstFalse ??= this.depth
    this.depth++
  }

  /** The other branch of the innermost IF. */
  toggleTop(): void {
    const top = this.depth - 1
    if (this.firstFalse === undefined) this.firstFalse = top
    else if (this.firstFalse === top) this.firstFalse = undefined
  }

  pop(): void {
    this.depth--
    if (this.firstFalse === this.depth) this.firstFalse = undefined
  }
}
