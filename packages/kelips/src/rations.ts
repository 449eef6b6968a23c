import { keyHash32, type PeerHandle, type Pointer } from '@onehop/overlay'
import { kelipsCodec, memberCost, noteLength, pointerCost } from './codec.ts'
import type { PointerId } from './filetuples.ts'
import {
  CONTACT_PART,
  LONG_ENTRY_BYTES,
  MAX_ROWS_VISITED,
  NEWS_PART,
  OUTWARD_VIEW_MEMBERS,
  TUPLES_IN_TURN_PART,
} from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Gossip, News } from './messages.ts'
import { covers } from './partition.ts'
import { NO_SLOT } from './peer-rows.ts'
import type { KelipsState } from './state.ts'

/** What a message is composed for. */
export interface Order {
  readonly to: PeerHandle
  readonly maxBytes: number
  readonly wantsReply: boolean
  /** What the receiver has just told: it keeps these peers, and what is known better of them is worth telling first. */
  readonly told?: readonly MemberEntry[]
}

/**
 * What to tell whom. To members of the own group: news of filetuples that they are to hold and of members, then
 * filetuples, members and contacts in turn. To contacts: members of their own group, some of this one, and contacts in
 * turn. The tables are walked with cursors, so that a message costs what it carries and not what is known.
 */
export class Rations {
  private readonly state: KelipsState
  private viewCursor = 0
  private contactCursor = 0
  private tupleCursor = 0

  constructor(state: KelipsState) {
    this.state = state
  }

  compose({ to, maxBytes, wantsReply, told }: Order): Gossip {
    const { own, statedGroups, partition, environment } = this.state
    const isInside = partition.isOwn(environment.hash32(to))
    const empty: Gossip = {
      type: 'gossip',
      groups: statedGroups,
      sender: own.entry(),
      wantsReply,
      ...this.state.statedCensus(),
      members: [],
      pointers: [],
    }
    let left = maxBytes - kelipsCodec.encodedLength(empty)
    const pointers = this.sharesFiletuples(to) ? this.pointers(to, left) : []
    for (const pointer of pointers) left -= pointerCost(pointer)
    const basket = new Basket(this.state, to, left)
    if (told !== undefined) this.fillFresher(basket, told)
    if (isInside) this.fillInward(basket)
    else this.fillOutward(basket, to)
    const message = { ...empty, pointers, members: basket.entries }
    noteLength(message, maxBytes - basket.left)
    return message
  }

  /** What the receiver heard of long ago, where more is known. */
  private fillFresher(basket: Basket, told: readonly MemberEntry[]): void {
    const { roster, handles, environment, lifetimes } = this.state
    for (const { record, ageMs } of told) {
      if (ageMs < lifetimes.suspectMs / 2) continue
      const peer = environment.intern(record.id)
      const row = roster.slotOf(peer)
      if (row === NO_SLOT) handles.letGo(peer)
      else if (roster.isFresherAt(row, record)) basket.takeRow(row)
    }
  }

  private fillInward(basket: Basket): void {
    const { roster, memberNews } = this.state
    const news = memberNews.take(basket.left, peer => basket.costOfNews(peer as PeerHandle))
    for (const peer of news) basket.takeNews(peer as PeerHandle)
    const { viewSize, size } = roster
    const contactBytes = size > viewSize ? basket.left * CONTACT_PART : 0
    this.viewCursor = this.walk(basket, this.viewCursor, 0, viewSize, contactBytes)
    this.contactCursor = this.walk(basket, this.contactCursor, viewSize, size, 0)
    this.viewCursor = this.walk(basket, this.viewCursor, 0, viewSize, 0)
  }

  private fillOutward(basket: Basket, to: PeerHandle): void {
    const { roster, environment } = this.state
    for (const peer of this.state.holders.nearestPeers(environment.hash32(to)))
      if (this.isKin(peer, to)) basket.takePeer(peer)
    for (let i = 0; i < Math.min(OUTWARD_VIEW_MEMBERS, roster.viewSize); i++) {
      this.viewCursor = this.viewCursor >= roster.viewSize ? 0 : this.viewCursor
      basket.takeRow(this.viewCursor++)
    }
    this.contactCursor = this.walk(basket, this.contactCursor, roster.viewSize, roster.size, 0)
    this.viewCursor = this.walk(basket, this.viewCursor, 0, roster.viewSize, 0)
  }

  /** Whether the receiver counts the peer to its own group. */
  private isKin(peer: PeerHandle, to: PeerHandle): boolean {
    const { roster, environment } = this.state
    return covers(roster.depthOf(to) ?? 0, environment.hash32(to), environment.hash32(peer))
  }

  /** Takes the peers of these rows in turn until only `spareBytes` are left; returns where to go on. */
  private walk(basket: Basket, cursor: number, from: number, to: number, spareBytes: number): number {
    let row = cursor
    const most = Math.min(to - from, MAX_ROWS_VISITED)
    for (let visited = 0; visited < most; visited++) {
      if (row < from || row >= to) row = from
      if (basket.left <= spareBytes || !basket.takeRow(row)) break
      row++
    }
    return row
  }

