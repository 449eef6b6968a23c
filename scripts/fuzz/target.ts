import { DecodeError, type SeededRandom, type Verdict } from '@onehop/primitives'

/** Something is wrong with the code that was given the input. */
export class Finding extends Error {
  override name = 'Finding'
}

/** What an input may cost. CPU time, so that a busy machine makes no findings. */
export interface CostLimit {
  readonly baseMs: number
  readonly microsecondsPerByte: number
}

/** Code that takes bytes from outside. */
export interface Target {
  readonly name: string
  /** Valid inputs, which are mutated. */
  readonly seeds: readonly Uint8Array[]
  readonly limit?: CostLimit
  /** Turns that it gets for one of others: its cases take longer, and reach further. @default 1 */
  readonly turns?: number
  /** Another way to make inputs than mutating bytes; used for every other case. */
  readonly generate?: (random: SeededRandom) => Uint8Array
  /** @throws {Finding}, or anything else, when the code does what it must not. */
  run(input: Uint8Array): void | Promise<void>
  close?(): Promise<void>
}

/** What decoders of a few hundred bytes to some megabytes may cost. */
export const DECODER_LIMIT: CostLimit = { baseMs: 30, microsecondsPerByte: 3 }

/** What may be done a few hundred thousand times slower than reading: signatures are checked. */
export const CHAIN_LIMIT: CostLimit = { baseMs: 400, microsecondsPerByte: 100 }

/** The value, or undefined for a {@link DecodeError}, the one exception that a decoder may throw. */
export function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

export function requireEqual(a: Uint8Array, b: Uint8Array, what: string): void {
  if (!isEqual(a, b)) throw new Finding(`${what}: ${toHex(a)} became ${toHex(b)}`)
}

const SHOWN_BYTES = 300

function toHex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex')
  return bytes.length > SHOWN_BYTES ? `${shown}… (${bytes.length} bytes)` : shown
}

/** @throws {Finding} when it is not a verdict as everybody expects it. */
export function requireVerdict(verdict: Verdict): void {
  if (verdict.ok === true) return
  const { ok, code, blame } = verdict
  if (ok !== false || typeof code !== 'string' || code === '' || !['sender', 'nobody'].includes(blame))
    throw new Finding(`no verdict: ${JSON.stringify(verdict)}`)
}

/** How a decoder and its encoder fit together. */
export interface Codec<T> {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  readonly decode: (bytes: Uint8Array) => T
  readonly encode?: (value: T) => Uint8Array
  /** A value has one encoding only: whatever is decoded comes back byte for byte. */
  readonly isCanonical?: boolean
  /** More to check about a decoded value. */
  readonly examine?: (value: T, bytes: Uint8Array) => void
}

/** A target of decoding, and of encoding again what was decoded. */
export function codecTarget<T>({ name, seeds, decode, encode, isCanonical, examine }: Codec<T>): Target {
  return {
    name,
    seeds,
    limit: DECODER_LIMIT,
    run(input) {
      const before = Uint8Array.from(input)
      const value = attempt(() => decode(input))
      requireEqual(before, input, 'the decoder changed its input')
      if (value === undefined) return
      examine?.(value, input)
      if (encode === undefined) return
      const bytes = encode(value)
      if (isCanonical) requireEqual(input, bytes, 'an encoding is not the only one')
      else requireEqual(bytes, encode(decode(bytes)), 'an encoding changes when it is decoded')
    },
  }
}
