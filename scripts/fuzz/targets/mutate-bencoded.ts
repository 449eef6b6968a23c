import { randomBelow, randomElement, type SeededRandom, utf8Encode } from '@onehop/primitives'
import { type Bencoded, decodeBencode, encodeBencode } from '@onehop/swarm'
import { type Codec, codecTarget, type Target } from '../target.ts'

const INTEGERS = [0, -1, 1, 2, 16_384, 32_768, 65_535, 2 ** 31, 2 ** 44, Number.MAX_SAFE_INTEGER]
const NAMES = ['..', '/', '', 'CON', 'song.mp3', 'SONG.MP3', 'a/b', 'a\u0308', 'ä', 'l', 'p', 'x', 'b', 'c']
/** One value in so many is changed. */
const RARITY = 12

/** A target whose inputs are bencoded: half of them stay well-formed. */
export function bencodedTarget<T>(codec: Codec<T>): Target {
  const { seeds } = codec
  const generate = (random: SeededRandom) => mutateBencoded(randomElement(random.next, seeds)!, random)
  return { ...codecTarget(codec), generate }
}

/** Well-formed bencoding with other values in it: what mutated bytes hardly ever are. */
function mutateBencoded(seed: Uint8Array, random: SeededRandom): Uint8Array {
  return encodeBencode(mutated(decodeBencode(seed), random))
}

function mutated(value: Bencoded, random: SeededRandom): Bencoded {
  const isChanged = randomBelow(random.next, RARITY) === 0
  if (typeof value === 'number') return isChanged ? pick(INTEGERS, random) : value
  if (value instanceof Uint8Array) return isChanged ? mutatedBytes(value, random) : value
  if (value instanceof Map) return mutatedDictionary(value, random, isChanged)
  const items = (value as readonly Bencoded[]).map(item => mutated(item, random))
  return isChanged && items.length > 0 ? [...items, pick(items, random)] : items
}

function mutatedBytes(bytes: Uint8Array, random: SeededRandom): Bencoded {
  const kind = randomBelow(random.next, 4)
  if (kind === 0) return utf8Encode(pick(NAMES, random))
  if (kind === 1) return bytes.subarray(0, randomBelow(random.next, bytes.length + 1))
  return kind === 2 ? random.bytes(bytes.length) : pick(INTEGERS, random)
}

function mutatedDictionary(
  dictionary: ReadonlyMap<string, Bencoded>,
  random: SeededRandom,
  isChanged: boolean,
): Bencoded {
  const entries = [...dictionary].map(([key, value]) => [key, mutated(value, random)] as const)
  const changed = new Map(entries)
  if (!isChanged || entries.length === 0) return changed
  const [key, value] = pick(entries, random)
  if (randomBelow(random.next, 2) === 0) changed.delete(key)
  else changed.set(String.fromCharCode(...utf8Encode(pick(NAMES, random))), value)
  return changed
}

function pick<T>(list: readonly T[], random: SeededRandom): T {
  return randomElement(random.next, list)!
}
