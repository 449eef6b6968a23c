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
import type { SeededRandom, Verdict } from '@onehop/primitives'
import { bytesKey } from '@onehop/primitives'
import { HandleTable } from './handle-table.ts'
import type { VirtualClock } from './virtual-clock.ts'
import type { VirtualIdentity } from './virtual-identity.ts'
import type { Port, VirtualNetwork } from './virtual-network.ts'

/** What the nodes of a simulation share. */
export interface World<Message> {
  readonly clock: VirtualClock
  readonly network: VirtualNetwork<Message>
  readonly identities: VirtualIdentity[]
  readonly nodeOfId: Map<string, number>
  /** Time that a verification takes; 0: the answer comes within the call. */
  readonly verifyMs: number
}

/** A penalty that a machine asked for. */
export interface Penalty {
  readonly peer: PeerId
  readonly verdict: Verdict
}

/** One machine in the simulation, with the environment that it lives in. */
export class SimulatedNode<Message> implements Environment<Message>, Port<Message> {
  readonly number: number
  readonly self: PeerHandle
  readonly machine: OverlayMachine<Message>
  readonly penalties: Penalty[] = []
  isAlive = true
  private readonly world: World<Message>
  private readonly handles = new HandleTable()
  private readonly generator: SeededRandom
  /** Peers that its machine has told the addresses of: nobody else can be dialled. */
  private readonly dialable = new Set<number>()

  constructor(world: World<Message>, factory: OverlayFactory<Message>, random: SeededRandom) {
    this.world = world
    this.generator = random
    this.number = world.network.add(this)
    this.self = this.handles.intern(this.identity.id)
    this.machine = factory.create(this)
  }

  get id(): PeerId {
    return this.identity.id
  }

  /** Handles that the machine holds, its own included. */
  get handlesHeld(): number {
    return this.handles.size
  }

  now(): number {
    return this.world.clock.now()
  }

  random(): number {
    return this.generator.next()
  }

  send(to: PeerHandle, message: Message): void {
    if (!this.isAlive) return
    const number = this.world.nodeOfId.get(bytesKey(this.handles.idOf(to)))
    if (number === undefined || !this.dialable.has(number)) this.reportUndialable(to)
    else this.world.network.send(this.number, number, message)
  }

  setTimer(delayMs: number, callback: () => void): Cancel {
    return this.world.clock.setTimer(delayMs, () => {
      if (this.isAlive) callback()
    })
  }

  /** Connections cost nothing yet: everybody is connected to everybody. */
  isConnected(_peer: PeerHandle): boolean {
    return true
  }

  intern(id: PeerId): PeerHandle {
    return this.handles.intern(id)
  }

  idOf(peer: PeerHandle): PeerId {
    return this.handles.idOf(peer)
  }

  hash32(peer: PeerHandle): number {
    return this.handles.hash32(peer)
  }

  release(peer: PeerHandle): void {
    if (peer !== this.self) this.handles.release(peer)
  }

  addresses(): readonly PeerAddress[] {
    return this.identity.addresses
  }

  learnAddresses(peer: PeerHandle, addresses: readonly PeerAddress[]): void {
    const number = this.world.nodeOfId.get(bytesKey(this.handles.idOf(peer)))
    if (number !== undefined && addresses.length > 0) this.dialable.add(number)
  }

  sign(payload: Uint8Array): Uint8Array {
    return this.identity.sign(payload)
  }

  verify(signer: PeerId, signed: Signed, payload: () => Uint8Array, done: (valid: boolean) => void): void {
    if (signed.genuine !== signed && this.hasSigned(signer, payload(), signed.signature))
      signed.genuine = signed
    const isValid = signed.genuine === signed
    if (this.world.verifyMs === 0) done(isValid)
    else this.setTimer(this.world.verifyMs, () => done(isValid))
  }

  private hasSigned(signer: PeerId, payload: Uint8Array, signature: Uint8Array): boolean {
    const number = this.world.nodeOfId.get(bytesKey(signer))
    const identity = number === undefined ? undefined : this.world.identities[number]
    return identity?.verify(payload, signature) ?? false
  }

  penalise(peer: PeerHandle, verdict: Verdict): void {
    this.penalties.push({ peer: this.handles.idOf(peer), verdict })
  }

  /** An introducer's address, as a user would give it. */
  meet(number: number): PeerHandle {
    this.dialable.add(number)
    return this.handles.intern(this.world.identities[number]!.id)
  }

  deliver(from: number, message: Message): void {
    if (!this.isAlive) return
    this.dialable.add(from)
    this.machine.receive(this.handles.intern(this.world.identities[from]!.id), message)
  }

  unreachable(to: number): void {
    if (this.isAlive) this.machine.onUnreachable(this.handles.intern(this.world.identities[to]!.id))
  }

  /** Power off: no farewell. */
  kill(): void {
    this.isAlive = false
    this.world.network.kill(this.number)
  }

  private reportUndialable(to: PeerHandle): void {
    const id = this.handles.idOf(to)
    this.setTimer(0, () => this.machine.onUnreachable(this.handles.intern(id)))
  }

  private get identity(): VirtualIdentity {
    return this.world.identities[this.number]!
  }
}
