import type { Environment, PeerHandle } from '@onehop/overlay'
import { firstHash, groupOfHash, holderGroups, lastHash } from './groups.ts'
import { MAX_CANDIDATES, MIN_HOLDERS } from './limits.ts'
import type { MemberRecord } from './member-record.ts'
import { covers, type FixedPartition, type PrefixPartition, prefixOf } from './partition.ts'
import type { Roster } from './roster.ts'

/** Hashes from `low` to `high`, wrapping past 2^32. */
export interface HashRange {
  readonly low: number
  readonly high: number
}

/** The hashes that begin with this prefix of `depth` bits. */
export function rangeOf(prefix: number, depth: number): HashRange {
  return { low: firstHash(prefix, 2 ** depth), high: lastHash(prefix, 2 ** depth) }
}

/** Who is to hold what has which hash, by this node's view. */
export interface Holders {
  /** Whether this node takes it in. */
  isHolder(hash32: number): boolean
  /** Whether this node answers for it first, without asking others. */
  isPrimary(hash32: number): boolean
  /** Whether others are to be told that this node is not the one to hold it, though it may for a while. */
  isMisplaced(hash32: number): boolean
  /** Whether this node has all of it, once it is settled. */
  isComplete(hash32: number): boolean
  /** Hashes of what this node takes in. */
  readonly range: HashRange
  /** Known live peers that are to hold it, in the tiers in which they are to be asked; not too many of them. */
  coveringTiers(hash32: number): PeerHandle[][]
  /** Known live peers that have held until now what this node takes in. */
  sources(): PeerHandle[]
  /** Known live peers whose hashes are the nearest: they know better who is to hold it. */
  nearestPeers(hash32: number): PeerHandle[]
  /** Whether a peer with this record, known or not, is to hold it. */
  recordCovers(peer: PeerHandle, record: MemberRecord, hash32: number): boolean
  /** Names those who are to hold it: when a name comes that was not there before, it must be brought to them. */
  placesOf(hash32: number): readonly number[]
}

/** The peers from the best to ask to the worst: those that answer, the nearest first. */
export function ranked(roster: Roster, peers: readonly PeerHandle[]): PeerHandle[] {
  const scored = peers.map(peer => ({ peer, score: roster.score(peer) }))
  return scored.sort((a, b) => a.score - b.score).map(({ peer }) => peer)
}

/** With a fixed number of groups: the home group and the next groups that are not empty (see README). */
export class FixedHolders implements Holders {
  private readonly roster: Roster
  private readonly partition: FixedPartition

  constructor(roster: Roster, partition: FixedPartition) {
    this.roster = roster
    this.partition = partition
  }

  isHolder(hash32: number): boolean {
    return this.placesOf(hash32).includes(this.partition.ownGroup)
  }

  isPrimary(hash32: number): boolean {
    return this.placesOf(hash32)[0] === this.partition.ownGroup
  }

  isMisplaced(hash32: number): boolean {
    return !this.isHolder(hash32)
  }

  isComplete(hash32: number): boolean {
    return this.isHolder(hash32)
  }

  /** The own group's hashes, and those of groups before it that need help. */
  get range(): HashRange {
    const { ownGroup, buckets } = this.partition
    let first = ownGroup
    for (let step = 1; step < buckets; step++) {
      const group = (ownGroup - step + buckets) % buckets
      if (!this.holdersOf(group).includes(ownGroup)) break
      first = group
    }
    return { low: firstHash(first, buckets), high: lastHash(ownGroup, buckets) }
  }

  coveringTiers(hash32: number): PeerHandle[][] {
    return this.placesOf(hash32).map(group => this.roster.inGroup(group))
  }

  /** The own group; after it, the next group that is not empty, which has answered for ours. */
  sources(): PeerHandle[] {
    const { ownGroup, buckets } = this.partition
    const own = ranked(this.roster, this.roster.inGroup(ownGroup))
    for (let step = 1; step < buckets; step++) {
      const next = this.roster.inGroup((ownGroup + step) % buckets)
      if (next.length > 0) return [...own, ...ranked(this.roster, next)]
    }
    return own
  }

  /** The groups that follow the home group. */
  nearestPeers(hash32: number): PeerHandle[] {
    const { buckets } = this.partition
    const home = groupOfHash(hash32, buckets)
    const near: PeerHandle[] = []
    for (let step = 0; step < buckets && near.length < MAX_CANDIDATES; step++)
      near.push(...this.roster.inGroup((home + step) % buckets))
    return near
  }

