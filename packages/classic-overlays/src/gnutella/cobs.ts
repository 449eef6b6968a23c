import { DecodeError } from '@onehop/primitives'

/** Bytes without a zero that one code byte can announce. */
const LONGEST_RUN = 254

/**
 * Consistent Overhead Byte Stuffing (Cheshire, Baker, SIGCOMM 1997): the same bytes without a zero among them, one byte
 * longer, and another one for every 254 bytes that have none.
 */
export function encodeCobs(bytes: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(cobsLength(bytes))
  let codeAt = 0
  let at = 1
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte !== 0) encoded[at++] = byte
    const run = at - codeAt
    if (byte !== 0 && (run <= LONGEST_RUN || i === bytes.length - 1)) continue
    encoded[codeAt] = run
    codeAt = at++
  }
  encoded[codeAt] = at - codeAt
  return encoded
}

/** Length of {@link encodeCobs}'s result, without encoding. */
export function cobsLength(bytes: Uint8Array): number {
  let length = bytes.length + 1
  let run = 0
  for (let i = 0; i < bytes.length; i++) {
    run = bytes[i] === 0 ? 0 : run + 1
    if (run !== LONGEST_RUN || i === bytes.length - 1) continue
    length++
    run = 0
  }
  return length
}

/** @throws {DecodeError} for what COBS never makes. */
export function decodeCobs(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  let at = 0
  while (at < bytes.length) {
    const code = bytes[at++]!
    const end = at + code - 1
    if (code === 0 || end > bytes.length) throw new DecodeError('cobs: a run has no end')
    while (at < end) {
      const byte = bytes[at++]!
      if (byte === 0) throw new DecodeError('cobs: a zero')
      decoded[length++] = byte
    }
    if (code <= LONGEST_RUN && at < bytes.length) decoded[length++] = 0
  }
  return decoded.slice(0, length)
}
