/** Characters of descriptors, in groups of 32 so that the likely errors change the checksum most (Core: `descriptor.cpp`). */
const INPUT_CHARACTERS =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
const CHECKSUM_CHARACTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const CHECKSUM_LENGTH = 8
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn] as const
const LOW_35_BITS = 0x7ffffffffn

function step(checksum: bigint, symbol: number): bigint {
  const high = Number(checksum >> 35n)
  let next = ((checksum & LOW_35_BITS) << 5n) ^ BigInt(symbol)
  GENERATOR.forEach((generator, bit) => {
    if ((high >> bit) & 1) next ^= generator
  })
  return next
}

/** Eight characters that find errors in a descriptor; undefined for one with characters that descriptors do not have. */
export function descriptorChecksum(descriptor: string): string | undefined {
  let checksum = 1n
  let group = 0
  let inGroup = 0
  for (const character of descriptor) {
    const position = INPUT_CHARACTERS.indexOf(character)
    if (position < 0) return undefined
    checksum = step(checksum, position & 31)
    group = group * 3 + (position >> 5)
    inGroup += 1
    if (inGroup < 3) continue
    checksum = step(checksum, group)
    group = 0
    inGroup = 0
  }
  if (inGroup > 0) checksum = step(checksum, group)
  for (let i = 0; i < CHECKSUM_LENGTH; i++) checksum = step(checksum, 0)
  checksum ^= 1n
  return Array.from({ length: CHECKSUM_LENGTH }, (_, i) => {
    const symbol = Number((checksum >> BigInt(5 * (CHECKSUM_LENGTH - 1 - i))) & 31n)
    return CHECKSUM_CHARACTERS[symbol]
  }).join('')
}

/** The descriptor with its checksum, as it is shown. */
export function withChecksum(descriptor: string): string {
  return `${descriptor}#${descriptorChecksum(descriptor) ?? ''}`
}
