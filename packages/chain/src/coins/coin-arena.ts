import { assert, assertDefined } from '@onehop/primitives'

/** Records begin at multiples of this many bytes. */
export const UNIT_BYTES = 8
const UNIT_WORDS = UNIT_BYTES / 4

/** Where a record is: number of the chunk and unit in it, as one number of 32 bits; 0 is nowhere. */
export type RecordRef = number

/** A stretch of memory that holds records, seen in the three ways that they need. */
interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Uint32Array
  readonly amounts: BigUint64Array
  /** Units given out, from the beginning on. */
  usedUnits: number
}

function newChunk(lengthBytes: number, usedUnits: number): Chunk {
  const buffer = new ArrayBuffer(lengthBytes)
  return {
    bytes: new Uint8Array(buffer),
    words: new Uint32Array(buffer),
    amounts: new BigUint64Array(buffer),
    usedUnits,
  }
}

/**
 * Memory for records, given out one after the other, and taken back a whole chunk at a time, the oldest first: what is
 * still wanted of it is copied to the other end, so that nothing is ever scattered.
 */
export class CoinArena {
  private readonly chunkBytes: number
  private readonly unitBits: number
  private readonly unitMask: number
  private readonly chunks: (Chunk | undefined)[] = []
  /** Numbers of the chunks in use, oldest first; the last one is being filled. */
  private readonly order: number[] = []
  private readonly vacant: number[] = []

  /** @param chunkBytes a power of two, larger than any record. */
  constructor(chunkBytes: number) {
    this.chunkBytes = chunkBytes
    this.unitBits = Math.log2(chunkBytes / UNIT_BYTES)
    this.unitMask = chunkBytes / UNIT_BYTES - 1
  }

  /** Memory in use, full or not. */
  get memoryBytes(): number {
    return this.order.length * this.chunkBytes
  }

  get chunkCount(): number {
    return this.order.length
  }

  /** Whether there is room for a record of this size without another chunk. */
  hasRoom(units: number): boolean {
    const last = this.order.at(-1)
    return last !== undefined && this.chunkOf(last).usedUnits + units <= this.unitMask + 1
  }

  allocate(units: number): RecordRef {
    assert(units <= this.unitMask, 'a record fits into a chunk')
    if (!this.hasRoom(units)) this.addChunk()
    const number = this.order[this.order.length - 1]!
    const chunk = this.chunks[number]!
    const unit = chunk.usedUnits
    chunk.usedUnits += units
    return this.refOf(number, unit)
  }

  /** The memory around a record, whose first word there is {@link wordOf}. */
  wordsAround(ref: RecordRef): Uint32Array {
    return this.chunks[ref >>> this.unitBits]!.words
  }

  bytesAround(ref: RecordRef): Uint8Array {
    return this.chunks[ref >>> this.unitBits]!.bytes
  }

  amountsAround(ref: RecordRef): BigUint64Array {
    return this.chunks[ref >>> this.unitBits]!.amounts
  }

  wordOf(ref: RecordRef): number {
    return (ref & this.unitMask) * UNIT_WORDS
  }

  /** First record and end of each chunk, the oldest first: a record's end is the next one's place. */
  ranges(): (readonly [RecordRef, RecordRef])[] {
    return this.order.map(number => {
      const { usedUnits } = this.chunkOf(number)
      return [this.refOf(number, firstUnitOf(number)), this.refOf(number, 0) + usedUnits]
    })
  }

  /** Closes the chunk that is being filled: what is allocated from now on comes into another. */
  addChunk(): void {
    const number = this.vacant.pop() ?? this.chunks.length
    this.chunks[number] = newChunk(this.chunkBytes, firstUnitOf(number))
    this.order.push(number)
  }

  /** Frees the oldest chunk with all its records. */
  releaseOldest(): void {
    const number = assertDefined(this.order.shift(), 'there is a chunk')
    // Detaching frees the memory at once, where a collection might come much later.
    this.chunkOf(number).bytes.buffer.transfer(0)
    this.chunks[number] = undefined
    this.vacant.push(number)
  }

  private chunkOf(number: number): Chunk {
    return assertDefined(this.chunks[number], 'a chunk in use')
  }

  private refOf(number: number, unit: number): RecordRef {
    return number * (this.unitMask + 1) + unit
  }
}

/** The very first place stays free, so that 0 is nowhere. */
function firstUnitOf(chunkNumber: number): number {
  return chunkNumber === 0 ? 1 : 0
}
