import { type Environment, type Key, keyHash32, type PeerHandle } from '@onehop/overlay'
import { shuffled } from '@onehop/primitives'
import { ByteBudget } from './byte-budget.ts'
import { Filetuples, type PointerId } from './filetuples.ts'
import { GossipQueue } from './gossip-queue.ts'
import { firstHash, groupOfHash, holderGroups, lastHash } from './groups.ts'
import { Handles } from './handles.ts'
import { MIN_HOLDERS, TAUGHT_MEMBERS } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { KelipsMessage } from './messages.ts'
import type { KelipsOptions } from './options.ts'
import { OwnRecord } from './own-record.ts'
import { Roster } from './roster.ts'

/** Entering, entered, out of touch with everybody it knew of, or gone. */
export type Phase = 'new' | 'joining' | 'joined' | 'left'

/** What all parts of a machine share: the tables and the node's own view of who is responsible for what. */
export class KelipsState {
  readonly environment: Environment<KelipsMessage>
  readonly options: KelipsOptions
  readonly handles: Handles
  readonly roster: Roster
  readonly filetuples = new Filetuples()
  readonly own: OwnRecord
  readonly budget: ByteBudget
  /** What to tell members of the own group about members and contacts. */
  readonly inward = new GossipQueue<PeerHandle>()
  /** What to tell contacts about members and contacts. */
  readonly outward = new GossipQueue<PeerHandle>()
  /** What to tell members of the own group about filetuples. */
  readonly tuples = new GossipQueue<PointerId>()
  phase: Phase = 'new'
  /** The filetuples that the node is responsible for have been pulled: its silence about a key means something. */
  settled = false

  constructor(environment: Environment<KelipsMessage>, options: KelipsOptions) {
    this.environment = environment
    this.options = options
    this.handles = new Handles(environment)
    this.roster = new Roster(environment, this.handles, options)
    this.own = new OwnRecord(environment, options.heartbeatIntervalMs)
    this.budget = new ByteBudget(options.gossipBytesPerSecond, environment.now())
  }

  now(): number {
    return this.environment.now()
  }

  nowS(): number {
    return Math.floor(this.environment.now() / 1000)
  }

  homeOf(key: Key): number {
    return groupOfHash(keyHash32(key), this.options.groups)
  }

  /** Groups that hold keys of this home group, by this node's view; the first is the primary one. */
  holdersOf(home: number): number[] {
    return holderGroups(home, this.options.groups, MIN_HOLDERS, this.roster.occupancy)
  }

  /** Whether this node is to hold the key, by its own view. */
  isHolder(key: Key): boolean {
    return this.holdersOf(this.homeOf(key)).includes(this.roster.ownGroup)
  }

  /** Whether this node is in the group that answers for the key first. */
  isPrimary(key: Key): boolean {
    return this.holdersOf(this.homeOf(key))[0] === this.roster.ownGroup
  }

  /** Hashes of the keys that this node is to hold: its own group's, and those of groups before that need help. */
  heldRange(): { low: number; high: number } {
    const { groups } = this.options
    const { ownGroup } = this.roster
    let first = ownGroup
    for (let step = 1; step < groups; step++) {
      const group = (ownGroup - step + groups) % groups
      if (!this.holdersOf(group).includes(ownGroup)) break
      first = group
    }
    return { low: firstHash(first, groups), high: lastHash(ownGroup, groups) }
  }

  /** The record of a peer in the tables, with its age by now. */
  entryOf(peer: PeerHandle): MemberEntry | undefined {
    const record = this.roster.recordOf(peer)
    const ageMs = Math.max(0, Math.floor(this.now() - this.roster.signedMsOf(peer)))
    return record && { record, ageMs }
  }

  /** The records of those of the peers that are in the tables. */
  entriesOf(peers: readonly PeerHandle[]): MemberEntry[] {
    return peers.map(peer => this.entryOf(peer)).filter(entry => entry !== undefined)
  }

  /** Records of members that are to hold the key, drawn at random, for somebody who asks in the wrong place. */
  teachersOf(key: Key, asker: PeerHandle): MemberEntry[] {
    const groups = this.holdersOf(this.homeOf(key))
    const known = groups.flatMap(group => this.roster.inGroup(group))
    const useful = known.filter(peer => peer !== asker && !this.roster.isSuspect(peer))
    const drawn = shuffled(() => this.environment.random(), useful).slice(0, TAUGHT_MEMBERS)
    return this.entriesOf(drawn)
  }

  /** Members of a group from the best to ask to the worst: those that answer, the nearest first. */
  ranked(group: number): PeerHandle[] {
    const scored = this.roster.inGroup(group).map(peer => ({ peer, score: this.roster.score(peer) }))
    return scored.sort((a, b) => a.score - b.score).map(({ peer }) => peer)
  }
}
