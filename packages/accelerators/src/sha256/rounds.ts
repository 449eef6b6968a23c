import { ROUND_CONSTANTS, ROUNDS } from './constants.ts'
import type { Schedule } from './schedule.ts'
import { type Code, get, i32, set, tee, v128 } from './wasm-assembler.ts'

/** The operations of SHA-256 on one word, or on the same word of four messages at once. */
export interface WordOperations {
  add(a: Code, b: Code): Code
  and(a: Code, b: Code): Code
  xor(a: Code, b: Code): Code
  shiftRight(a: Code, bits: number): Code
  rotateRight(a: Code, bits: number): Code
}

export const ONE_WORD: WordOperations = i32

/** There is no rotation of lanes: what is rotated is put onto the stack twice. */
export const FOUR_LANES: WordOperations = {
  ...v128,
  rotateRight: (a, bits) => v128.or(v128.shiftRight(a, bits), v128.shiftLeft(a, 32 - bits)),
}

/** Which locals the rounds work in. */
export interface RoundLocals {
  /** Eight: a to h. */
  readonly state: readonly number[]
  /** Sixteen: the words of the last sixteen rounds. */
  readonly words: readonly number[]
  /** Two. */
  readonly scratch: readonly number[]
}

/** Where the rounds take what they know from. */
export interface RoundInputs {
  readonly schedule: Schedule
  /** Code that puts a schedule's sum, or a round's constant, onto the stack. */
  sum(round: number): Code
  constant(round: number): Code
}

/** Adds up; undefined stands for nothing. */
function addAll(ops: WordOperations, terms: readonly (Code | undefined)[]): Code {
  return terms.filter(term => term !== undefined).reduce((total, term) => ops.add(total, term))
}

/** Emits rounds of the compression function (FIPS 180-4, 6.2.2), unrolled. */
export class RoundEmitter {
  private readonly ops: WordOperations
  private readonly locals: RoundLocals
  private readonly inputs: RoundInputs

  constructor(ops: WordOperations, locals: RoundLocals, inputs: RoundInputs) {
    this.ops = ops
    this.locals = locals
    this.inputs = inputs
  }

  /**
   * Rounds `from` to `to` − 1. Eight rounds leave the letters in their locals; else they have moved, see {@link local}.
   */
  rounds(from = 0, to = ROUNDS): Code {
    const code: Code[] = [
      set(this.scratch(from + 1), this.ops.xor(this.letter('b', from), this.letter('c', from))),
    ]
    for (let t = from; t < to; t++) code.push(this.round(t))
    return code
  }

  /** The local that holds a letter of the state before round `t`. */
  local(letter: string, t: number): number {
    return this.locals.state[(letter.charCodeAt(0) - 'a'.charCodeAt(0) + 8 * ROUNDS - t) % 8]!
  }

  private letter(letter: string, t: number): Code {
    return get(this.local(letter, t))
  }

  /** The local where round `t` keeps a xor b; the round before it kept its own in the other. */
  private scratch(t: number): number {
    return this.locals.scratch[t % 2]!
  }

  private round(t: number): Code {
    const { ops } = this
    const letter = (name: string): Code => this.letter(name, t)
    const choice = ops.xor(letter('g'), ops.and(letter('e'), ops.xor(letter('f'), letter('g'))))
    const aXorB = tee(this.scratch(t), ops.xor(letter('a'), letter('b')))
    const majority = ops.xor(letter('b'), ops.and(aXorB, get(this.scratch(t + 1))))
    const [d, h] = [this.local('d', t), this.local('h', t)]
    return [
      set(h, addAll(ops, [get(h), this.wordAndConstant(t), choice, this.bigSigma(letter('e'), 6, 11, 25)])),
      set(d, ops.add(get(d), get(h))),
      set(h, addAll(ops, [get(h), majority, this.bigSigma(letter('a'), 2, 13, 22)])),
    ]
  }

  private wordAndConstant(t: number): Code {
    const { inputs, locals } = this
    if (inputs.schedule.known[t]) return inputs.sum(t)
    const local = locals.words[t % 16]!
    return this.ops.add(t < 16 ? get(local) : tee(local, this.scheduledWord(t)), inputs.constant(t))
  }

  private scheduledWord(t: number): Code {
    const { schedule } = this.inputs
    const term = (distance: number, sigma: (word: Code) => Code = word => word) =>
      schedule.known[t - distance] ? undefined : sigma(get(this.locals.words[(t - distance) % 16]!))
    return addAll(this.ops, [
      term(16),
      term(15, word => this.smallSigma(word, 7, 18, 3)),
      term(7),
      term(2, word => this.smallSigma(word, 17, 19, 10)),
      schedule.sums[t] === 0 ? undefined : this.inputs.sum(t),
    ])
  }

  private bigSigma(word: Code, x: number, y: number, z: number): Code {
    const { ops } = this
    return ops.xor(ops.xor(ops.rotateRight(word, x), ops.rotateRight(word, y)), ops.rotateRight(word, z))
  }

  private smallSigma(word: Code, x: number, y: number, shift: number): Code {
    const { ops } = this
    return ops.xor(ops.xor(ops.rotateRight(word, x), ops.rotateRight(word, y)), ops.shiftRight(word, shift))
  }
}

/** Code for rounds whose sums are known when the code is made. */
export function fixedInputs(schedule: Schedule): RoundInputs {
  return {
    schedule,
    sum: round => i32.constant(schedule.sums[round]!),
    constant: round => i32.constant(ROUND_CONSTANTS[round]!),
  }
}
