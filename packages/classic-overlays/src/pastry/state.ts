import {
  type Environment,
  Handles,
  internEntry,
  ownEntry,
  type PeerAddress,
  type PeerEntry,
  type PeerHandle,
} from '@onehop/overlay'
import { BoundedMap, bytesKey, equalBytes, invalid, TokenBucket, type Verdict } from '@onehop/primitives'
import type { Contact, Placing } from './contact.ts'
import { entryBytes } from './encoding.ts'
import { LeafSet } from './leaf-set.ts'
import { MAX_DEPARTED, STRANGERS_AT_ONCE, STRANGERS_PER_SECOND } from './limits.ts'
import type { PastryMessage } from './messages.ts'
import { Neighbourhood } from './neighbourhood.ts'
import { type NodeId, nodeIdOf } from './node-id.ts'
import type { PastryOptions } from './options.ts'
import { RoutingTable } from './routing-table.ts'

/** `entering`: others know us already, and we fetch the pointers that we are to hold. */
export type Phase = 'new' | 'joining' | 'entering' | 'member' | 'left'

/** Somebody who was in the tables and is silent now. */
export interface Departed {
  readonly entry: PeerEntry
  readonly atMs: number
}

/** What the parts of the machine work on: who is known, and where they stand. */
export class PastryState {
  readonly environment: Environment<PastryMessage>
  readonly options: PastryOptions
  readonly handles: Handles
  readonly ownId: NodeId
  readonly leafSet: LeafSet
  readonly table: RoutingTable
  readonly neighbourhood: Neighbourhood
  readonly departed = new BoundedMap<string, Departed>(MAX_DEPARTED)
  phase: Phase = 'new'
  /** The leaf set has changed. */
  onLeafChange: () => void = () => {}
  private readonly contacts = new Map<PeerHandle, Contact>()
  private readonly strangers: TokenBucket
  private peerBytes = 0
  private ownNow: PeerEntry
  private ownAddresses: readonly PeerAddress[] = []

  constructor(environment: Environment<PastryMessage>, options: PastryOptions) {
    this.environment = environment
    this.options = options
    this.handles = new Handles(environment)
    this.strangers = new TokenBucket(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE, environment.now())
    this.handles.isKept = peer => this.contacts.has(peer)
    this.ownNow = ownEntry(environment)
    this.ownId = nodeIdOf(this.ownNow.id)
    this.leafSet = new LeafSet(this.ownId, options.leafSetSize)
    this.table = new RoutingTable(this.ownId, options.digitBits)
    this.neighbourhood = new Neighbourhood(options.neighbourhoodSize)
  }

  now(): number {
    return this.environment.now()
  }

  nowS(): number {
    return Math.floor(this.environment.now() / 1000)
  }

  /** Others route through us, and we through them. */
  get isInNetwork(): boolean {
    return this.phase === 'member' || this.phase === 'entering'
  }

  get contactCount(): number {
    return this.contacts.size
  }

  /** Bytes of all contacts, as messages carry them. */
  get contactBytes(): number {
    return this.peerBytes
  }

  all(): IterableIterator<Contact> {
    return this.contacts.values()
  }

  contactOf(peer: PeerHandle): Contact | undefined {
    return this.contacts.get(peer)
  }

  /** This node as others can reach it now. The same object for as long as it says the same. */
  get own(): PeerEntry {
    const addresses = this.environment.addresses()
    if (addresses === this.ownAddresses) return this.ownNow
    this.ownAddresses = addresses
    const entry = ownEntry(this.environment)
    const known = this.ownNow.addresses
    const isSame =
      entry.addresses.length === known.length &&
      entry.addresses.every((address, i) => equalBytes(address, known[i]!))
    if (!isSame) this.ownNow = entry
    return this.ownNow
  }

  /** Something has come from the peer. */
  heard(peer: PeerHandle): void {
    const contact = this.contacts.get(peer)
    if (contact === undefined) return
    contact.heardMs = this.now()
    contact.isSuspect = false
  }

