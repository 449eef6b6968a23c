/** Most bytes of a number that arithmetic takes, unless an opcode says otherwise. */
export const MAX_NUMBER_LENGTH = 4

/** Little-endian, the sign in the highest bit, no more bytes than needed; zero is empty (`CScriptNum`). */
export function encodeScriptNumber(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256)
  const top = bytes.at(-1)
  if (top === undefined) return new Uint8Array(0)
  if (top & 0x80) bytes.push(value < 0 ? 0x80 : 0)
  else if (value < 0) bytes[bytes.length - 1] = top | 0x80
  return Uint8Array.from(bytes)
}

/**
 * The number, at most 5 bytes of it, or undefined for more than `maxLength` bytes,
 * and for a longer form than needed where the shortest is asked for.
 */
export function decodeScriptNumber(
  bytes: Uint8Array,
  requireMinimal: boolean,
  maxLength: number = MAX_NUMBER_LENGTH,
): number | undefined {
  if (bytes.length > maxLength) return undefined
  if (requireMinimal && !isMinimalNumber(bytes)) return undefined
  let value = 0
  for (let i = bytes.length - 1; i >= 0; i--) {
    const byte = bytes[i]!
    value = value * 256 + (i === bytes.length - 1 ? byte & 0x7f : byte)
  }
  return isNegative(bytes) && value !== 0 ? -value : value
}

function isNegative(bytes: Uint8Array): boolean {
  return ((bytes.at(-1) ?? 0) & 0x80) !== 0
}

function isMinimalNumber(bytes: Uint8Array): boolean {
  const top = bytes.at(-1)
  if (top === undefined || (top & 0x7f) !== 0) return true
  // The top byte may hold nothing but a sign only where the one below needs its own highest bit.
  return bytes.length > 1 && (bytes.at(-2)! & 0x80) !== 0
}

/** Whether a stack element counts as true: any byte set, negative zero excepted. */
export function toBoolean(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) return !(i === bytes.length - 1 && bytes[i] === 0x80)
  }
  return false
}
