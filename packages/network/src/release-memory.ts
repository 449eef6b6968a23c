import { MIN_RELEASED_BYTES } from './limits.ts'

/**
 * Gives memory back at once that nobody reads any more, where the view fills it, but for a header in front. What is left
 * to V8 makes it collect everything after each few ten megabytes: that was a third of the processor time of a transfer.
 */
export function releaseMemory(bytes: Uint8Array, headerBytes = 0): void {
  const { buffer, byteOffset, byteLength } = bytes
  const isFilled = byteOffset <= headerBytes && byteOffset + byteLength === buffer.byteLength
  if (isFilled && byteLength >= MIN_RELEASED_BYTES && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
