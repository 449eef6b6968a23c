import { type Key, keyHash32, type Pointer } from '@onehop/overlay'
import { bytesKey, compareBytes } from '@onehop/primitives'
import type { Filetuples } from './filetuples.ts'

/** Which filetuples are wanted: of which hashes, wrapping past 2^32, and behind which key. */
export interface PageRange {
  readonly low: number
  readonly high: number
  readonly after?: Key | undefined
}

export interface Page {
  readonly pointers: Pointer[]
  /** Whether there are more after them. */
  readonly more: boolean
}

const HASHES = 0x1_0000_0000
/** Pointers that a stretch of the hashes has on average, to be put in order: what a page may hold, and some more. */
const STRETCH = 512

/**
 * The next filetuples in key order whose hash is in the range: whole keys, as many as fit. Of a key that does not fit
 * by itself the first pointers; gossip brings the others.
 */
export function pageOf(
  filetuples: Filetuples,
  range: PageRange,
  maxBytes: number,
  costOf: (pointer: Pointer) => number,
): Page {
  const pointers: Pointer[] = []
  let left = maxBytes
  for (const group of groupsAfter(filetuples, range)) {
    const cost = group.reduce((sum, pointer) => sum + costOf(pointer), 0)
    if (cost > left && pointers.length > 0) return { pointers, more: true }
    pointers.push(...(cost > left ? fitting(group, left, costOf) : group))
    left -= cost
  }
  return { pointers, more: false }
}

/** The pointers of one key after the other; only so much of the table is put in order as somebody asks for. */
function* groupsAfter(filetuples: Filetuples, { low, high, after }: PageRange): IterableIterator<Pointer[]> {
  const width = high >= low ? high - low + 1 : HASHES - low + high + 1
  const step = Math.max(1, Math.ceil((width * STRETCH) / Math.max(STRETCH, filetuples.size)))
  const parts: [number, number][] =
    low <= high
      ? [[low, high]]
      : [
          [0, high],
          [low, HASHES - 1],
        ]
  const first = after === undefined ? 0 : keyHash32(after)
  for (const [from, to] of parts) {
    for (let start = Math.max(from, first); start <= to; start += step) {
      const slots = filetuples.slotsWithin(start, Math.min(to, start + step - 1))
      yield* groupsOf(slots.map(slot => filetuples.pointerAt(slot)!).filter(isAfter(after)))
    }
  }
}

function isAfter(key: Key | undefined): (pointer: Pointer) => boolean {
  return pointer => key === undefined || compareBytes(pointer.key, key) > 0
}

function groupsOf(pointers: Pointer[]): IterableIterator<Pointer[]> {
  const groups = new Map<string, Pointer[]>()
  for (const pointer of pointers.sort((a, b) => compareBytes(a.key, b.key))) {
    const text = bytesKey(pointer.key)
    const group = groups.get(text)
    if (group === undefined) groups.set(text, [pointer])
    else group.push(pointer)
  }
  return groups.values()
}

/** The first pointers that fit. */
export function fitting(
  pointers: readonly Pointer[],
  maxBytes: number,
  costOf: (pointer: Pointer) => number,
): Pointer[] {
  let left = maxBytes
  return pointers.filter(pointer => {
    left -= costOf(pointer)
    return left >= 0
  })
}
