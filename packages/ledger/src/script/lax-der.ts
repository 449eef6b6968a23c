import { bytesToBigIntBE, CURVE_ORDER } from '@onehop/primitives'

const SEQUENCE = 0x30
const INTEGER = 0x02
const SCALAR_BYTES = 32

/** A cursor that reports the end as undefined. */
interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

function readLength(cursor: Cursor): number | undefined {
  const first = cursor.bytes[cursor.at++]
  if (first === undefined) return undefined
  if ((first & 0x80) === 0) return first
  let lengthBytes = first - 0x80
  if (lengthBytes > cursor.bytes.length - cursor.at) return undefined
  while (lengthBytes > 0 && cursor.bytes[cursor.at] === 0) {
    cursor.at++
    lengthBytes--
  }
  if (lengthBytes >= 4) return undefined
  let length = 0
  for (; lengthBytes > 0; lengthBytes--) length = length * 256 + cursor.bytes[cursor.at++]!
  return length
}

function readInteger(cursor: Cursor): Uint8Array | undefined {
  if (cursor.bytes[cursor.at++] !== INTEGER) return undefined
  const length = readLength(cursor)
  if (length === undefined || length > cursor.bytes.length - cursor.at) return undefined
  let start = cursor.at
  cursor.at += length
  while (start < cursor.at && cursor.bytes[start] === 0) start++
  return cursor.bytes.subarray(start, cursor.at)
}

/**
 * The 64-byte form of a signature in anything that OpenSSL once took for DER, as Core parses it
 * (`ecdsa_signature_parse_der_lax`): an integer that is too large makes both of them zero, which verifies nothing and
 * is low.
 * @returns undefined when it cannot be parsed at all.
 */
export function decodeLaxDerSignature(bytes: Uint8Array): Uint8Array | undefined {
  const cursor: Cursor = { bytes, at: 0 }
  if (cursor.bytes[cursor.at++] !== SEQUENCE) return undefined
  const first = cursor.bytes[cursor.at++]
  if (first === undefined) return undefined
  if (first & 0x80) {
    const lengthBytes = first - 0x80
    if (lengthBytes > cursor.bytes.length - cursor.at) return undefined
    cursor.at += lengthBytes
  }
  const r = readInteger(cursor)
  const s = r && readInteger(cursor)
  if (r === undefined || s === undefined) return undefined
  const signature = new Uint8Array(2 * SCALAR_BYTES)
  if (!isScalar(r) || !isScalar(s)) return signature
  signature.set(r, SCALAR_BYTES - r.length)
  signature.set(s, 2 * SCALAR_BYTES - s.length)
  return signature
}

/** Whether the number, which has no leading zeros, is below the group's order. */
function isScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== SCALAR_BYTES) return bytes.length < SCALAR_BYTES
  // All but one number of 256 begin lower than the order does.
  return bytes[0] !== 0xff || bytesToBigIntBE(bytes) < CURVE_ORDER
}
