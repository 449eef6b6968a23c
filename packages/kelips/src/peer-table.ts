import type { Environment, PeerHandle } from '@onehop/overlay'
import type { MemberRecord } from './member-record.ts'
import type { Partition } from './partition.ts'
import { PeerChains } from './peer-chains.ts'
import { NO_SLOT, PeerRows } from './peer-rows.ts'
import type { RecordStore } from './record-store.ts'

/** Where a peer stands: in the affinity group view, among the contacts, or gone. */
export type Standing = 'view' | 'contact' | 'departed'

/**
 * Everybody who is known, in dense slots: first the view, then the contacts, then those who are gone. Keeps the parts
 * together that lie by slot: rows, chains and records.
 */
export class PeerTable {
  readonly rows: PeerRows
  readonly records: RecordStore
  viewCount = 0
  /** Peers in the view and contacts. */
  liveCount = 0
  private readonly environment: Environment<never>
  private readonly chains: PeerChains
  partition: Partition

  constructor(environment: Environment<never>, partition: Partition, records: RecordStore) {
    this.environment = environment
    this.partition = partition
    this.rows = new PeerRows(environment.now())
    this.chains = new PeerChains(environment, this.rows, partition)
    this.records = records
  }

  get size(): number {
    return this.rows.size
  }

  get byteLength(): number {
    return this.rows.byteLength + this.chains.byteLength + this.records.byteLength
  }

  find(peer: PeerHandle): number {
    return this.chains.find(peer)
  }

  peers(from: number, to: number): PeerHandle[] {
    const peers: PeerHandle[] = []
    for (let slot = from; slot < to; slot++) peers.push(this.rows.peerAt(slot))
    return peers
  }

  /** Slots of the contacts in a bucket. */
  contactSlots(bucket: number): number[] {
    const slots: number[] = []
    for (let slot = this.firstContact(bucket); slot !== NO_SLOT; slot = this.nextContact(slot))
      slots.push(slot)
    return slots
  }

  /** Number of contacts in a bucket. */
  contactsIn(bucket: number): number {
    let count = 0
    for (let slot = this.firstContact(bucket); slot !== NO_SLOT; slot = this.nextContact(slot)) count++
    return count
  }

  /** The first contact in a bucket, or {@link NO_SLOT}. */
  firstContact(bucket: number): number {
    return this.liveFrom(this.chains.firstOf(bucket))
  }

  nextContact(slot: number): number {
    return this.liveFrom(this.rows.linkAt(slot))
  }

  private liveFrom(slot: number): number {
    let live = slot
    while (live !== NO_SLOT && live >= this.liveCount) live = this.rows.linkAt(live)
    return live
  }

  /** Makes room for so many peers at once. */
  reserve(peers: number): void {
    this.rows.reserve(peers)
    this.records.reserve(peers)
  }

  /** The handle must be held until it is in. */
  insert(standing: Standing, peer: PeerHandle, record: MemberRecord, timeMs: number): void {
    this.rows.extend()
    let slot = this.size - 1
    if (standing !== 'departed') slot = this.moveInto(this.liveCount++, slot)
    if (standing === 'view') slot = this.moveInto(this.viewCount++, slot)
    this.rows.write(slot, peer, timeMs, timeMs)
    this.records.set(slot, record)
    this.chains.link(slot)
    if (this.chains.isCrowded(this.viewCount)) this.chains.rebuild(this.partition, this.viewCount)
  }

  /** The handle must be held until this is done. */
  remove(slot: number): void {
    this.chains.unlink(slot)
    this.records.delete(slot)
    let hole = slot
    if (hole < this.viewCount) hole = this.fill(hole, --this.viewCount)
    if (hole < this.liveCount) hole = this.fill(hole, --this.liveCount)
    this.fill(hole, this.size - 1)
    this.rows.size--
    this.records.truncate(this.size)
    if (this.size === 0) this.rows.clear()
  }

  /** Who has been gone for longest. */
  oldestDeparted(): PeerHandle {
    let oldest = this.liveCount
    for (let slot = oldest + 1; slot < this.size; slot++)
      if (this.rows.heardMsAt(slot) < this.rows.heardMsAt(oldest)) oldest = slot
    return this.rows.peerAt(oldest)
  }

  /** Sorts everybody into view and contacts anew. */
  reshape(partition: Partition): void {
    this.partition = partition
    this.viewCount = 0
    for (let slot = 0; slot < this.liveCount; slot++) {
      const isOwn = partition.isOwn(this.environment.hash32(this.rows.peerAt(slot)))
      if (isOwn) this.swap(slot, this.viewCount++)
    }
    this.chains.rebuild(partition, this.viewCount)
  }

  /** Makes a slot free by moving what is in it into a hole; returns the slot. */
  private moveInto(slot: number, hole: number): number {
    if (slot !== hole) this.move(slot, hole)
    return slot
  }

  /** Fills a hole from a slot, which is the hole afterwards. */
  private fill(hole: number, from: number): number {
    if (hole !== from) this.move(from, hole)
    return from
  }

  private move(from: number, to: number): void {
    this.chains.redirect(from, to)
    this.rows.move(from, to)
    this.records.move(from, to)
  }

  private swap(a: number, b: number): void {
    if (a === b) return
    this.rows.swap(a, b)
    this.records.swap(a, b)
  }
}
