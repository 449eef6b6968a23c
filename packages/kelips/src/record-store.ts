import type { MemberRecord } from './member-record.ts'

/** Where the records of peers are kept, by slot. */
export interface RecordStore {
  at(slot: number): MemberRecord
  heartbeatAt(slot: number): number
  depthAt(slot: number): number
  hasLeftAt(slot: number): boolean
  /** Puts a record into a slot: the first free one, or in place of another. */
  set(slot: number, record: MemberRecord): void
  /** The slot is free. */
  delete(slot: number): void
  /** Moves the record to a free slot. */
  move(from: number, to: number): void
  swap(a: number, b: number): void
  /** Forgets what is in the last slots. */
  truncate(size: number): void
  /** Bytes of memory, without records that others share. */
  readonly byteLength: number
}

const REFERENCE_BYTES = 8

/** References to records that are immutable, and in a simulation shared by all nodes. */
export class SharedRecords implements RecordStore {
  private records: MemberRecord[] = []

  get byteLength(): number {
    return this.records.length * REFERENCE_BYTES
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

  set(slot: number, record: MemberRecord): void {
    this.records[slot] = record
  }

  delete(): void {}

  move(from: number, to: number): void {
    this.records[to] = this.records[from]!
  }

  swap(a: number, b: number): void {
    const record = this.records[a]!
    this.records[a] = this.records[b]!
    this.records[b] = record
  }

  truncate(size: number): void {
    if (size === 0) this.records = []
    else this.records.length = size
  }
}
