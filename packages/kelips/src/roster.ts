import type { Environment, PeerHandle } from '@onehop/overlay'
import { BoundedMap } from '@onehop/primitives'
import { groupOfHash } from './groups.ts'
import type { Handles } from './handles.ts'
import {
  AGE_DIVISOR,
  MAX_CONTACTS_PER_GROUP,
  MAX_DEPARTED,
  MAX_VIEW_MEMBERS,
  UNKNOWN_RTT_MS,
} from './limits.ts'
import type { MemberEntry, MemberRecord } from './member-record.ts'

/** What is known of a live peer: a member of the own group, or a contact in another. */
interface Known {
  readonly peer: PeerHandle
  readonly group: number
  record: MemberRecord
  /** By our clock, when its record was signed. */
  signedMs: number
  /** When it last said anything itself, or a fresher record of it came. */
  heardMs: number
  /** Smoothed round-trip time; undefined until measured. */
  rttMs: number | undefined
  /** It did not answer, and no word of it has come since. */
  suspect: boolean
}

/** A peer that was known and is gone. */
export interface Departed {
  readonly record: MemberRecord
  readonly sinceMs: number
}

/** What an update did. `full`: there was no room for it. */
export type UpdateResult = 'new' | 'fresher' | 'left' | 'old' | 'full'

const RTT_WEIGHT = 0.25

/**
 * The affinity group view and the contacts. Everything else asks by handle or by group, so that the maps here can
 * become typed arrays.
 */
export class Roster {
  readonly ownGroup: number
  private readonly members = new Map<PeerHandle, Known>()
  private readonly byGroup = new Map<number, Known[]>()
  private readonly departed: BoundedMap<PeerHandle, Departed>
  /** Called when a group has gained or lost somebody. */
  onChange: () => void = () => {}
  /** Called when a peer is no longer in the tables, while its handle is still held. */
  onRemove: (peer: PeerHandle) => void = () => {}
  private readonly environment: Environment<never>
  private readonly handles: Handles
  private readonly groups: number
  private readonly contactsPerGroup: number

  constructor(
    environment: Environment<never>,
    handles: Handles,
    shape: { readonly groups: number; readonly contactsPerGroup: number },
  ) {
    this.environment = environment
    this.handles = handles
    this.groups = shape.groups
    this.contactsPerGroup = Math.min(shape.contactsPerGroup, MAX_CONTACTS_PER_GROUP)
    this.departed = new BoundedMap(MAX_DEPARTED)
    this.ownGroup = groupOfHash(environment.hash32(environment.self), shape.groups)
  }

  /** Live peers known, this node not counted. */
  get size(): number {
    return this.members.size
  }

  has(peer: PeerHandle): boolean {
    return this.members.has(peer)
  }

  /** All live peers known. The tables may change while one goes through them only if it is a copy. */
  peers(): IterableIterator<PeerHandle> {
    return this.members.keys()
  }

  recordOf(peer: PeerHandle): MemberRecord | undefined {
    return this.members.get(peer)?.record
  }

  /** By our clock, when its record was signed; -Infinity for a stranger. */
  signedMsOf(peer: PeerHandle): number {
    return this.members.get(peer)?.signedMs ?? Number.NEGATIVE_INFINITY
  }

  /** When it last said anything itself, or a fresher record of it came; -Infinity for a stranger. */
  heardMsOf(peer: PeerHandle): number {
    return this.members.get(peer)?.heardMs ?? Number.NEGATIVE_INFINITY
  }

  /** Smoothed round-trip time; undefined until measured. */
  rttMsOf(peer: PeerHandle): number | undefined {
    return this.members.get(peer)?.rttMs
  }

  /** It did not answer, and no word of it has come since. */
  isSuspect(peer: PeerHandle): boolean {
    return this.members.get(peer)?.suspect ?? false
  }

  setSuspect(peer: PeerHandle, suspect: boolean): void {
    const known = this.members.get(peer)
    if (known !== undefined) known.suspect = suspect
  }

  groupOf(peer: PeerHandle): number {
    return groupOfHash(this.environment.hash32(peer), this.groups)
  }

  /** Known live peers of a group, this node not among them. */
  inGroup(group: number): PeerHandle[] {
    return this.byGroup.get(group)?.map(({ peer }) => peer) ?? []
  }

  /** The affinity group view: known live peers of the own group. */
  view(): PeerHandle[] {
    return this.inGroup(this.ownGroup)
  }

  /** Known live nodes of a group, this one counted in its own. */
  readonly occupancy = (group: number): number =>
    (this.byGroup.get(group)?.length ?? 0) + (group === this.ownGroup ? 1 : 0)

  /** Groups in which somebody is known, without the own one. */
  foreignGroups(): number[] {
    return [...this.byGroup.keys()].filter(group => group !== this.ownGroup)
  }

