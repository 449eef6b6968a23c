/**
 * Copies all of `source` into `target` from `at`: with one `memmove` also where the target is shared memory, into which
 * `Uint8Array.set` goes word by word.
 */
export function copyBytes(source: Uint8Array, target: Uint8Array, at: number): void {
  Buffer.prototype.copy.call(source as Buffer, target, at)
}
