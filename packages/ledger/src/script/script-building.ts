import { concatBytes } from '@onehop/primitives'
import { OP } from './opcodes.ts'
import { encodeScriptNumber } from './script-number.ts'

/** A push of the bytes by the shortest length prefix, never by OP_1 to OP_16 (`CScript << vector`). */
export function pushBytes(data: Uint8Array): Uint8Array {
  const length = data.length
  if (length < OP.PUSHDATA1) return concatBytes(Uint8Array.of(length), data)
  if (length <= 0xff) return concatBytes(Uint8Array.of(OP.PUSHDATA1, length), data)
  if (length <= 0xffff) return concatBytes(Uint8Array.of(OP.PUSHDATA2, length, length >>> 8), data)
  return concatBytes(Uint8Array.of(OP.PUSHDATA4, length, length >>> 8, length >>> 16, length >>> 24), data)
}

/** A push of the number: OP_0, OP_1NEGATE, OP_1 to OP_16, else its bytes (`CScript << int64_t`). */
export function pushNumber(value: number): Uint8Array {
  if (value === 0) return Uint8Array.of(OP[0])
  if (value === -1 || (value >= 1 && value <= 16)) return Uint8Array.of(value + OP[1] - 1)
  return pushBytes(encodeScriptNumber(value))
}

/** A script of opcodes (numbers) and ready pieces such as pushes. */
export function scriptOf(...parts: readonly (number | Uint8Array)[]): Uint8Array {
  return concatBytes(...parts.map(part => (typeof part === 'number' ? Uint8Array.of(part) : part)))
}
