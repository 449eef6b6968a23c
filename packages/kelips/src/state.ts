import { type Environment, Handles, type Key, keyHash32, type PeerHandle } from '@onehop/overlay'
import { shuffled } from '@onehop/primitives'
import { ByteBudget } from './byte-budget.ts'
import { kelipsCodec } from './codec.ts'
import type { Filetuples } from './filetuples.ts'
import { groupOfHash } from './groups.ts'
import { FixedHolders, type Holders, PrefixHolders, ranked } from './holders.ts'
import { Lifetimes } from './lifetimes.ts'
import { DIAL_COST_BYTES, FRAME_BYTES, TAUGHT_MEMBERS } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { KelipsMessage } from './messages.ts'
import { NewsQueue } from './news-queue.ts'
import type { KelipsOptions } from './options.ts'
import { OwnRecord } from './own-record.ts'
import { covers, FixedPartition, type Partition, PrefixPartition } from './partition.ts'
import { NO_SLOT } from './peer-rows.ts'
import { type Census, Population } from './population.ts'
import { Roster } from './roster.ts'
import { makeTables, type TableKind } from './tables.ts'
import { Trust } from './trust.ts'

/** Entering, entered, out of touch with everybody it knew of, or gone. */
export type Phase = 'new' | 'joining' | 'joined' | 'left'

/** What all parts of a machine share: the tables and the node's own view of who is responsible for what. */
export class KelipsState {
  readonly environment: Environment<KelipsMessage>
  readonly options: KelipsOptions
  readonly handles: Handles
  readonly roster: Roster
  /** Who is responsible for what. */
  readonly holders: Holders
  /** The same where k tunes itself. */
  readonly prefixes: PrefixHolders | undefined
  /** Who was caught lying, and who may have. */
  readonly trust: Trust
  readonly filetuples: Filetuples
  readonly own: OwnRecord
  readonly budget: ByteBudget
  /** How large the network is, by what others say; only where k tunes itself. */
  readonly population: Population | undefined
  /** How long what is heard of a peer counts. */
  readonly lifetimes: Lifetimes
  /** Members that have come or left, of whom the own group is to know at once. */
  readonly memberNews = new NewsQueue()
  /** Filetuples that have come or changed, by their slots. */
  readonly tupleNews = new NewsQueue()
  private silentMembers = 0
  phase: Phase = 'new'
  /** The filetuples that the node is responsible for have been pulled: its silence about a key means something. */
  settled = false

  constructor(environment: Environment<KelipsMessage>, options: KelipsOptions, kind: TableKind) {
    this.environment = environment
    this.options = options
    this.handles = new Handles(environment)
    const { groups, contactsPerGroup } = options
    const { records, filetuples } = makeTables(kind, () => environment.random())
    this.filetuples = filetuples
    const ownHash = environment.hash32(environment.self)
    if (groups === 'auto') {
      const partition = new PrefixPartition(0, ownHash, contactsPerGroup)
      this.roster = new Roster(environment, this.handles, partition, records)
      this.prefixes = new PrefixHolders(environment, this.roster)
      this.population = new Population()
      this.holders = this.prefixes
    } else {
      const partition = new FixedPartition(groups, ownHash, contactsPerGroup)
      this.roster = new Roster(environment, this.handles, partition, records)
      this.holders = new FixedHolders(this.roster, partition)
    }
    this.trust = new Trust(environment, this.handles, this.roster)
    this.lifetimes = new Lifetimes(options)
    this.own = new OwnRecord(environment, this.lifetimes)
    this.budget = new ByteBudget(options.gossipBytesPerSecond, environment.now())
  }

  /** Bytes of memory that the tables take, without what the nodes of a simulation have in common. */
  get memoryBytes(): number {
    return this.roster.table.byteLength + this.filetuples.byteLength
  }

  now(): number {
    return this.environment.now()
  }

  nowS(): number {
    return Math.floor(this.environment.now() / 1000)
  }

  /** What messages say of the number of groups: networks of different numbers do not mix. 0: it tunes itself. */
  get statedGroups(): number {
    return this.options.groups === 'auto' ? 0 : this.options.groups
  }

  /** How large the network looks from the own tables; undefined where they are not full, or k is fixed. */
  ownCensus(): Census | undefined {
    const { prefixes, partition, roster, filetuples } = this
    if (prefixes === undefined || !this.settled) return undefined
    const groups = partition.buckets / 2
    const members = Math.max(0, roster.viewSize - this.silentMembers) + 1
    return { nodes: members * groups, files: filetuples.size * groups }
  }

