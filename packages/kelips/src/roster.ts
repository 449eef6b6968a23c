import type { Environment, Handles, PeerHandle } from '@onehop/overlay'
import { type RandomSource, randomElement } from '@onehop/primitives'
import { memberCostOf } from './codec.ts'
import { ContactChoice } from './contact-choice.ts'
import { AGE_DIVISOR, MAX_DEPARTED, MAX_KNOWN_PEERS, MAX_VIEW_MEMBERS, UNKNOWN_RTT_MS } from './limits.ts'
import type { MemberEntry, MemberRecord } from './member-record.ts'
import type { Partition } from './partition.ts'
import { NO_SLOT } from './peer-rows.ts'
import { PeerTable } from './peer-table.ts'
import { type RecordStore, SharedRecords } from './record-store.ts'

/** A peer that was known and is gone. */
export interface Departed {
  readonly record: MemberRecord
  readonly sinceMs: number
}

/** What an update did. `full`: there was no room for it. */
export type UpdateResult = 'new' | 'fresher' | 'left' | 'old' | 'full'

const RTT_WEIGHT = 0.25

/**
 * The affinity group view and the contacts, and for a while those who are gone. Everything is asked by handle, or by
 * bucket of the partition.
 */
export class Roster {
  readonly table: PeerTable
  /** Called when a group has gained or lost somebody. */
  onChange: () => void = () => {}
  /** Called when a peer is in the tables no longer, not even among those who are gone; its handle is still held. */
  onRemove: (peer: PeerHandle) => void = () => {}
  partition: Partition
  private readonly environment: Environment<never>
  private readonly handles: Handles
  private readonly choice: ContactChoice

  constructor(
    environment: Environment<never>,
    handles: Handles,
    partition: Partition,
    records: RecordStore = new SharedRecords(),
  ) {
    this.environment = environment
    this.handles = handles
    this.partition = partition
    this.table = new PeerTable(environment, partition, records)
    this.choice = new ContactChoice(environment, this.table)
    handles.isKept = peer => this.table.find(peer) !== NO_SLOT
  }

  /** See {@link ContactChoice}. */
  get staleMs(): number {
    return this.choice.staleMs
  }

  set staleMs(staleMs: number) {
    this.choice.staleMs = staleMs
  }

  /** Live peers known, this node not counted. */
  get size(): number {
    return this.table.liveCount
  }

  /** Members of the own group known, this node not counted. */
  get viewSize(): number {
    return this.table.viewCount
  }

  get departedCount(): number {
    return this.table.size - this.table.liveCount
  }

  has(peer: PeerHandle): boolean {
    return this.slotOf(peer) !== NO_SLOT
  }

  /** The slot of a live peer, until the tables change; {@link NO_SLOT} for any other. */
  slotOf(peer: PeerHandle): number {
    const slot = this.table.find(peer)
    return slot < this.table.liveCount ? slot : NO_SLOT
  }

  /** The live peer in this place, 0 to size - 1, those of the own group first; the order changes with the tables. */
  at(place: number): PeerHandle {
    return this.table.rows.peerAt(place)
  }

  /** The member of the own group in this place, 0 to viewSize - 1. */
  viewAt(place: number): PeerHandle {
    return this.table.rows.peerAt(place)
  }

  /** All live peers known, those of the own group first. */
  peers(): PeerHandle[] {
    return this.table.peers(0, this.table.liveCount)
  }

  /** The affinity group view: known live peers of the own group. */
  view(): PeerHandle[] {
    return this.table.peers(0, this.table.viewCount)
  }

  /** Known live peers of all other groups. */
  contacts(): PeerHandle[] {
    return this.table.peers(this.table.viewCount, this.table.liveCount)
  }

  /** Known live peers of a bucket, this node not among them. */
  inGroup(bucket: number): PeerHandle[] {
    const { partition, table } = this
    if (partition.isOwnBucket(bucket)) return this.view().filter(peer => this.groupOf(peer) === bucket)
    return table.contactSlots(bucket).map(slot => table.rows.peerAt(slot))
  }

  /** Appends known live peers of a bucket to a list, until it has `most`. */
  gather(bucket: number, peers: PeerHandle[], most: number): void {
    const { partition, table } = this
    if (partition.isOwnBucket(bucket)) {
      for (let place = 0; place < table.viewCount && peers.length < most; place++)
        if (this.groupOf(this.viewAt(place)) === bucket) peers.push(this.viewAt(place))
      return
    }
    let slot = table.firstContact(bucket)
    for (; slot !== NO_SLOT && peers.length < most; slot = table.nextContact(slot))
      peers.push(table.rows.peerAt(slot))
  }

  /** The bucket of this node. */
  get ownGroup(): number {
    return this.groupOf(this.environment.self)
  }

  /** Known live peers of a bucket. */
  countIn(bucket: number): number {
    return this.partition.isOwnBucket(bucket) ? this.inGroup(bucket).length : this.table.contactsIn(bucket)
  }

