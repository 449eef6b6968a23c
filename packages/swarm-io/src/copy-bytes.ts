/**
 * Copies all of `source` into `target` from `at`: with one `memmove` also where the target is shared memory, into which
 * `Uint8Array.set` goes word by word. `Buffer.copy` does the same where it is asked for all of its source, so its
 * source here is the memory that lies behind.
 */
export function copyBytes(source: Uint8Array, target: Uint8Array, at: number): void {
  const { buffer, byteOffset, length } = source
  Buffer.prototype.copy.call(new Uint8Array(buffer), target, at, byteOffset, byteOffset + length)
}