  /** Counts members of whom nothing was heard for long: they are likely dead, and do not make the network larger. */
  countSilentMembers(): void {
    const { roster, lifetimes } = this
    const heardSinceMs = this.now() - lifetimes.suspectMs
    let silent = 0
    for (let slot = 0; slot < roster.viewSize; slot++)
      if (roster.isSuspectAt(slot) || roster.table.rows.heardMsAt(slot) < heardSinceMs) silent++
    this.silentMembers = silent
  }

  /** The same as messages have it. */
  statedCensus(): { readonly census?: Census } {
    const census = this.ownCensus()
    return census === undefined ? {} : { census }
  }

  /** The node takes over the depth of those through whom it enters. */
  takeDepth(depth: number): void {
    if (this.prefixes === undefined) return
    this.prefixes.saidDepth = depth
    this.prefixes.completeDepth = depth
    this.own.depth = depth
    this.setTableDepth(depth)
  }

  /** The tables divide the hashes into groups of this depth from now on. */
  setTableDepth(depth: number): void {
    const { environment, options, roster } = this
    const ownHash = environment.hash32(environment.self)
    roster.reshape(new PrefixPartition(depth, ownHash, options.contactsPerGroup))
  }

  /** Number of groups, as this node sees it. */
  get groupCount(): number {
    return this.options.groups === 'auto' ? 2 ** this.own.depth : this.options.groups
  }

  /** The group that this node says it is in. */
  get ownGroup(): number {
    return groupOfHash(this.environment.hash32(this.environment.self), this.groupCount)
  }

  get partition(): Partition {
    return this.roster.partition
  }

  /** Whether this node is to hold the key, by its own view. */
  isHolder(key: Key): boolean {
    return this.holders.isHolder(keyHash32(key))
  }

  /** Whether this node has everything that is published under keys of this hash: its silence means something. */
  isSettledFor(hash32: number): boolean {
    return this.settled && this.holders.isComplete(hash32)
  }

  /** Known live peers that are to hold what has this hash, the best to ask first. */
  coveringPeers(hash32: number): PeerHandle[] {
    return this.holders.coveringTiers(hash32).flatMap(tier => ranked(this.roster, tier))
  }

  /** Tells which peers are in the same group as this one, by the partition of this node. */
  kinOf(peer: PeerHandle): (other: PeerHandle) => boolean {
    const { environment, partition } = this
    if (partition instanceof PrefixPartition) {
      const hash32 = environment.hash32(peer)
      return other => covers(partition.depth, hash32, environment.hash32(other))
    }
    const group = partition.bucketOf(environment.hash32(peer))
    return other => partition.bucketOf(environment.hash32(other)) === group
  }

  /** The record of a peer in the tables, with its age by now. */
  entryOf(peer: PeerHandle): MemberEntry | undefined {
    const slot = this.roster.slotOf(peer)
    return slot === NO_SLOT ? undefined : this.roster.entryAt(slot)
  }

  /** The records of those of the peers that are in the tables. */
  entriesOf(peers: readonly PeerHandle[]): MemberEntry[] {
    return peers.map(peer => this.entryOf(peer)).filter(entry => entry !== undefined)
  }

  /** Records of peers that are to hold it, or know better, drawn at random, for somebody who asks in the wrong place. */
  teachersOf(hash32: number, asker: PeerHandle): MemberEntry[] {
    const isUseful = (peer: PeerHandle) => peer !== asker && !this.roster.isSuspect(peer)
    const covering = this.holders.coveringTiers(hash32).flat().filter(isUseful)
    const known = covering.length > 0 ? covering : this.holders.nearestPeers(hash32).filter(isUseful)
    const drawn = shuffled(() => this.environment.random(), known).slice(0, TAUGHT_MEMBERS)
    return this.entriesOf(drawn)
  }

  /** Sends a message of the background, at its whole price: with its framing, and with the dial that it needs. */
  sendInBackground(peer: PeerHandle, message: KelipsMessage): void {
    this.charge(peer, kelipsCodec.encodedLength(message))
    this.environment.send(peer, message)
  }

  /** Sends a large message for a joiner, which the background pays back little by little. */
  sendOnLoan(peer: PeerHandle, message: KelipsMessage): void {
    this.budget.lend(kelipsCodec.encodedLength(message) + FRAME_BYTES)
    this.environment.send(peer, message)
  }

  /** Charges the budget for a message of so many bytes to this peer. */
  charge(peer: PeerHandle, bytes: number): void {
    const dial = this.environment.isConnected(peer) ? 0 : 2 * DIAL_COST_BYTES
    this.budget.spend(bytes + FRAME_BYTES + dial)
  }
}
