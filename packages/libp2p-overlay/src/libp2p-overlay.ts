import type { PeerId as Libp2pPeerId, Logger } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type {
  Cancel,
  Inspection,
  Key,
  Outcome,
  OverlayFactory,
  OverlayMachine,
  PeerAddress,
  PeerId,
  Pointer,
  Publication,
} from '@onehop/overlay'
import { AddressBook, addressBytes, parseAddress } from './address-book.ts'
import { Blame } from './blame.ts'
import type { OverlayComponents } from './components.ts'
import { Entrance } from './entrance.ts'
import { Inbox } from './inbox.ts'
import { Introducers } from './introducers.ts'
import {
  DEFAULT_LOOKUP_DEADLINE_MS,
  DEFAULT_MAX_CONNECTIONS,
  DELIVERY_TIMEOUT_MS,
  LEAVE_GRACE_MS,
  MALFORMED_PENALTY_POINTS,
  MAX_SERVING_CONNECTIONS,
} from './limits.ts'
import { Links } from './links.ts'
import { LiveEnvironment, unpredictableRandom } from './live-environment.ts'
import {
  guardedLookup,
  type KnownPeer,
  type Located,
  type LocateRequest,
  type LookupRequest,
  type OperationOptions,
} from './operation-options.ts'
import { failedOutcome, Operations, within } from './operations.ts'
import type { Libp2pOverlayInit, OverlayObserver } from './overlay-init.ts'
import { libp2pPeerId, PeerTable } from './peer-table.ts'
import { PenaltyLedger } from './penalty-ledger.ts'
import { ed25519Signer, VerificationQueue } from './signer.ts'
import { OverlayCounters, type OverlayStats } from './stats.ts'
import { SteadyClock } from './steady-clock.ts'

/** Starts an operation of the machine; may return how to cancel it. */
type Beginning<Message> = (
  machine: OverlayMachine<Message>,
  done: (outcome: Outcome) => void,
) => Cancel | undefined

/**
 * Runs an overlay machine on a libp2p node: streams, dials, timers and signatures outside, promises for the user.
 * A libp2p service: libp2p calls {@link start} and {@link stop}.
 */
export class Libp2pOverlay<Message> {
  readonly [Symbol.toStringTag] = '@onehop/libp2p-overlay'
  /** The stream protocol, e.g. `/onehop/kelips/1`. */
  readonly protocol: string
  readonly penalties: PenaltyLedger
  private readonly components: OverlayComponents
  private readonly factory: OverlayFactory<Message>
  private readonly random: () => number
  private readonly observer: OverlayObserver
  private readonly now: () => number
  private readonly log: Logger
  private readonly table = new PeerTable()
  private readonly book = new AddressBook()
  private readonly verification = new VerificationQueue()
  private readonly operations = new Operations()
  private readonly counters: OverlayCounters
  private readonly links: Links
  private readonly entrance: Entrance
  private readonly maxConnections: number
  private readonly blame: Blame
  private environment: LiveEnvironment<Message> | undefined
  private machine: OverlayMachine<Message> | undefined

  constructor(components: OverlayComponents, init: Libp2pOverlayInit<Message>) {
    this.components = components
    this.factory = init.factory
    this.now = init.clock ?? new SteadyClock().now
    this.counters = new OverlayCounters(this.now)
    this.protocol = `${init.protocolPrefix ?? '/onehop/'}${init.factory.protocol}`
    this.penalties = init.penalties ?? new PenaltyLedger(this.now)
    this.random = init.random ?? unpredictableRandom()
    this.observer = init.observer ?? {}
    this.log = components.logger.forComponent(`onehop:overlay:${init.factory.protocol}`)
    this.maxConnections = init.maxConnections ?? DEFAULT_MAX_CONNECTIONS
    this.links = this.createLinks()
    this.entrance = this.createEntrance()
    this.blame = new Blame(components, this.penalties, {
      onBan: (peerId, reason) => this.links.drop(peerId, reason),
      onUnreachable: peerId => this.reportUnreachable(peerId),
    })
  }

  /** Makes the machine and lets streams in. Called by libp2p. */
  async start(): Promise<void> {
    if (this.machine !== undefined) return
    this.environment = new LiveEnvironment<Message>({
      table: this.table,
      verification: this.verification,
      selfId: this.components.peerId.toMultihash().bytes,
      now: this.now,
      random: this.random,
      addresses: () => this.components.addressManager.getAddresses().map(addressBytes),
      sign: ed25519Signer(this.components.privateKey),
      isConnected: key => this.links.isConnectedTo(key),
      send: (peerId, message) => this.sendMessage(peerId, message),
      learnAddresses: (peerId, addresses) => this.learn(peerId, addresses),
      penalise: (peerId, verdict) => this.blame.penalise(peerId, verdict),
      onError: error => this.log.error('the machine failed: %e', error),
    })
    this.machine = this.factory.create(this.environment)
    await this.links.start()
  }

