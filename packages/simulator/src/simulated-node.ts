import type {
  Cancel,
  Environment,
  OverlayFactory,
  OverlayMachine,
  PeerAddress,
  PeerHandle,
  PeerId,
  Signed,
} from '@onehop/overlay'
import { assert, type SeededRandom, type Verdict } from '@onehop/primitives'
import type { EventSink } from './event-pool.ts'
import { MAX_PENALTIES_KEPT } from './limits.ts'
import { NOBODY, type NodeDirectory } from './node-directory.ts'
import type { PeerBook } from './peer-book.ts'
import type { VirtualClock } from './virtual-clock.ts'
import type { VirtualIdentity } from './virtual-identity.ts'
import type { Port, VirtualNetwork } from './virtual-network.ts'

/** What the nodes of a simulation share. */
export interface World<Message> {
  readonly clock: VirtualClock
  readonly network: VirtualNetwork<Message>
  readonly directory: NodeDirectory
  /** Time that a verification takes; 0: the answer comes within the call. */
  readonly verifyMs: number
  /** The dead keep their machines, so that tests can look at them. */
  readonly keepsDead: boolean
}

/** A penalty that a machine asked for. */
export interface Penalty {
  readonly peer: PeerId
  readonly verdict: Verdict
}

const NO_PENALTIES: readonly Penalty[] = Object.freeze([])

/** What one life of a node begins with. */
export interface NodeSetup<Message> {
  readonly number: number
  readonly world: World<Message>
  readonly peers: PeerBook
  readonly random: SeededRandom
}

/** One machine in the simulation, with the environment that it lives in: one life of a node. */
export class SimulatedNode<Message> implements Environment<Message>, Port<Message>, EventSink {
  readonly number: number
  readonly self: PeerHandle
  isAlive = true
  private readonly world: World<Message>
  private readonly peers: PeerBook
  private readonly generator: SeededRandom
  private running: OverlayMachine<Message> | undefined
  private asked: Penalty[] | undefined

  constructor({ number, world, peers, random }: NodeSetup<Message>) {
    this.number = number
    this.world = world
    this.peers = peers
    this.generator = random
    this.self = peers.intern(this.identity.id)
  }

  /** Makes its machine. Called once, when the network knows the node. */
  start(factory: OverlayFactory<Message>): void {
    this.running = factory.create(this)
  }

  get machine(): OverlayMachine<Message> {
    assert(this.running !== undefined, 'the node is dead and has no machine any more')
    return this.running
  }

  get connectionsWanted(): number {
    return this.running?.connectionsWanted ?? 0
  }

  get id(): PeerId {
    return this.identity.id
  }

  /** Penalties that its machine asked for: the first {@link MAX_PENALTIES_KEPT}. */
  get penalties(): readonly Penalty[] {
    return this.asked ?? NO_PENALTIES
  }

  /** Handles that the machine holds, its own included; with shared handles nobody counts. */
  get handlesHeld(): number {
    return this.peers.held ?? 0
  }

  now(): number {
    return this.world.clock.now()
  }

  random(): number {
    return this.generator.nextUint32() / 0x1_0000_0000
  }

  send(to: PeerHandle, message: Message): void {
    if (!this.isAlive) return
    const number = this.peers.dialable(to)
    if (number === NOBODY) this.reportUndialable(to)
    else this.world.network.send(this.number, number, message)
  }

  setTimer(delayMs: number, callback: () => void): Cancel {
    return this.world.clock.setTimer(delayMs, callback, this)
  }

  /** A timer is due: the dead have none. */
  onEvent(_a: number, _b: number, _c: number, callback: unknown): void {
    if (this.isAlive) (callback as () => void)()
  }

  isConnected(peer: PeerHandle): boolean {
    const number = this.peers.nodeOf(peer)
    return number !== NOBODY && this.world.network.isConnected(this.number, number)
  }

  intern(id: PeerId): PeerHandle {
    return this.peers.intern(id)
  }

  idOf(peer: PeerHandle): PeerId {
    return this.peers.idOf(peer)
  }

  hash32(peer: PeerHandle): number {
    return this.peers.hash32(peer)
  }

  get keepsHandles(): boolean {
    return this.peers.held === undefined
  }

  release(peer: PeerHandle): void {
    if (peer !== this.self) this.peers.release(peer)
  }

  addresses(): readonly PeerAddress[] {
    return this.identity.addresses
  }

  learnAddresses(peer: PeerHandle, addresses: readonly PeerAddress[]): void {
    if (addresses.length > 0) this.peers.learn(peer)
  }

  sign(payload: Uint8Array): Uint8Array {
    return this.identity.sign(payload)
  }

  verify(signer: PeerId, signed: Signed, payload: () => Uint8Array, done: (valid: boolean) => void): void {
    if (signed.genuine !== signed && this.hasSigned(signer, payload(), signed.signature))
      this.mark(signed, signer)
    const isValid = signed.genuine === signed
    if (this.world.verifyMs === 0) done(isValid)
    else this.setTimer(this.world.verifyMs, () => done(isValid))
  }

  penalise(peer: PeerHandle, verdict: Verdict): void {
    this.asked ??= []
    if (this.asked.length < MAX_PENALTIES_KEPT) this.asked.push({ peer: this.peers.idOf(peer), verdict })
  }

  /** Marks what this node has just signed itself, as if somebody had verified it. */
  vouchFor(signed: Signed): void {
    this.mark(signed, this.id)
  }

  /** An introducer's address, as a user would give it. */
  meet(number: number): PeerHandle {
    return this.peers.meet(number)
  }

  deliver(from: number, message: Message): void {
    if (this.isAlive) this.machine.receive(this.peers.meet(from), message)
  }

  unreachable(to: number): void {
    if (this.isAlive) this.machine.onUnreachable(this.peers.handleOf(to))
  }

  /** Power off: no farewell. */
  kill(): void {
    this.isAlive = false
    this.world.network.kill(this.number)
    if (!this.world.keepsDead) this.running = undefined
  }

  private mark(signed: Signed, signer: PeerId): void {
    signed.genuine = signed
    if (this.keepsHandles) Object.defineProperty(signed, 'signer', { value: this.peers.intern(signer) })
  }

  private hasSigned(signer: PeerId, payload: Uint8Array, signature: Uint8Array): boolean {
    const number = this.world.directory.nodeOf(signer)
    return number !== NOBODY && this.world.directory.identityOf(number).verify(payload, signature)
  }

  private reportUndialable(to: PeerHandle): void {
    const id = this.peers.idOf(to)
    this.setTimer(0, () => this.machine.onUnreachable(this.peers.intern(id)))
  }

  private get identity(): VirtualIdentity {
    return this.world.directory.identityOf(this.number)
  }
}
