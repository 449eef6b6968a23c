import { type ScriptError, ScriptFailure } from './script-error.ts'
import { decodeScriptNumber, encodeScriptNumber, MAX_NUMBER_LENGTH, toBoolean } from './script-number.ts'

const TRUE = Uint8Array.of(1)
const FALSE = new Uint8Array(0)

/** A script's stack. Every access below its bottom ends the script with the error it was made with. */
export class Stack {
  readonly items: Uint8Array[]
  private readonly underflow: ScriptError

  constructor(items: readonly Uint8Array[] = [], underflow: ScriptError = 'INVALID_STACK_OPERATION') {
    this.items = [...items]
    this.underflow = underflow
  }

  get size(): number {
    return this.items.length
  }

  push(item: Uint8Array): void {
    this.items.push(item)
  }

  pushBool(value: boolean): void {
    this.items.push(value ? TRUE : FALSE)
  }

  pushNumber(value: number): void {
    this.items.push(encodeScriptNumber(value))
  }

  pop(): Uint8Array {
    const item = this.items.pop()
    if (item === undefined) throw new ScriptFailure(this.underflow)
    return item
  }

  popBool(): boolean {
    return toBoolean(this.pop())
  }

  /** Ends the script unless so many elements are there. */
  need(count: number): void {
    if (this.items.length < count) throw new ScriptFailure(this.underflow)
  }

  /** The element `depth` below the top, which is 0. */
  peek(depth = 0): Uint8Array {
    const item = this.items[this.items.length - 1 - depth]
    if (item === undefined) throw new ScriptFailure(this.underflow)
    return item
  }

  /** Takes the element `depth` below the top out. */
  remove(depth: number): Uint8Array {
    this.need(depth + 1)
    return this.items.splice(this.items.length - 1 - depth, 1)[0]!
  }

  /** Puts the element so that `depth` others are above it. */
  insert(depth: number, item: Uint8Array): void {
    this.need(depth)
    this.items.splice(this.items.length - depth, 0, item)
  }

  /** The number `depth` below the top. */
  peekNumber(depth: number, minimal: boolean, maxLength = MAX_NUMBER_LENGTH): number {
    const value = decodeScriptNumber(this.peek(depth), minimal, maxLength)
    if (value === undefined) throw new ScriptFailure('SCRIPTNUM')
    return value
  }
}
