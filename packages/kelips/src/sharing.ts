import type { PeerHandle } from '@onehop/overlay'
import { BoundedMap, shuffled, TokenBucket } from '@onehop/primitives'
import { kelipsCodec, memberCost, pointerCost } from './codec.ts'
import type { Gossip } from './gossip.ts'
import { isInRange } from './groups.ts'
import type { HashRange } from './holders.ts'
import type { Intake } from './intake.ts'
import {
  BUSY_SHARE_BYTES,
  BUSY_SHARE_MEMBERS,
  FIRST_SHARE_MEMBERS,
  MAX_KNOWN_ASKERS,
  MAX_SHARE_BYTES,
  SHARE_BURST_BYTES,
  SHARE_BURST_BYTES_PER_PEER,
  SHARE_BYTES_PER_SECOND,
  SHARE_BYTES_PER_SECOND_PER_PEER,
} from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Pull, Share } from './messages.ts'
import type { KelipsState } from './state.ts'

/** Part of a share that members may fill where filetuples are wanted too. */
const MEMBER_PART = 0.5

/** Hashes of all peers. */
const EVERYBODY: HashRange = { low: 0, high: 0xffff_ffff }

/** Some members, and how many rows of the tables to pass over for the next ones; 0: there are none. */
interface Rows {
  readonly members: MemberEntry[]
  readonly skip: number
}

/**
 * Serves joiners with large shares of the tables. What this costs beyond the budget is paid back by shorter gossip; it
 * is limited in all and for each peer. Who asks for more is told whom else to ask.
 */
export class Sharing {
  private readonly state: KelipsState
  private readonly intake: Intake
  private readonly gossip: Gossip
  private bucket: TokenBucket | undefined
  private perPeer: BoundedMap<PeerHandle, TokenBucket> | undefined

  constructor(state: KelipsState, intake: Intake, gossip: Gossip) {
    this.state = state
    this.intake = intake
    this.gossip = gossip
  }

  onPull(from: PeerHandle, pull: Pull): void {
    if (!this.gossip.isAcceptable(from, pull)) return
    this.intake.members([pull.sender], from)
    if (!this.isAffordable(BUSY_SHARE_BYTES, from)) return
    const share = this.share(from, pull)
    const length = kelipsCodec.encodedLength(share)
    this.state.sendOnLoan(from, this.isAffordable(length, from) ? share : this.busy(from, pull))
  }

  private share(from: PeerHandle, pull: Pull): Share {
    const { filetuples } = this.state
    const maxBytes = pull.filetuples ? MAX_SHARE_BYTES * MEMBER_PART : MAX_SHARE_BYTES
    const limit = Math.min(pull.limit, FIRST_SHARE_MEMBERS)
    const { members, skip } =
      pull.filetuples || pull.skip > 0
        ? this.rows(from, pull, limit, maxBytes)
        : { members: this.drawn(from, pull, limit, maxBytes), skip: 0 }
    const used = members.reduce((sum, entry) => sum + memberCost(entry), 0)
    const page = pull.filetuples
      ? filetuples.page({ ...pull, after: pull.key }, MAX_SHARE_BYTES - used, pointerCost)
      : { pointers: [], more: false }
    return { ...this.empty(pull), members, skip, ...page }
  }

  /** Nothing but a few others to ask. */
  private busy(from: PeerHandle, pull: Pull): Share {
    return {
      ...this.empty(pull),
      members: this.drawn(from, EVERYBODY, BUSY_SHARE_MEMBERS, MAX_SHARE_BYTES),
      settled: false,
      busy: true,
    }
  }

  private empty({ request }: Pull): Share {
    const { own, settled, statedGroups } = this.state
    return {
      type: 'share',
      request,
      groups: statedGroups,
      sender: own.entry(),
      ...this.state.statedCensus(),
      members: [],
      skip: 0,
      pointers: [],
      more: false,
      settled,
      busy: false,
    }
  }

  /** All members of the range, a page at a time; to a member of the own group everybody. */
  private rows(from: PeerHandle, pull: Pull, limit: number, maxBytes: number): Rows {
    const { roster, partition, environment } = this.state
    const isInside = partition.isOwn(environment.hash32(from))
    const isUseful = (peer: PeerHandle) =>
      peer !== from &&
      !roster.isSuspect(peer) &&
      (isInside || isInRange(environment.hash32(peer), pull.low, pull.high))
    const members: MemberEntry[] = []
    let left = maxBytes
    let row = pull.skip
    for (; row < roster.size && members.length < limit; row++) {
      const entry = isUseful(roster.at(row)) ? this.state.entryOf(roster.at(row)) : undefined
      if (entry === undefined) continue
      left -= memberCost(entry)
      if (left < 0) break
      members.push(entry)
    }
    return { members, skip: row < roster.size && limit > 0 ? row : 0 }
  }

  /** Of the range, members of the asker's own group first, then everybody else, drawn at random, as many as fit. */
  private drawn(from: PeerHandle, { low, high }: HashRange, limit: number, maxBytes: number): MemberEntry[] {
    const { roster, environment } = this.state
    const isKin = this.state.kinOf(from)
    const isUseful = (peer: PeerHandle) =>
      peer !== from && !roster.isSuspect(peer) && isInRange(environment.hash32(peer), low, high)
    const all = shuffled(() => environment.random(), [...roster.peers()].filter(isUseful))
    const ordered = [...all.filter(isKin), ...all.filter(peer => !isKin(peer))]
    let left = maxBytes
    const entries: MemberEntry[] = []
    for (const entry of this.state.entriesOf(ordered.slice(0, limit))) {
      left -= memberCost(entry)
      if (left < 0) break
      entries.push(entry)
    }
    return entries
  }

  private isAffordable(bytes: number, to: PeerHandle): boolean {
    const nowMs = this.state.now()
    this.perPeer ??= new BoundedMap(MAX_KNOWN_ASKERS)
    let own = this.perPeer.touch(to)
    if (own === undefined) {
      own = new TokenBucket(SHARE_BYTES_PER_SECOND_PER_PEER, SHARE_BURST_BYTES_PER_PEER, nowMs)
      this.perPeer.set(to, own)
    }
    this.bucket ??= new TokenBucket(SHARE_BYTES_PER_SECOND, SHARE_BURST_BYTES, nowMs)
    return own.take(bytes, nowMs) && this.bucket.take(bytes, nowMs)
  }
}