  /** Says goodbye, closes all streams and frees all timers. Pending operations end as `cancelled`. */
  async stop(): Promise<void> {
    if (this.machine === undefined) return
    const hadPeers = this.links.openCount > 0
    this.machine.leave()
    this.machine = undefined
    this.operations.stop()
    this.blame.stop()
    this.entrance.stop()
    if (hadPeers) await new Promise(resolve => setTimeout(resolve, LEAVE_GRACE_MS))
    this.environment?.stop()
    this.verification.stop()
    await this.links.close()
  }

  /** libp2p stops its services and its connections side by side; a goodbye must be said before. */
  beforeStop(): Promise<void> {
    return this.stop()
  }

  /**
   * Enters the network through peers at these multiaddrs; none of them: this node is the first. The machine hears of
   * those that answer, and of those that do not when their address names them, so that it can look for them later.
   * When that leaves nobody the outcome fails as `unreachable`. The call may be repeated.
   */
  join(introducers: readonly string[], options: OperationOptions = {}): Promise<Outcome> {
    return this.entrance.join(introducers, options.signal)
  }

  /** Announces what this node has, until {@link withdraw}. */
  publish(publication: Publication, options: OperationOptions = {}): Promise<Outcome> {
    return this.operate((machine, done) => void machine.publish(publication, done), options.signal)
  }

  /** Takes back this node's publications under the key; with a target, only the one that leads there. */
  withdraw(key: Key, options: OperationOptions & { readonly target?: Uint8Array } = {}): Promise<Outcome> {
    return this.operate((machine, done) => void machine.withdraw(key, done, options.target), options.signal)
  }

  /** What `onPointer` throws ends the lookup, and the promise rejects with it. */
  lookup(key: Key, request: LookupRequest = {}): Promise<Outcome> {
    const { options, signal } = guardedLookup(request)
    return this.operate((machine, done) => machine.lookup(key, options, done), signal)
  }

  /** Where a peer can be dialled. Undefined when this overlay cannot tell. */
  async locate(id: PeerId, request: LocateRequest = {}): Promise<Located | undefined> {
    if (this.machine !== undefined && this.machine.locate === undefined) return undefined
    const deadlineMs = request.deadlineMs ?? DEFAULT_LOOKUP_DEADLINE_MS
    let found: readonly PeerAddress[] = []
    const outcome = await this.operate(
      (machine, done) =>
        machine.locate?.(id, { deadlineMs }, (ending, addresses) => {
          found = addresses
          done(ending)
        }),
      request.signal,
    )
    return { outcome, addresses: found.map(parseAddress).filter(address => address !== undefined) }
  }

  /** Members known here that are responsible for the key, best first; none when the overlay cannot tell. */
  closest(key: Key, limit: number): { id: Libp2pPeerId; addresses: readonly Multiaddr[] }[] {
    const members = this.machine?.closest?.(key, limit) ?? []
    return members.map(peer => {
      const id = libp2pPeerId(this.table.idOf(peer))
      return { id, addresses: this.book.addressesOf(id.toString()) }
    })
  }

  /** Where the overlay knows that the peer can be dialled. */
  addressesOf(peerId: string): readonly Multiaddr[] {
    return this.book.addressesOf(peerId)
  }

  /** By words; otherwise like {@link lookup}. @throws when this overlay cannot search. */
  search(words: readonly string[], request: LookupRequest = {}): Promise<Outcome> {
    const { options, signal } = guardedLookup(request)
    return this.operate((machine, done) => {
      if (machine.search === undefined) throw new Error(`${this.factory.protocol} cannot search by words`)
      return machine.search(words, options, done)
    }, signal)
  }

  /** Whether {@link search} does anything. */
  get canSearch(): boolean {
    return this.machine === undefined || this.machine.search !== undefined
  }

  /**
   * Asks a provider that cannot be dialled to come to this node (Gnutella's Push, for example): on success there is a
   * connection to it. Undefined when this overlay cannot ask.
   */
  async requestDelivery(pointer: Pointer, options: OperationOptions = {}): Promise<Outcome | undefined> {
    if (this.machine !== undefined && this.machine.requestDelivery === undefined) return undefined
    const begin: Beginning<Message> = (machine, done) => void machine.requestDelivery?.(pointer, done)
    return within(DELIVERY_TIMEOUT_MS, options.signal, either => this.run(begin, either))
  }

  /** The provider has delivered what the pointer leads to, which some overlays hold to its credit. */
  noteDownload(pointer: Pointer): void {
    this.machine?.noteDownload?.(pointer)
  }

  /** The machine's tables; empty when it does not run. */
  inspect(): Inspection {
    return this.machine?.inspect() ?? {}
  }