  /**
   * Takes a peer that has just made itself known into every table where it fits.
   * @param rttMs Infinity when it is not known yet.
   * @returns the contact, when any table has taken it.
   */
  admit(peer: PeerHandle, entry: PeerEntry, rttMs: number): Contact | undefined {
    if (peer === this.environment.self) return undefined
    this.departed.delete(bytesKey(entry.id))
    const known = this.contacts.get(peer)
    const contact = known ?? this.made(peer, entry, rttMs)
    if (known !== undefined) this.update(known, entry, rttMs)
    const placings = [this.table.offer(contact), this.neighbourhood.offer(contact), this.leafSet.add(contact)]
    const isNew = known === undefined && placings.some(({ isPlaced }) => isPlaced)
    if (isNew) this.keep(contact)
    this.dropDisplaced(placings)
    if (placings[2]!.isPlaced) this.onLeafChange()
    return this.contacts.get(peer)
  }

  /** A round-trip time has been measured. */
  measured(contact: Contact, rttMs: number): void {
    contact.rttMs = rttMs
    this.dropDisplaced([this.neighbourhood.offer(contact)])
  }

  /** Takes the contact out of all tables. @returns whether it was in the leaf set. */
  forget(contact: Contact): boolean {
    const wasLeaf = this.leafSet.remove(contact)
    this.table.remove(contact)
    this.neighbourhood.remove(contact)
    this.dropIfUnused(contact)
    if (wasLeaf && this.contacts.size === this.leafSet.members.length) this.leafSet.refill()
    if (wasLeaf) this.onLeafChange()
    return wasLeaf
  }

  /** Sends to the origin of a routed message: others have said who that is, so there is a limit to how many are dialled. */
  answer(origin: PeerEntry, message: PastryMessage): void {
    const { environment, handles, strangers } = this
    handles.while(internEntry(environment, origin), peer => {
      if (peer === environment.self) return
      if (environment.isConnected(peer) || strangers.take(1, this.now())) environment.send(peer, message)
    })
  }

  /** Asks the driver to hold something against a peer. */
  blame(peer: PeerHandle, verdict: Verdict): void {
    if (peer !== this.environment.self) this.environment.penalise(peer, verdict)
  }

  /** Whether an entry names the peer that sent it; who gives another's name is to blame. */
  isSender(peer: PeerHandle, entry: PeerEntry): boolean {
    const isTrue = equalBytes(this.environment.idOf(peer), entry.id)
    if (!isTrue) this.blame(peer, invalid('pastry-false-sender'))
    return isTrue
  }

  clear(): void {
    this.leafSet.clear()
    this.table.clear()
    this.neighbourhood.clear()
    this.departed.clear()
    const peers = [...this.contacts.keys()]
    this.contacts.clear()
    this.peerBytes = 0
    for (const peer of peers) this.handles.letGo(peer)
  }

  private made(peer: PeerHandle, entry: PeerEntry, rttMs: number): Contact {
    const id = nodeIdOf(entry.id)
    return { peer, id, entry, rttMs, heardMs: this.now(), isSuspect: false, pullsUntilMs: 0 }
  }

  private keep(contact: Contact): void {
    this.contacts.set(contact.peer, contact)
    this.peerBytes += entryBytes(contact.entry)
  }

  private update(contact: Contact, entry: PeerEntry, rttMs: number): void {
    this.peerBytes += entryBytes(entry) - entryBytes(contact.entry)
    contact.entry = entry
    contact.heardMs = this.now()
    contact.isSuspect = false
    if (rttMs !== Number.POSITIVE_INFINITY) contact.rttMs = rttMs
  }

  private dropDisplaced(placings: readonly Placing[]): void {
    for (const { displaced } of placings)
      if (displaced !== undefined) for (const contact of displaced) this.dropIfUnused(contact)
  }

  private dropIfUnused(contact: Contact): void {
    const { leafSet, table, neighbourhood, contacts } = this
    if (leafSet.has(contact) || table.has(contact) || neighbourhood.has(contact)) return
    if (contacts.get(contact.peer) !== contact) return
    contacts.delete(contact.peer)
    this.peerBytes -= entryBytes(contact.entry)
    this.handles.letGo(contact.peer)
  }
}
