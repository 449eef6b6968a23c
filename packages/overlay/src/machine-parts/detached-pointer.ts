import { decodePointer, encodedPointerLength, encodePointer, type Pointer } from '../pointer.ts'

/** A pointer may keep alive so many times its own bytes: what a short list of pointers is long. */
const MOST_TIMES = 4

/**
 * The pointer with bytes of its own, where it is a view into something much larger: a table of pointers must not keep
 * the messages alive that they came in, the longest of which have 2,000 times the bytes.
 */
export function detachedPointer(pointer: Pointer): Pointer {
  if (pointer.signature.buffer.byteLength <= MOST_TIMES * encodedPointerLength(pointer)) return pointer
  const detached = decodePointer(encodePointer(pointer).slice())
  if (pointer.genuine === pointer) detached.genuine = detached
  return detached
}
