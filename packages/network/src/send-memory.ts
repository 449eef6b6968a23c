import { MAX_SPARE_SEND_BUFFERS, SEND_BUFFER_BYTES } from './limits.ts'

const spare: ArrayBuffer[] = []

/** Of each buffer that was given away, the bytes that are not encrypted yet. */
const waiting = new WeakMap<ArrayBufferLike, number>()

/**
 * Memory for bytes that are about to be sent, all of them, over an encrypted connection. It is used again once they are
 * encrypted; where that never happens, it is garbage like any other.
 */
export function takeSendMemory(lengthBytes: number): Uint8Array {
  if (lengthBytes > SEND_BUFFER_BYTES) return new Uint8Array(lengthBytes)
  const buffer = spare.pop() ?? new ArrayBuffer(SEND_BUFFER_BYTES)
  waiting.set(buffer, lengthBytes)
  return new Uint8Array(buffer, 0, lengthBytes)
}

/** These bytes were encrypted, into other memory. */
export function onEncrypted({ buffer, byteLength }: Uint8Array): void {
  const left = waiting.get(buffer)
  if (left === undefined) return
  waiting.set(buffer, left - byteLength)
  if (left > byteLength) return
  waiting.delete(buffer)
  if (spare.length < MAX_SPARE_SEND_BUFFERS) spare.push(buffer as ArrayBuffer)
}
