import { assert } from '@onehop/primitives'

const SLAB_BYTES = 32_768
/** Offsets are from the first slab on. Nothing lies in its first byte: 0 is no row. */
const NOWHERE = 0
const GROWTH = 1.125
const OFFSET_BYTES = 4

/** Where a row ends that begins here: rows tell it themselves. */
export type RowEnd = (slab: Uint8Array, start: number) => number

/** Rows of bytes of different lengths, by slot, in slabs of 32 KiB: what is not a pointer in memory costs none. */
export class PackedRows {
  private offsets = new Uint32Array(0)
  private readonly slabs: Uint8Array[] = []
  /** Where there is room for a row of so many bytes. */
  private readonly free = new Map<number, number[]>()
  private freeBytes = 0
  private end = 1
  private readonly rowEnd: RowEnd

  constructor(rowEnd: RowEnd) {
    this.rowEnd = rowEnd
  }

  /** Bytes of memory. */
  get byteLength(): number {
    return this.offsets.byteLength + this.slabs.length * SLAB_BYTES + this.freeCount * OFFSET_BYTES
  }

  has(slot: number): boolean {
    return slot >= 0 && slot < this.offsets.length && this.offsets[slot] !== NOWHERE
  }

  /** The row, in memory that will be used again: to be copied by who keeps it. */
  at(slot: number): Uint8Array {
    const offset = this.offsets[slot]!
    assert(offset !== NOWHERE, 'an empty slot')
    const slab = this.slabs[(offset / SLAB_BYTES) >>> 0]!
    const start = offset % SLAB_BYTES
    return slab.subarray(start, this.rowEnd(slab, start))
  }

  set(slot: number, row: Uint8Array): void {
    if (this.has(slot)) this.delete(slot)
    if (slot >= this.offsets.length) this.grow(slot)
    this.offsets[slot] = this.put(row)
  }

  delete(slot: number): void {
    const bytes = this.at(slot).length
    const offset = this.offsets[slot]!
    const list = this.free.get(bytes)
    if (list === undefined) this.free.set(bytes, [offset])
    else list.push(offset)
    this.freeBytes += bytes
    this.offsets[slot] = NOWHERE
    if (this.freeBytes > SLAB_BYTES && this.freeBytes > this.end / 2) this.compact()
  }

  /** Moves a row to a free slot. */
  move(from: number, to: number): void {
    if (to >= this.offsets.length) this.grow(to)
    this.offsets[to] = this.offsets[from]!
    this.offsets[from] = NOWHERE
  }

  swap(a: number, b: number): void {
    const offset = this.offsets[a]!
    this.offsets[a] = this.offsets[b]!
    this.offsets[b] = offset
  }

  clear(): void {
    this.offsets = new Uint32Array(0)
    this.forget()
  }

  private get freeCount(): number {
    let count = 0
    for (const list of this.free.values()) count += list.length
    return count
  }

  private put(row: Uint8Array): number {
    const offset = this.place(row.length)
    const slab = this.slabs[(offset / SLAB_BYTES) >>> 0]!
    slab.set(row, offset % SLAB_BYTES)
    return offset
  }

  private place(bytes: number): number {
    const reused = this.free.get(bytes)?.pop()
    if (reused !== undefined) {
      this.freeBytes -= bytes
      return reused
    }
    const capacity = this.slabs.length * SLAB_BYTES
    if (this.end + bytes > capacity) {
      this.slabs.push(new Uint8Array(SLAB_BYTES))
      this.end = Math.max(1, capacity)
    }
    const offset = this.end
    this.end += bytes
    return offset
  }

  /** Many rows have gone, and those that came had other lengths: all are put into new slabs. */
  private compact(): void {
    const rows: [number, Uint8Array][] = []
    for (let slot = 0; slot < this.offsets.length; slot++)
      if (this.has(slot)) rows.push([slot, this.at(slot)])
    this.forget()
    // The old slabs live on in these views until all is put.
    for (const [slot, row] of rows) this.offsets[slot] = this.put(row)
  }

  private forget(): void {
    this.slabs.length = 0
    this.free.clear()
    this.freeBytes = 0
    this.end = 1
  }

  private grow(slot: number): void {
    const grown = new Uint32Array(Math.ceil((slot + 1) * GROWTH))
    grown.set(this.offsets)
    this.offsets = grown
  }
}
