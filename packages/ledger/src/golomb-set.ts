import {
  assert,
  ByteReader,
  ByteWriter,
  bytesKey,
  DecodeError,
  SIPHASH_KEY_LENGTH,
  sipHash24,
} from '@onehop/primitives'
import { BitReader, BitWriter } from './bit-stream.ts'

/** What a Golomb-coded set is made with. */
export interface GolombParameters {
  /** 16 bytes: SipHash's key. */
  readonly key: Uint8Array
  /** Bits of a remainder. */
  readonly remainderBits: number
  /** M: one in so many elements that are not in the set seems to be. */
  readonly falsePositiveRate: number
}

/** M times the count must stay an exact number, and is below 2^32 in Bitcoin Core. */
const MAX_ELEMENTS = 0xffff_ffff

/**
 * The set as BIP 158 serialises it: the count of distinct elements as a CompactSize, then the differences of their sorted
 * hashes, Golomb-Rice coded.
 */
export function encodeGolombSet(elements: Iterable<Uint8Array>, parameters: GolombParameters): Uint8Array {
  const distinct = new Map<string, Uint8Array>()
  for (const element of elements) distinct.set(bytesKey(element), element)
  const bits = new BitWriter()
  let previous = 0
  for (const value of sortedHashes(distinct.values(), distinct.size, parameters)) {
    writeGolombRice(bits, value - previous, parameters.remainderBits)
    previous = value
  }
  return new ByteWriter().writeCompactSize(distinct.size).writeBytes(bits.toBytes()).toBytes()
}

/** The sorted hashes of a serialised set. @throws {DecodeError} unless the bytes are exactly one set. */
export function decodeGolombSet(bytes: Uint8Array, remainderBits: number): Float64Array {
  const reader = new ByteReader(bytes)
  const count = reader.readCompactSize()
  // An element takes a remainder and the end of its quotient, so that a claimed count allocates no more than the data.
  if (count > MAX_ELEMENTS || count * (remainderBits + 1) > reader.remaining * 8)
    throw new DecodeError('more elements than the set can hold')
  const bits = new BitReader(reader.readBytes(reader.remaining))
  const hashes = new Float64Array(count)
  let value = 0
  for (let i = 0; i < count; i++) {
    value += readGolombRice(bits, remainderBits)
    hashes[i] = value
  }
  if (bits.unreadBytes !== 0) throw new DecodeError('bytes after the set')
  return hashes
}

/** Whether any element's hash is among the sorted hashes of a set: never wrongly no, seldom wrongly yes. */
export function golombSetMatches(
  hashes: Float64Array,
  elements: readonly Uint8Array[],
  parameters: GolombParameters,
): boolean {
  const queries = sortedHashes(elements, hashes.length, parameters)
  let i = 0
  for (const query of queries) {
    while (i < hashes.length && hashes[i]! < query) i++
    if (i === hashes.length) return false
    if (hashes[i] === query) return true
  }
  return false
}

/** Each element's SipHash brought into the range of `count` times M, sorted. */
function sortedHashes(
  elements: Iterable<Uint8Array>,
  count: number,
  { key, falsePositiveRate }: GolombParameters,
): Float64Array {
  assert(key.length === SIPHASH_KEY_LENGTH && count <= MAX_ELEMENTS, 'a set has a key and a bounded size')
  const range = BigInt(count) * BigInt(falsePositiveRate)
  return Float64Array.from(elements, element => Number((sipHash24(key, element) * range) >> 64n)).sort()
}

function writeGolombRice(bits: BitWriter, value: number, remainderBits: number): void {
  const divisor = 2 ** remainderBits
  for (let quotient = Math.floor(value / divisor); quotient > 0; quotient--) bits.write(1, 1)
  bits.write(0, 1)
  bits.write(value % divisor, remainderBits)
}

function readGolombRice(bits: BitReader, remainderBits: number): number {
  let quotient = 0
  while (bits.read(1) === 1) quotient++
  return quotient * 2 ** remainderBits + bits.read(remainderBits)
}