  recordCovers(peer: PeerHandle, _record: MemberRecord, hash32: number): boolean {
    return this.placesOf(hash32).includes(this.roster.groupOf(peer))
  }

  placesOf(hash32: number): readonly number[] {
    return this.holdersOf(groupOfHash(hash32, this.partition.buckets))
  }

  private holdersOf(home: number): number[] {
    return holderGroups(home, this.partition.buckets, MIN_HOLDERS, this.roster.occupancy)
  }
}

const NO_PLACES: readonly number[] = []

/**
 * Where k tunes itself: whoever shares its first bits with the hash, as many as its own depth says. Three depths of
 * this node differ while it changes its mind: the one that it says it has, the one that its tables have, and the one
 * of which they are complete.
 */
export class PrefixHolders implements Holders {
  /** What its record says. */
  saidDepth = 0
  /** Of this depth it has pulled everything. */
  completeDepth = 0
  private readonly environment: Environment<never>
  private readonly roster: Roster

  constructor(environment: Environment<never>, roster: Roster) {
    this.environment = environment
    this.roster = roster
  }

  private get partition(): PrefixPartition {
    return this.roster.partition as PrefixPartition
  }

  private get ownHash(): number {
    return this.environment.hash32(this.environment.self)
  }

  isHolder(hash32: number): boolean {
    return this.partition.isOwn(hash32)
  }

  isPrimary(hash32: number): boolean {
    return covers(this.saidDepth, this.ownHash, hash32)
  }

  isMisplaced(hash32: number): boolean {
    return !covers(this.saidDepth, this.ownHash, hash32)
  }

  isComplete(hash32: number): boolean {
    return covers(Math.max(this.saidDepth, this.completeDepth), this.ownHash, hash32)
  }

  get range(): HashRange {
    const { depth } = this.partition
    return rangeOf(prefixOf(this.ownHash, depth), depth)
  }

  /** Buckets are searched from the hash's own outwards: peers of a smaller depth are found in those beside it. */
  coveringTiers(hash32: number): PeerHandle[][] {
    const found: PeerHandle[] = []
    this.search(hash32, BUCKETS_OF_COVERING_PEERS, bucket => {
      for (const peer of this.roster.inGroup(bucket)) {
        if (this.peerCovers(peer, hash32)) found.push(peer)
        if (found.length >= MAX_CANDIDATES) return true
      }
      return false
    })
    return [found]
  }

  /** Members of what the tables cover; who is alone there asks whoever is the nearest. */
  sources(): PeerHandle[] {
    const members = ranked(this.roster, this.roster.view())
    return members.length > 0 ? members : this.nearestPeers(this.ownHash)
  }

  recordCovers(peer: PeerHandle, { depth }: MemberRecord, hash32: number): boolean {
    return covers(depth, this.environment.hash32(peer), hash32)
  }

  nearestPeers(hash32: number): PeerHandle[] {
    const found: PeerHandle[] = []
    this.search(hash32, this.partition.buckets, bucket => {
      this.roster.gather(bucket, found, ENOUGH_NEAREST)
      return found.length >= ENOUGH_NEAREST
    })
    return found
  }

  /** Depths change without the owners' help: who covers more pulls it. */
  placesOf(): readonly number[] {
    return NO_PLACES
  }

  /** By the depth that it says it has. */
  private peerCovers(peer: PeerHandle, hash32: number): boolean {
    const depth = this.roster.recordOf(peer)?.depth ?? 0
    return covers(depth, this.environment.hash32(peer), hash32)
  }

  /** Visits buckets in the order of their distance (exclusive or) from the hash, until told to stop. */
  private search(hash32: number, most: number, visit: (bucket: number) => boolean): void {
    const { buckets } = this.partition
    const home = this.partition.bucketOf(hash32)
    for (let distance = 0; distance < Math.min(most, buckets); distance++) if (visit(home ^ distance)) return
  }
}

/** Peers up to two levels less deep than this node's tables are found in so many buckets. */
const BUCKETS_OF_COVERING_PEERS = 8

/** So many of the nearest peers are enough to ask for better ones. */
const ENOUGH_NEAREST = 8
