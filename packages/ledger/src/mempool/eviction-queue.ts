import type { MempoolEntry } from './mempool-entry.ts'

/** A binary heap whose first entry is the one that goes first when memory runs out. Entries know their place in it. */
export class EvictionQueue {
  private readonly heap: MempoolEntry[]

  constructor(entries: Iterable<MempoolEntry>) {
    this.heap = [...entries]
    this.heap.forEach((entry, index) => {
      entry.evictionIndex = index
    })
    for (let index = this.heap.length >> 1; index >= 0; index--) this.sink(index)
  }

  get first(): MempoolEntry | undefined {
    return this.heap[0]
  }

  add(entry: MempoolEntry): void {
    this.put(entry, this.heap.length)
    this.rise(entry.evictionIndex)
  }

  /** The entry pays another rate than before, alone or with its descendants. */
  update(entry: MempoolEntry): void {
    if (entry.evictionIndex < 0) return
    this.rise(entry.evictionIndex)
    this.sink(entry.evictionIndex)
  }

  remove(entry: MempoolEntry): void {
    const index = entry.evictionIndex
    const last = this.heap.pop()
    entry.evictionIndex = -1
    if (last === undefined || last === entry) return
    this.put(last, index)
    this.update(last)
  }

  private put(entry: MempoolEntry, index: number): void {
    this.heap[index] = entry
    entry.evictionIndex = index
  }

  private rise(from: number): void {
    const entry = this.heap[from]!
    let index = from
    while (index > 0) {
      const parent = this.heap[(index - 1) >> 1]!
      if (!goesBefore(entry, parent)) break
      this.put(parent, index)
      index = (index - 1) >> 1
    }
    this.put(entry, index)
  }

  private sink(from: number): void {
    const { heap } = this
    const entry = heap[from]
    if (entry === undefined) return
    let index = from
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && goesBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!goesBefore(heap[child]!, entry)) break
      this.put(heap[child]!, index)
      index = child
    }
    this.put(entry, index)
  }
}

/** Lowest rate first, of equals the last to come (`CompareTxMemPoolEntryByDescendantScore`). */
export function goesBefore(a: MempoolEntry, b: MempoolEntry): boolean {
  const [feeA, sizeA] = evictionScore(a)
  const [feeB, sizeB] = evictionScore(b)
  const [left, right] = [feeA * sizeB, feeB * sizeA]
  return left === right ? a.time > b.time : left < right
}

/** What an entry pays alone or with its descendants, whichever is more, so that nothing goes that a child pays for. */
function evictionScore(entry: MempoolEntry): readonly [fee: number, size: number] {
  const own = Number(entry.modifiedFee)
  if (entry.descendantCount === 1) return [own, entry.virtualSize]
  const together = Number(entry.descendantFees)
  return together * entry.virtualSize > own * entry.descendantSize
    ? [together, entry.descendantSize]
    : [own, entry.virtualSize]
}