  /** Known live nodes of a bucket, this one counted in its own. */
  readonly occupancy = (bucket: number): number => this.countIn(bucket) + (bucket === this.ownGroup ? 1 : 0)

  /** Any live peer of the bucket, all as likely. */
  sampleBucket(bucket: number, random: RandomSource): PeerHandle | undefined {
    return randomElement(random, this.inGroup(bucket))
  }

  /** The bucket of a peer, whether it is known or not. */
  groupOf(peer: PeerHandle): number {
    return this.partition.bucketOf(this.environment.hash32(peer))
  }

  /** Buckets of the other groups in which somebody is known. */
  foreignGroups(): number[] {
    const groups: number[] = []
    for (let bucket = 0; bucket < this.partition.buckets; bucket++)
      if (this.table.contactsIn(bucket) > 0) groups.push(bucket)
    return groups
  }

  recordOf(peer: PeerHandle): MemberRecord | undefined {
    const slot = this.slotOf(peer)
    return slot === NO_SLOT ? undefined : this.table.records.at(slot)
  }

  /** The depth that a live peer states; undefined for a stranger. */
  depthOf(peer: PeerHandle): number | undefined {
    const slot = this.slotOf(peer)
    return slot === NO_SLOT ? undefined : this.table.records.depthAt(slot)
  }

  /** By our clock, when its record was signed; -Infinity for a stranger. */
  signedMsOf(peer: PeerHandle): number {
    const slot = this.slotOf(peer)
    return slot === NO_SLOT ? Number.NEGATIVE_INFINITY : this.table.rows.signedMsAt(slot)
  }

  /** When it last said anything itself, or a fresher record of it came; -Infinity for a stranger. */
  heardMsOf(peer: PeerHandle): number {
    const slot = this.slotOf(peer)
    return slot === NO_SLOT ? Number.NEGATIVE_INFINITY : this.table.rows.heardMsAt(slot)
  }

  /** Smoothed round-trip time; undefined until measured. */
  rttMsOf(peer: PeerHandle): number | undefined {
    const slot = this.slotOf(peer)
    return slot === NO_SLOT ? undefined : this.table.rows.rttMsAt(slot)
  }

  /** It did not answer, and no word of it has come since. */
  isSuspect(peer: PeerHandle): boolean {
    const slot = this.slotOf(peer)
    return slot !== NO_SLOT && this.table.rows.isSuspectAt(slot)
  }

  setSuspect(peer: PeerHandle, suspect: boolean): void {
    const slot = this.slotOf(peer)
    if (slot !== NO_SLOT) this.table.rows.setSuspect(slot, suspect)
  }

  /** Lower is better: round-trip time, and age (p2psim's rule); suspects come last, and strangers. */
  score(peer: PeerHandle): number {
    const slot = this.slotOf(peer)
    return slot === NO_SLOT ? Number.MAX_SAFE_INTEGER : this.scoreAt(slot)
  }

  scoreAt(slot: number): number {
    const { rows } = this.table
    if (rows.isSuspectAt(slot)) return Number.MAX_SAFE_INTEGER
    const age = Math.max(0, this.environment.now() - rows.heardMsAt(slot))
    return (rows.rttMsAt(slot) ?? UNKNOWN_RTT_MS) + age / AGE_DIVISOR
  }

  /** The record of the live peer in a slot, with its age by now. */
  entryAt(slot: number): MemberEntry {
    return { record: this.table.records.at(slot), ageMs: this.ageMsAt(slot) }
  }

  /** Bytes that this entry, of this age, adds to a message. */
  costAt(slot: number, ageMs: number): number {
    return memberCostOf(this.table.records.lengthAt(slot), ageMs)
  }

  /** Time since the record of the peer in a slot was signed. */
  ageMsAt(slot: number): number {
    return Math.max(0, Math.floor(this.environment.now() - this.table.rows.signedMsAt(slot)))
  }

  /** Whether the record of the peer in a slot is newer than this one. */
  isFresherAt(slot: number, record: MemberRecord): boolean {
    return this.table.records.heartbeatAt(slot) > record.heartbeat
  }

  isSuspectAt(slot: number): boolean {
    return this.table.rows.isSuspectAt(slot)
  }

  departedPeers(): [PeerHandle, Departed][] {
    const { table } = this
    const gone = table.peers(table.liveCount, table.size)
    return gone.map(peer => [peer, this.departedRecord(peer)!])
  }

  departedRecord(peer: PeerHandle): Departed | undefined {
    const slot = this.table.find(peer)
    if (slot === NO_SLOT || slot < this.table.liveCount) return undefined
    return { record: this.table.records.at(slot), sinceMs: this.table.rows.heardMsAt(slot) }
  }

