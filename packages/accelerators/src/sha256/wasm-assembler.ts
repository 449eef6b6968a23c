/**
 * A WebAssembly module's bytes from instructions that are nested lists of bytes: just what the SHA-256 kernels need of
 * the WebAssembly Core Specification 2.0 (binary format §5, with the vector instructions).
 */

/** Instructions, or a part of one; nested as it comes. */
export type Code = number | readonly Code[]

/** Type of a value on the stack or in a local. */
export const I32 = 0x7f
/** 128 bits, here always four lanes of 32. */
export const V128 = 0x7b
export type ValueType = typeof I32 | typeof V128

/** A function that takes and returns numbers of 32 bits. */
export interface WasmFunction {
  /** What JavaScript calls it by; absent for one that only the module calls. */
  readonly exportName?: string
  /** Its parameters are the first locals. */
  readonly parameterCount: number
  /** Whether it returns a number. */
  readonly returns: boolean
  /** Locals after the parameters. */
  readonly locals: readonly ValueType[]
  readonly body: Code
}

/** So many consecutive indices, of locals for one. */
export const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i)

/** LEB128 without a sign: indices, counts, offsets. */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const isLast = value >= -0x40 && value < 0x40
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

function sized(content: Code): Code {
  const bytes = flatten(content)
  return [unsigned(bytes.length), bytes]
}

function flatten(code: Code, into: number[] = []): number[] {
  if (typeof code === 'number') into.push(code)
  else for (const part of code) flatten(part, into)
  return into
}

const text = (value: string): Code => vector(Array.from(value, character => character.charCodeAt(0)))

function functionType({ parameterCount, returns }: WasmFunction): Code {
  return [0x60, vector(Array<Code>(parameterCount).fill(I32)), vector(returns ? [I32] : [])]
}

function functionBody({ locals, body }: WasmFunction): Code {
  return sized([vector(locals.map(type => [unsigned(1), type])), body, 0x0b])
}

/** The module's bytes. It imports its memory as `env.memory`. */
export function assembleModule(
  functions: readonly WasmFunction[],
  memoryPages: number,
): Uint8Array<ArrayBuffer> {
  const exported = functions.flatMap(({ exportName }, i) =>
    exportName === undefined ? [] : [[text(exportName), 0, unsigned(i)]],
  )
  const sections: readonly (readonly [id: number, content: Code])[] = [
    [1, vector(functions.map(functionType))],
    [2, vector([[text('env'), text('memory'), 2, 0, unsigned(memoryPages)]])],
    [3, vector(functions.map((_, i) => unsigned(i)))],
    [7, vector(exported)],
    [10, vector(functions.map(functionBody))],
  ]
  const preamble = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  return Uint8Array.from(flatten([preamble, sections.map(([id, content]) => [id, sized(content)])]))
}

const simd = (opcode: number): Code => [0xfd, unsigned(opcode)]
/** Alignment hint (none: 2^0) and offset of a memory instruction. */
const at = (offset: number): Code => [0, unsigned(offset)]

export const get = (local: number): Code => [0x20, unsigned(local)]
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)]
export const tee = (local: number, value: Code): Code => [value, 0x22, unsigned(local)]
export const call = (index: number, ...args: readonly Code[]): Code => [args, 0x10, unsigned(index)]
/** Repeats its body as long as the condition at the end holds (not zero); the body runs once at least. */
export const repeatWhile = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]
export const when = (condition: Code, body: Code): Code => [condition, 0x04, 0x40, body, 0x0b]
export const returnValue = (value: Code): Code => [value, 0x0f]

export const i32 = {
  constant: (value: number): Code => [0x41, signed(value | 0)],
  load: (address: Code, offset = 0): Code => [address, 0x28, at(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, at(offset)],
  store8: (address: Code, value: Code, offset = 0): Code => [address, value, 0x3a, at(offset)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  subtract: (a: Code, b: Code): Code => [a, b, 0x6b],
  and: (a: Code, b: Code): Code => [a, b, 0x71],
  or: (a: Code, b: Code): Code => [a, b, 0x72],
  xor: (a: Code, b: Code): Code => [a, b, 0x73],
  shiftLeft: (a: Code, bits: number): Code => [a, i32.constant(bits), 0x74],
  shiftRight: (a: Code, bits: number): Code => [a, i32.constant(bits), 0x76],
  rotateRight: (a: Code, bits: number): Code => [a, i32.constant(bits), 0x78],
}

export const v128 = {
  load: (address: Code, offset = 0): Code => [address, simd(0), at(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(11), at(offset)],
  constant: (bytes: readonly number[]): Code => [simd(12), bytes],
  /** Sixteen bytes chosen out of the thirty-two of both. */
  shuffle: (a: Code, b: Code, bytes: readonly number[]): Code => [a, b, simd(13), bytes],
  splat: (value: Code): Code => [value, simd(17)],
  extract: (a: Code, lane: number): Code => [a, simd(27), lane],
  lessOrEqual: (a: Code, b: Code): Code => [a, b, simd(62)],
  and: (a: Code, b: Code): Code => [a, b, simd(78)],
  or: (a: Code, b: Code): Code => [a, b, simd(80)],
  xor: (a: Code, b: Code): Code => [a, b, simd(81)],
  anyTrue: (a: Code): Code => [a, simd(83)],
  shiftLeft: (a: Code, bits: number): Code => [a, i32.constant(bits), simd(171)],
  shiftRight: (a: Code, bits: number): Code => [a, i32.constant(bits), simd(173)],
  add: (a: Code, b: Code): Code => [a, b, simd(174)],
}
