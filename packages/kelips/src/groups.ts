const TWO_TO_32 = 0x1_0000_0000

/**
 * The affinity group of a hash: floor(h32 × k / 2^32), the b-bit prefix for k = 2^b. Of a peer, h32 is the first
 * 4 bytes, big endian, of SHA-256 of its id; of a key the first 4 bytes of the key itself, which is a SHA-256 already.
 */
export function groupOfHash(hash32: number, groups: number): number {
  return Math.floor((hash32 * groups) / TWO_TO_32)
}

/** The smallest hash of a group. */
export function firstHash(group: number, groups: number): number {
  return Math.ceil((group * TWO_TO_32) / groups)
}

/** The largest hash of a group. */
export function lastHash(group: number, groups: number): number {
  return firstHash(group + 1, groups) - 1
}

/** Whether a hash is from `low` to `high`, both included, on the circle of hashes. */
export function isInRange(hash32: number, low: number, high: number): boolean {
  return low <= high ? hash32 >= low && hash32 <= high : hash32 >= low || hash32 <= high
}

/**
 * The groups that hold the keys of a home group, in the order in which they are asked: from the home group on, in
 * cyclic order, the first groups that are not empty, until they have `leastHolders` known nodes together. The first
 * of them is the key's primary group. In a large network that is the home group and nothing else.
 * @param occupancy known nodes of a group, this one counted in its own.
 */
export function holderGroups(
  home: number,
  groups: number,
  leastHolders: number,
  occupancy: (group: number) => number,
): number[] {
  const holders: number[] = []
  let known = 0
  for (let step = 0; step < groups && known < leastHolders; step++) {
    const group = (home + step) % groups
    const count = occupancy(group)
    if (count > 0) holders.push(group)
    known += count
  }
  return holders
}