  /** Whether a record says more than what is known: only then is its signature worth checking. */
  isNews(peer: PeerHandle, record: MemberRecord): boolean {
    const slot = this.table.find(peer)
    return slot === NO_SLOT || this.table.records.isFresher(record, slot)
  }

  /** Whether {@link update} would do anything with the entry, if its signature is right. */
  wants(peer: PeerHandle, record: MemberRecord, ageMs: number): boolean {
    if (peer === this.environment.self) return false
    const slot = this.table.find(peer)
    if (slot !== NO_SLOT && !this.table.records.isFresher(record, slot)) return false
    return (
      record.left || slot < this.table.liveCount || this.choice.victimFor(peer, record, ageMs) !== undefined
    )
  }

  /** Takes in a record whose signature is right. */
  update(peer: PeerHandle, entry: MemberEntry): UpdateResult {
    const { record, ageMs } = entry
    const { rows, records, liveCount } = this.table
    const slot = this.table.find(peer)
    const isOld = slot !== NO_SLOT && !records.isFresher(record, slot)
    if (isOld || peer === this.environment.self) return 'old'
    if (record.left) {
      this.depart(peer, record)
      return 'left'
    }
    if (slot >= liveCount) return this.add(peer, entry) ? 'new' : 'full'
    const signedMs = this.environment.now() - ageMs
    records.set(slot, record)
    rows.setSignedMs(slot, Math.max(rows.signedMsAt(slot), signedMs))
    rows.setHeardMs(slot, Math.max(rows.heardMsAt(slot), signedMs))
    rows.setSuspect(slot, false)
    return 'fresher'
  }

  /** It spoke to us itself. */
  heard(peer: PeerHandle, rttMs?: number): void {
    const slot = this.slotOf(peer)
    if (slot === NO_SLOT) return
    const { rows } = this.table
    rows.setHeardMs(slot, this.environment.now())
    rows.setSuspect(slot, false)
    if (rttMs === undefined) return
    const known = rows.rttMsAt(slot) ?? rttMs
    rows.setRttMs(slot, known + (rttMs - known) * RTT_WEIGHT)
  }

  /** Removes a peer from the tables and remembers its last word, so that old news does not bring it back. */
  depart(peer: PeerHandle, record?: MemberRecord): void {
    const { table } = this
    const slot = table.find(peer)
    const isLive = slot < table.liveCount
    const last = record ?? (isLive ? table.records.at(slot) : undefined)
    if (last === undefined) return
    this.handles.while(peer, () => {
      if (slot !== NO_SLOT) table.remove(slot)
      if (table.size - table.liveCount >= MAX_DEPARTED) this.forget(table.oldestDeparted())
      if (table.size < MAX_KNOWN_PEERS) table.insert('departed', peer, last, this.environment.now())
      if (isLive) this.onChange()
    })
  }

  /** Removes a live peer as if it had never been known. */
  remove(peer: PeerHandle): void {
    const slot = this.slotOf(peer)
    if (slot !== NO_SLOT) this.removeAt(slot)
  }

  /** It has been away for too long to be looked for. */
  forget(peer: PeerHandle): void {
    const slot = this.table.find(peer)
    if (slot !== NO_SLOT && slot >= this.table.liveCount) this.removeAt(slot)
  }

  /** The tables forget everything, for the machine stops. */
  clear(): void {
    this.onChange = () => {}
    this.onRemove = () => {}
    while (this.table.size > 0) this.removeAt(this.table.size - 1)
  }

  /** The node divides the hashes differently from now on: everybody finds a new place, but for those who have none. */
  reshape(partition: Partition): void {
    const { table } = this
    this.partition = partition
    table.reshape(partition)
    for (const bucket of this.foreignGroups()) {
      let present = table.contactSlots(bucket)
      while (present.length > partition.capacityOf(bucket)) {
        this.removeAt(present.reduce((a, b) => (this.scoreAt(b) > this.scoreAt(a) ? b : a)))
        present = table.contactSlots(bucket)
      }
    }
    while (table.viewCount > MAX_VIEW_MEMBERS) this.removeAt(table.viewCount - 1)
    this.onChange()
  }

  private add(peer: PeerHandle, { record, ageMs }: MemberEntry): boolean {
    const { table } = this
    const victim = this.choice.victimFor(peer, record, ageMs)
    if (victim === undefined) return false
    if (victim !== NO_SLOT) this.removeAt(victim)
    const known = table.find(peer)
    if (known !== NO_SLOT) table.remove(known)
    const isOwn = this.partition.isOwn(this.environment.hash32(peer))
    table.insert(isOwn ? 'view' : 'contact', peer, record, this.environment.now() - ageMs)
    this.onChange()
    return true
  }

  private removeAt(slot: number): void {
    const { table } = this
    const isLive = slot < table.liveCount
    this.handles.while(table.rows.peerAt(slot), peer => {
      table.remove(slot)
      this.onRemove(peer)
    })
    if (isLive) this.onChange()
  }
}
