/** A well mixed 32-bit integer of a few others (murmur3's finaliser after each). */
export function mixedHash(seed: number, a: number, b: number): number {
  return finalise(finalise(finalise(seed | 0) ^ a) ^ b) >>> 0
}

/** In [0, 1), the same for both directions of a pair. */
export function pairFraction(seed: number, a: number, b: number): number {
  return (a < b ? mixedHash(seed, a, b) : mixedHash(seed, b, a)) / 0x1_0000_0000
}

/** In [0, 1), another for each direction of a pair. */
export function linkFraction(seed: number, from: number, to: number): number {
  return mixedHash(seed, from, to) / 0x1_0000_0000
}

function finalise(value: number): number {
  let hash = (value + 0x9e3779b9) | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