  /** News of filetuples that the receiver is to hold, as much as fits; undefined: there is none. */
  composeNews(to: PeerHandle, maxBytes: number): News | undefined {
    const pointers = this.pointersOf(this.news(maxBytes, this.coveredBy(to)))
    if (pointers.length === 0) return undefined
    return { type: 'news', groups: this.state.statedGroups, pointers }
  }

  private news(maxBytes: number, isFor: (hash32: number) => boolean): PointerId[] {
    return this.state.tupleNews.take(maxBytes, id => this.costOfPointer(id, isFor))
  }

  private pointersOf(ids: readonly PointerId[]): Pointer[] {
    return ids.map(id => this.state.filetuples.pointerAt(id)).filter(pointer => pointer !== undefined)
  }

  /** News; then others in turn, so that what was missed comes some time. */
  private pointers(to: PeerHandle, maxBytes: number): Pointer[] {
    const isFor = this.coveredBy(to)
    const ids = this.news(maxBytes * NEWS_PART, isFor)
    let left = maxBytes * TUPLES_IN_TURN_PART
    const { slots } = this.state.filetuples
    for (let visited = 0; visited < Math.min(slots, MAX_ROWS_VISITED); visited++) {
      if (this.tupleCursor >= slots) this.tupleCursor = 0
      const id = this.tupleCursor
      const cost = ids.includes(id) ? 0 : (this.costOfPointer(id, isFor) ?? 0)
      if (cost > left && cost <= LONG_ENTRY_BYTES) break
      this.tupleCursor++
      if (cost === 0 || cost > left) continue
      ids.push(id)
      left -= cost
    }
    return this.pointersOf(ids)
  }

  private costOfPointer(id: PointerId, isFor: (hash32: number) => boolean): number | undefined {
    const pointer = this.state.filetuples.pointerAt(id)
    if (pointer === undefined || pointer.expiresAt <= this.state.nowS()) return undefined
    return isFor(keyHash32(pointer.key)) ? pointerCost(pointer) : 0
  }

  /** Which keys a peer is to hold, by its own word; with a fixed k it says itself what it does not want. */
  private coveredBy(to: PeerHandle): (hash32: number) => boolean {
    const { prefixes, roster, environment } = this.state
    if (prefixes === undefined) return () => true
    const depth = roster.depthOf(to) ?? prefixes.saidDepth
    return hash32 => covers(depth, environment.hash32(to), hash32)
  }

  /** Whether the receiver holds some of the filetuples that this node holds. */
  private sharesFiletuples(to: PeerHandle): boolean {
    const { prefixes, roster, environment, partition } = this.state
    const hash32 = environment.hash32(to)
    if (prefixes === undefined || partition.isOwn(hash32)) return partition.isOwn(hash32)
    const depth = roster.depthOf(to)
    return depth !== undefined && covers(depth, hash32, environment.hash32(environment.self))
  }
}

/** Entries on their way into a message. */
class Basket {
  readonly entries: MemberEntry[] = []
  left: number
  private readonly taken: PeerHandle[] = []
  private readonly state: KelipsState
  private readonly to: PeerHandle

  constructor(state: KelipsState, to: PeerHandle, maxBytes: number) {
    this.state = state
    this.to = to
    this.left = maxBytes
  }

  /** What it costs to tell a piece of news: undefined when there is nothing to tell of this peer any more. */
  costOfNews(peer: PeerHandle): number | undefined {
    const { roster } = this.state
    const row = roster.slotOf(peer)
    if (row !== NO_SLOT) return peer === this.to ? 0 : roster.costAt(row, roster.ageMsAt(row))
    const farewell = this.farewellOf(peer)
    return farewell === undefined ? undefined : peer === this.to ? 0 : memberCost(farewell)
  }

  takeNews(peer: PeerHandle): void {
    const entry = this.state.entryOf(peer) ?? this.farewellOf(peer)
    if (entry !== undefined) this.put(peer, entry, memberCost(entry))
  }

  /** Takes in a peer, where the receiver has a use for it and there is room. */
  takePeer(peer: PeerHandle): void {
    const row = this.state.roster.slotOf(peer)
    if (row !== NO_SLOT) this.takeRow(row)
  }

  /**
   * The same by its row. Returns false when it must wait for more room: a long record does not, for it would hold up
   * everybody behind it as long as it is there.
   */
  takeRow(row: number): boolean {
    const { roster, lifetimes } = this.state
    const peer = roster.at(row)
    if (peer === this.to || roster.isSuspectAt(row) || this.taken.includes(peer)) return true
    const ageMs = roster.ageMsAt(row)
    if (ageMs > lifetimes.suspectMs) return true
    const cost = roster.costAt(row, ageMs)
    if (cost > this.left) return cost > LONG_ENTRY_BYTES
    this.put(peer, roster.entryAt(row), cost)
    return true
  }

  private put(peer: PeerHandle, entry: MemberEntry, cost: number): void {
    if (cost > this.left) return
    this.left -= cost
    this.taken.push(peer)
    this.entries.push(entry)
  }

  /** The last word of a peer that left lately, which is told like a member. */
  private farewellOf(peer: PeerHandle): MemberEntry | undefined {
    const departed = this.state.roster.departedRecord(peer)
    if (departed === undefined || !departed.record.left) return undefined
    const ageMs = Math.floor(this.state.now() - departed.sinceMs)
    return ageMs < this.state.lifetimes.memberMs ? { record: departed.record, ageMs } : undefined
  }
}
