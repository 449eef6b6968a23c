import type { Environment, PeerHandle } from '@onehop/overlay'
import { prefixOfAll } from './address-prefix.ts'
import {
  MAX_KNOWN_PEERS,
  MAX_VIEW_MEMBERS,
  SAME_NETWORK_MS,
  STALE_CONTACT_MS,
  STRANGER_RTT_MS,
  UNKNOWN_RTT_MS,
} from './limits.ts'
import type { MemberRecord } from './member-record.ts'
import { NO_SLOT } from './peer-rows.ts'
import type { PeerTable } from './peer-table.ts'

/** A hundred times what the distance of a contact counts at most: of a large group the best one or two lots must win. */
const MOST_LOT_MS = 40_000
const LOT_MS_PER_UNIT = MOST_LOT_MS / 0x1_0000_0000

/** Which contacts are kept when more could be. */
export class ContactChoice {
  /** A contact of whom something was heard within this time has no fault. */
  staleMs = STALE_CONTACT_MS
  private readonly environment: Environment<never>
  private readonly table: PeerTable

  constructor(environment: Environment<never>, table: PeerTable) {
    this.environment = environment
    this.table = table
  }

  /**
   * Whose slot a peer that is not live in the tables may have: {@link NO_SLOT} when there is room, undefined when
   * nobody gives way. It is not who comes first or is told of most: colluders would be. Each node draws a lot of its
   * own for every peer, and the best lots stay (Brahms' min-wise sampling), so that a third of liars get a third of the
   * places, and other nodes' contacts are others. Silence counts more the longer it lasts, and not all at once, for
   * liars are never silent; distance counts a little; and much that another contact is in the same network.
   */
  victimFor(peer: PeerHandle, record: MemberRecord, ageMs: number): number | undefined {
    const { table } = this
    const { partition } = table
    const hash = this.environment.hash32(peer)
    if (partition.isOwn(hash)) return table.viewCount < MAX_VIEW_MEMBERS ? this.anyRoom() : undefined
    const bucket = partition.bucketOf(hash)
    const count = table.contactsIn(bucket)
    if (count < partition.capacityOf(bucket)) return this.anyRoom()
    const ownBadness = STRANGER_RTT_MS + this.lotMsOf(hash)
    const leastBadness = count > 1 ? ownBadness - SAME_NETWORK_MS : ownBadness
    if (ageMs >= this.staleMs || !this.isAnyWorse(bucket, leastBadness)) return undefined
    const present = table.contactSlots(bucket)
    let victim: number | undefined
    let worst = ownBadness + this.crowding(record, present, NO_SLOT)
    for (const slot of present) {
      const badness = this.badnessAt(slot) + this.crowding(table.records.at(slot), present, slot)
      if (badness <= worst) continue
      worst = badness
      victim = slot
    }
    return victim
  }

  /** Most strangers come in vain: to find that out, nothing is made and no record is looked at. */
  private isAnyWorse(bucket: number, badness: number): boolean {
    const { table } = this
    for (let slot = table.firstContact(bucket); slot !== NO_SLOT; slot = table.nextContact(slot))
      if (this.badnessAt(slot) > badness) return true
    return false
  }

  private anyRoom(): number | undefined {
    return this.table.size < MAX_KNOWN_PEERS ? NO_SLOT : undefined
  }

  /** How bad a contact is, whoever else is in its bucket. */
  private badnessAt(slot: number): number {
    const { rows } = this.table
    if (rows.isSuspectAt(slot)) return Number.MAX_SAFE_INTEGER
    const lateMs = Math.max(0, this.environment.now() - rows.heardMsAt(slot) - this.staleMs)
    const faultMs = (lateMs / this.staleMs) * (MOST_LOT_MS / 2)
    const hash = this.environment.hash32(rows.peerAt(slot))
    return (rows.rttMsAt(slot) ?? UNKNOWN_RTT_MS) + this.lotMsOf(hash) + faultMs
  }

  /**
   * The lot that this node has drawn for a peer, from its hash and the own one (MurmurHash3's finalizer). Both draw the
   * same for one another, so that many contacts are mutual, and one connection serves both.
   */
  private lotMsOf(hash32: number): number {
    let lot = hash32 ^ this.environment.hash32(this.environment.self)
    lot = Math.imul(lot ^ (lot >>> 16), 0x85ebca6b)
    lot = Math.imul(lot ^ (lot >>> 13), 0xc2b2ae35)
    return ((lot ^ (lot >>> 16)) >>> 0) * LOT_MS_PER_UNIT
  }

  /** What it counts against a contact that another of its bucket is in the same network. */
  private crowding(record: MemberRecord, present: readonly number[], own: number): number {
    if (present.length === 1) return 0
    const network = prefixOfAll(record.addresses)
    if (network === undefined) return 0
    const { records } = this.table
    const isShared = present.some(slot => slot !== own && prefixOfAll(records.at(slot).addresses) === network)
    return isShared ? SAME_NETWORK_MS : 0
  }
}