  departedPeers(): IterableIterator<[PeerHandle, Departed]> {
    return this.departed.entries()
  }

  departedRecord(peer: PeerHandle): Departed | undefined {
    return this.departed.get(peer)
  }

  /** Whether a record says more than what is known: only then is its signature worth checking. */
  isNews(peer: PeerHandle, record: MemberRecord): boolean {
    const known = this.members.get(peer)?.record ?? this.departed.get(peer)?.record
    return known === undefined || record.heartbeat > known.heartbeat
  }

  /** Takes in a record whose signature is right. */
  update(peer: PeerHandle, entry: MemberEntry): UpdateResult {
    if (peer === this.environment.self || !this.isNews(peer, entry.record)) return 'old'
    const nowMs = this.environment.now()
    const known = this.members.get(peer)
    if (entry.record.left) {
      this.depart(peer, entry.record)
      return 'left'
    }
    const signedMs = nowMs - entry.ageMs
    if (known !== undefined) {
      known.record = entry.record
      known.signedMs = Math.max(known.signedMs, signedMs)
      known.heardMs = Math.max(known.heardMs, signedMs)
      known.suspect = false
      return 'fresher'
    }
    return this.add(peer, entry.record, signedMs) ? 'new' : 'full'
  }

  /** It spoke to us itself. */
  heard(peer: PeerHandle, rttMs?: number): void {
    const member = this.members.get(peer)
    if (member === undefined) return
    member.heardMs = this.environment.now()
    member.suspect = false
    if (rttMs !== undefined)
      member.rttMs = member.rttMs === undefined ? rttMs : member.rttMs + (rttMs - member.rttMs) * RTT_WEIGHT
  }

  /** Removes a peer from the tables and remembers its last word, so that old news does not bring it back. */
  depart(peer: PeerHandle, record?: MemberRecord): void {
    const member = this.members.get(peer)
    const last = record ?? member?.record
    if (last !== undefined) this.remember(peer, last)
    if (member !== undefined) this.remove(member)
  }

  /** The tables forget everything, for the machine stops. */
  clear(): void {
    this.onChange = () => {}
    for (const member of [...this.members.values()]) this.remove(member)
    for (const peer of [...this.departed.keys()]) this.forget(peer)
  }

  /** It has been away for too long to be looked for. */
  forget(peer: PeerHandle): void {
    if (this.departed.delete(peer)) this.handles.drop(peer)
  }

  private remember(peer: PeerHandle, record: MemberRecord): void {
    if (!this.departed.has(peer)) this.handles.hold(peer)
    const evicted = this.departed.set(peer, { record, sinceMs: this.environment.now() })
    if (evicted !== undefined) this.handles.drop(evicted)
  }

  private add(peer: PeerHandle, record: MemberRecord, signedMs: number): boolean {
    const group = this.groupOf(peer)
    const member: Known = {
      peer,
      group,
      record,
      signedMs,
      heardMs: signedMs,
      rttMs: undefined,
      suspect: false,
    }
    if (!this.makeRoom(member)) return false
    this.handles.hold(peer)
    this.members.set(peer, member)
    const list = this.byGroup.get(group)
    if (list === undefined) this.byGroup.set(group, [member])
    else list.push(member)
    this.forget(peer)
    this.onChange()
    return true
  }

  /** A full group of contacts gives up its worst one for a better; the view refuses when it is full. */
  private makeRoom(candidate: Known): boolean {
    const present = this.byGroup.get(candidate.group) ?? []
    if (candidate.group === this.ownGroup) return present.length < MAX_VIEW_MEMBERS
    if (present.length < this.contactsPerGroup) return true
    const worst = present.reduce((a, b) => (this.scoreOf(b) > this.scoreOf(a) ? b : a))
    if (this.scoreOf(candidate) >= this.scoreOf(worst)) return false
    this.remove(worst)
    return true
  }

  /** Lower is better: round-trip time, and age (p2psim's rule); suspects come last, and strangers. */
  score(peer: PeerHandle): number {
    const known = this.members.get(peer)
    return known === undefined ? Number.MAX_SAFE_INTEGER : this.scoreOf(known)
  }

  private scoreOf(member: Known): number {
    if (member.suspect) return Number.MAX_SAFE_INTEGER
    const age = Math.max(0, this.environment.now() - member.heardMs)
    return (member.rttMs ?? UNKNOWN_RTT_MS) + age / AGE_DIVISOR
  }

  private remove(member: Known): void {
    this.members.delete(member.peer)
    const list = this.byGroup.get(member.group)
    const at = list?.indexOf(member) ?? -1
    if (list !== undefined && at >= 0) list.splice(at, 1)
    if (list?.length === 0) this.byGroup.delete(member.group)
    this.onRemove(member.peer)
    this.onChange()
    this.handles.drop(member.peer)
  }
}
