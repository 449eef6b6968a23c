import { type MemberRecord, recordLength } from './member-record.ts'

/** Where the records of peers are kept, by slot. */
export interface RecordStore {
  at(slot: number): MemberRecord
  heartbeatAt(slot: number): number
  depthAt(slot: number): number
  hasLeftAt(slot: number): boolean
  /** Bytes that the record takes in an entry. */
  lengthAt(slot: number): number
  /** Whether a record of the same peer was signed later than the one in the slot. */
  isFresher(record: MemberRecord, slot: number): boolean
  /** Puts a record into a slot: the first free one, or in place of another. */
  set(slot: number, record: MemberRecord): void
  /** The slot is free. */
  delete(slot: number): void
  /** Moves the record to a free slot. */
  move(from: number, to: number): void
  swap(a: number, b: number): void
  /** Makes room for so many records at once, where that is kept by slot. */
  reserve(records: number): void
  /** Forgets what is in the last slots. */
  truncate(size: number): void
  /** Bytes of memory, without records that others share. */
  readonly byteLength: number
}

const REFERENCE_BYTES = 8

const FIRST_LENGTHS = 4
const GROWTH = 1.25

/**
 * References to records that are immutable, and in a simulation shared by all nodes. Lengths have a column of their own,
 * and the same record is known by its reference: a large simulation waits for memory most of its time, and who composes
 * a message need not look at any record.
 */
export class SharedRecords implements RecordStore {
  private records: MemberRecord[] = []
  private lengths = new Uint16Array(0)

  get byteLength(): number {
    return this.records.length * REFERENCE_BYTES + this.lengths.byteLength
  }

  at(slot: number): MemberRecord {
    return this.records[slot]!
  }

  heartbeatAt(slot: number): number {
    return this.records[slot]!.heartbeat
  }

  depthAt(slot: number): number {
    return this.records[slot]!.depth
  }

  hasLeftAt(slot: number): boolean {
    return this.records[slot]!.left
  }

  lengthAt(slot: number): number {
    return this.lengths[slot]!
  }

  isFresher(record: MemberRecord, slot: number): boolean {
    const known = this.records[slot]!
    return record !== known && record.heartbeat > known.heartbeat
  }

  set(slot: number, record: MemberRecord): void {
    if (slot >= this.lengths.length) this.grow(slot)
    this.records[slot] = record
    this.lengths[slot] = recordLength(record)
  }

  delete(): void {}

  move(from: number, to: number): void {
    if (to >= this.lengths.length) this.grow(to)
    this.records[to] = this.records[from]!
    this.lengths[to] = this.lengths[from]!
  }

  swap(a: number, b: number): void {
    const record = this.records[a]!
    this.records[a] = this.records[b]!
    this.records[b] = record
    const length = this.lengths[a]!
    this.lengths[a] = this.lengths[b]!
    this.lengths[b] = length
  }

  truncate(size: number): void {
    if (size > 0) this.records.length = size
    else {
      this.records = []
      this.lengths = new Uint16Array(0)
    }
  }

  reserve(records: number): void {
    if (records <= this.lengths.length) return
    const grown = new Uint16Array(records)
    grown.set(this.lengths)
    this.lengths = grown
  }

  private grow(slot: number): void {
    this.reserve(Math.max(FIRST_LENGTHS, Math.ceil((slot + 1) * GROWTH)))
  }
}
