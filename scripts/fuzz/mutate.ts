import { concatBytes, randomBelow, randomElement, type SeededRandom } from '@onehop/primitives'

type Mutation = (bytes: Uint8Array, random: SeededRandom, seeds: readonly Uint8Array[]) => Uint8Array

/** Values at which lengths, counts and amounts go wrong, in the ways in which formats write them. */
const MAGIC: readonly Uint8Array[] = [
  [0x00],
  [0x01],
  [0x7f],
  [0x80],
  [0xff],
  [0xfd, 0x00, 0x00],
  [0xfd, 0xfc, 0x00],
  [0xfd, 0xff, 0xff],
  [0xfe, 0x00, 0x00, 0x01, 0x00],
  [0xfe, 0xff, 0xff, 0xff, 0x7f],
  [0xfe, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x00, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff],
  [0x00, 0x00, 0x00, 0x80],
  [0x80, 0x00, 0x00, 0x00],
  [0x7f, 0xff, 0xff, 0xff],
  [0x00, 0x40, 0x07, 0x5a, 0xf0, 0x75, 0x07, 0x00],
  [0x01, 0x40, 0x07, 0x5a, 0xf0, 0x75, 0x07, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
].map(values => Uint8Array.from(values))

/** Longest run of bytes that is moved, repeated or taken out at once. */
const MAX_RUN_BYTES = 300
const MAX_INPUT_BYTES = 200_000

function runOf(bytes: Uint8Array, random: SeededRandom): { start: number; end: number } {
  const start = randomBelow(random.next, bytes.length + 1)
  const length = randomBelow(random.next, Math.min(MAX_RUN_BYTES, bytes.length - start) + 1)
  return { start, end: start + length }
}

function replaced(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  return concatBytes(bytes.subarray(0, start), by, bytes.subarray(end))
}

function changed(bytes: Uint8Array, random: SeededRandom, change: (byte: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (copy.length === 0) return copy
  const at = randomBelow(random.next, copy.length)
  copy[at] = change(copy[at]!)
  return copy
}

const MUTATIONS: readonly Mutation[] = [
  // A bit, a byte, one more or less.
  (bytes, random) => changed(bytes, random, byte => byte ^ (1 << randomBelow(random.next, 8))),
  (bytes, random) => changed(bytes, random, () => randomBelow(random.next, 256)),
  (bytes, random) => changed(bytes, random, byte => byte + (random.next() < 0.5 ? 1 : -1)),
  // A number that is a limit somewhere, over what is there or between.
  (bytes, random) => {
    const magic = randomElement(random.next, MAGIC)!
    const at = randomBelow(random.next, bytes.length + 1)
    return replaced(bytes, at, random.next() < 0.7 ? Math.min(bytes.length, at + magic.length) : at, magic)
  },
  // A count or length of one byte becomes a large one of several.
  (bytes, random) => {
    const at = randomBelow(random.next, bytes.length + 1)
    return replaced(bytes, at, Math.min(bytes.length, at + 1), randomElement(random.next, MAGIC)!)
  },
  // Cut off.
  bytes => bytes.subarray(0, Math.max(0, bytes.length - 1)),
  (bytes, random) => bytes.subarray(0, randomBelow(random.next, bytes.length + 1)),
  // A run of bytes goes, comes twice, or many times.
  (bytes, random) => {
    const { start, end } = runOf(bytes, random)
    return replaced(bytes, start, end, new Uint8Array(0))
  },
  (bytes, random) => {
    const { start, end } = runOf(bytes, random)
    return replaced(bytes, end, end, bytes.subarray(start, end))
  },
  (bytes, random) => {
    const { start, end } = runOf(bytes, random)
    const times = 1 + randomBelow(random.next, 40)
    return replaced(
      bytes,
      end,
      end,
      concatBytes(...Array.from({ length: times }, () => bytes.subarray(start, end))),
    )
  },
  // Bytes from elsewhere, random ones, zeros.
  (bytes, random, seeds) => {
    const other = randomElement(random.next, seeds) ?? bytes
    const source = runOf(other, random)
    const { start, end } = runOf(bytes, random)
    return replaced(bytes, start, end, other.subarray(source.start, source.end))
  },
  (bytes, random, seeds) => {
    const other = randomElement(random.next, seeds) ?? bytes
    const at = randomBelow(random.next, Math.min(bytes.length, other.length) + 1)
    return concatBytes(bytes.subarray(0, at), other.subarray(at))
  },
  (bytes, random) => {
    const { start } = runOf(bytes, random)
    return replaced(bytes, start, start, random.bytes(1 + randomBelow(random.next, 16)))
  },
  (bytes, random) => {
    const { start, end } = runOf(bytes, random)
    return replaced(bytes, start, end, new Uint8Array(end - start))
  },
  // Two runs change places.
  (bytes, random) => {
    const a = runOf(bytes, random)
    const rest = bytes.subarray(a.end)
    const b = runOf(rest, random)
    return concatBytes(
      bytes.subarray(0, a.start),
      rest.subarray(b.start, b.end),
      rest.subarray(0, b.start),
      bytes.subarray(a.start, a.end),
      rest.subarray(b.end),
    )
  },
]

/** Some changes, mostly few, to one of the seeds. */
export function mutate(seeds: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  let bytes = randomElement(random.next, seeds) ?? new Uint8Array(0)
  const changes = 1 + Math.floor(-Math.log2(1 - random.next()))
  for (let i = 0; i < changes; i++) {
    const mutation = randomElement(random.next, MUTATIONS)!
    bytes = mutation(bytes, random, seeds).slice(0, MAX_INPUT_BYTES)
  }
  return Uint8Array.from(bytes)
}