  /**
   * The outcome of the first join that succeeded; after one that failed, resolves also with the first message of a
   * peer, since machines go on trying by themselves. Never rejects; `cancelled` when the overlay stops before.
   */
  get ready(): Promise<Outcome> {
    return this.entrance.ready
  }

  /** Whether {@link ready} has resolved. */
  get isReady(): boolean {
    return this.entrance.isReady
  }

  /** What was counted until now. */
  stats(): OverlayStats {
    return this.counters.snapshot()
  }

  /** Peers with a warm stream. */
  get linkCount(): number {
    return this.links.openCount
  }

  /** Publications of this node at most, where the machine says it. */
  get mostPublications(): number | undefined {
    return this.machine?.mostPublications
  }

  /** Peers that may have a warm stream, at most: more where the machine serves others. */
  get connectionsWanted(): number {
    const wanted = this.machine?.connectionsWanted ?? 0
    return Math.max(this.maxConnections, Math.min(wanted, MAX_SERVING_CONNECTIONS))
  }

  /** Peers that the overlay learned addresses of: whom a host may connect to when it has too few peers. */
  knownPeers(): KnownPeer[] {
    return [...this.book.peers()].map(peerId => ({ peerId, addresses: this.book.addressesOf(peerId) }))
  }

  /** Whether the machine has anything to do with the peer. */
  knows(peerId: string): boolean {
    return this.table.findByText(peerId) !== undefined
  }

  private createEntrance(): Entrance {
    const introducers = new Introducers(this.components, this.book)
    return new Entrance({
      now: this.now,
      reach: (address, signal) => introducers.reach(address, signal),
      join: (peers, signal) => this.joinThrough(peers, signal),
    })
  }

  private createInbox(): Inbox<Message> {
    const { table, verification, penalties, counters, log } = this
    return new Inbox({
      codec: this.factory.codec,
      table,
      verification,
      penalties,
      counters,
      log,
      machine: () => this.machine,
      onMessage: peerId => this.onMessage(peerId),
    })
  }

  private createLinks(): Links {
    const inbox = this.createInbox()
    return new Links(this.components, this.book, this.counters, {
      protocol: this.protocol,
      maxConnections: () => this.connectionsWanted,
      now: this.now,
      isBanned: peerId => this.penalties.isBanned(peerId),
      onFrame: (peerId, frame) => inbox.receive(peerId, frame),
      onUnreachable: peerId => this.reportUnreachable(peerId),
      onMalformed: (peerId, error) =>
        this.penalties.penalise(peerId, MALFORMED_PENALTY_POINTS, error.message),
    })
  }

  /** Before the machine has been told to join, nobody could be asked. */
  private operate(begin: Beginning<Message>, signal?: AbortSignal): Promise<Outcome> {
    if (!this.entrance.isBegun && this.machine !== undefined)
      return Promise.resolve(failedOutcome('no peers'))
    return this.run(begin, signal)
  }

  private async run(begin: Beginning<Message>, signal?: AbortSignal): Promise<Outcome> {
    const machine = this.machine
    if (machine === undefined) throw new Error('the overlay does not run')
    return this.operations.run(done => begin(machine, done), signal)
  }

  private sendMessage(peerId: string, message: Message): void {
    const frame = this.factory.codec.encode(message)
    this.counters.onSent(frame.length)
    this.links.send(peerId, frame)
  }

  private learn(peerId: string, addresses: readonly PeerAddress[]): void {
    if (this.book.learn(peerId, addresses))
      this.observer.onLearned?.({ peerId, addresses: this.book.addressesOf(peerId) })
  }

  private onMessage(peerId: string): void {
    if (this.links.isFirstOf(peerId)) this.observer.onMet?.(peerId)
    this.entrance.onMessage()
  }

  /** Only of peers that the machine knows: the others it cannot have written to. */
  private reportUnreachable(peerId: string): void {
    const peer = this.table.findByText(peerId)
    try {
      if (peer !== undefined) this.machine?.onUnreachable(peer)
    } catch (error) {
      this.log.error('the machine failed: %e', error)
    }
  }

  /** With handles that are made for it: a machine drops those that nothing holds. */
  private joinThrough(introducers: readonly PeerId[], signal: AbortSignal): Promise<Outcome> {
    const begin: Beginning<Message> = (machine, done) => {
      const handles = introducers.map(id => this.table.intern(id))
      return void machine.join(handles, done)
    }
    return this.run(begin, signal)
  }
}

/** A factory for libp2p's `services`: `services: { overlay: libp2pOverlay({ factory: kelips(…) }) }`. */
export function libp2pOverlay<Message>(
  init: Libp2pOverlayInit<Message>,
): (components: OverlayComponents) => Libp2pOverlay<Message> {
  return components => new Libp2pOverlay(components, init)
}
