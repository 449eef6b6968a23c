import type { MessageCodec } from '@onehop/overlay'
import { AssertionError, assert, type SeededRandom } from '@onehop/primitives'
import { ConnectionTable } from './connection-table.ts'
import type { EventSink } from './event-pool.ts'
import { assertNetworkModel, type ConnectionModel, type NetworkModel } from './network-model.ts'
import { linkFraction } from './pair-hash.ts'
import { StandingTable } from './standing-table.ts'
import { TraceHash } from './trace-hash.ts'
import { type Traffic, TrafficTable } from './traffic.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** Where a node's messages arrive. */
export interface Port<Message> {
  deliver(from: number, message: Message): void
  /** A message to this node could not be delivered. */
  unreachable(to: number): void
  /** Open connections that the node may have because it serves others, where that is more than the model's cap. */
  readonly connectionsWanted?: number
}

/** Who wants to see every message when it is sent. */
export type SendObserver<Message> = (from: number, to: number, message: Message, needsDial: boolean) => void

/** Who accounts for all traffic: told of each message that is charged, and then of the dial that it needed, if any. */
export interface TrafficObserver<Message> {
  onMessage(from: number, to: number, message: Message, bytes: number): void
  /** @param bytes that both ends send for it together. */
  onDial(from: number, to: number, bytes: number): void
}

/** Carries messages between numbered nodes in virtual time, with the faults that its model says. */
export class VirtualNetwork<Message> {
  readonly trace = new TraceHash()
  readonly model: NetworkModel
  /** Set only while somebody looks: called for every message that a living node sends. */
  onSend: SendObserver<Message> | undefined
  /** Set while somebody measures. */
  observer: TrafficObserver<Message> | undefined
  private readonly ports: Port<Message>[] = []
  private readonly standing = new StandingTable()
  private readonly traffic = new TrafficTable()
  private readonly connections: ConnectionTable | undefined
  private readonly dialling: ConnectionModel | undefined
  private readonly framingBytes: number
  private readonly linkSeed: number
  private readonly clock: VirtualClock
  private readonly random: SeededRandom
  private readonly codec: MessageCodec<Message>
  private readonly arrivals: EventSink
  private readonly failures: EventSink

  constructor(clock: VirtualClock, random: SeededRandom, codec: MessageCodec<Message>, model: NetworkModel) {
    assertNetworkModel(model)
    this.clock = clock
    this.random = random
    this.codec = codec
    this.model = model
    this.linkSeed = model.blockedFraction > 0 ? random.nextUint32() : 0
    this.dialling = model.connections === 'free' ? undefined : model.connections
    this.connections =
      this.dialling &&
      new ConnectionTable(this.dialling.cap, node => this.ports[node]!.connectionsWanted ?? 0)
    this.framingBytes = this.dialling?.framingBytes ?? 0
    this.arrivals = {
      onEvent: (from, to, bytes, message) => this.arrive(from, to, bytes, message as Message),
    }
    this.failures = { onEvent: (from, to) => this.fail(from, to) }
  }

  /** Adds a node; returns its number. */
  add(port: Port<Message>): number {
    this.traffic.add()
    this.connections?.add()
    this.standing.add(!this.chance(this.model.undialableFraction))
    return this.ports.push(port) - 1
  }

  /** What the node has sent and received so far. */
  trafficOf(node: number): Traffic {
    this.assertNode(node)
    return this.traffic.of(node)
  }

  isAlive(node: number): boolean {
    this.assertNode(node)
    return this.standing.isAlive(node)
  }

  /** The node neither sends nor receives any more. What it sent before still arrives. */
  kill(node: number): void {
    this.assertNode(node)
    this.standing.setAlive(node, false, this.clock.elapsedMs)
  }

  /** The node is back, behind a new port: its connections are gone. */
  revive(node: number, port: Port<Message>): void {
    this.assertNode(node)
    this.connections?.closeAll(node)
    this.ports[node] = port
    this.standing.setAlive(node, true, this.clock.elapsedMs)
  }

  /** Whether others can dial the node. */
  setDialable(node: number, isDialable: boolean): void {
    this.assertNode(node)
    this.standing.setDialable(node, isDialable)
  }

  isDialable(node: number): boolean {
    this.assertNode(node)
    return this.standing.isDialable(node)
  }

  /** Splits the network: nodes of different parts do not reach each other; nodes not named are in part 0. */
  partition(parts: readonly (readonly number[])[]): void {
    for (const part of parts) for (const node of part) this.assertNode(node)
    this.standing.partition(parts, this.clock.elapsedMs)
  }

  heal(): void {
    this.partition([])
  }

  /** Whether a message would need no dial now, as far as the sender can know. */
  isConnected(from: number, to: number): boolean {
    if (this.connections === undefined) return true
    const usedMs = this.connections.usedMsOf(from, to)
    if (usedMs === undefined || usedMs > this.clock.elapsedMs) return false
    return this.canReach(from, to) || !this.isKnownBroken(from, to)
  }

  connectionsOf(node: number): number {
    return this.connections?.countOf(node) ?? 0
  }

  /** The round-trip time of the pair, without jitter; undefined where every message draws its own. */
  roundTripMs(a: number, b: number): number | undefined {
    const [there, back] = [this.model.latency.fixedMs(a, b), this.model.latency.fixedMs(b, a)]
    return there === undefined || back === undefined ? undefined : there + back
  }

  /** A message on its way: charged to the sender, then lost, delayed, doubled or delivered. */
  send(from: number, to: number, message: Message): void {
    if (!this.isAlive(from)) return
    if (this.onSend !== undefined) this.onSend(from, to, message, !this.isConnected(from, to))
    const length = this.codec.encodedLength(message)
    const bytes = length + this.framingBytes
    this.traffic.sent(from, bytes)
    this.trace.addMessage(this.clock.elapsedMs, from, to, bytes)
    this.observer?.onMessage(from, to, message, bytes)
    const carried = this.model.checksCodec ? this.throughCodec(message, length) : message
    const waitMs = this.connections === undefined ? this.waitFreely(from, to) : this.waitToSend(from, to)
    if (waitMs < 0 || this.chance(this.model.lossFraction)) return
    this.schedule(from, to, carried, bytes, waitMs)
    if (this.chance(this.model.duplicateFraction)) this.schedule(from, to, carried, bytes, waitMs)
  }

  private waitFreely(from: number, to: number): number {
    if (this.canReach(from, to) && !this.isBlocked(from, to)) return 0
    this.reportUnreachable(from, to)
    return -1
  }

  /** Milliseconds until the message can leave, over a connection that is open or is opened; −1: it cannot. */
  private waitToSend(from: number, to: number): number {
    const connections = this.connections!
    const nowMs = this.clock.elapsedMs
    const usedMs = connections.usedMsOf(from, to)
    const canReach = this.canReach(from, to)
    if (usedMs !== undefined && canReach) {
      if (usedMs >= nowMs) return usedMs - nowMs
      connections.touch(from, to, nowMs)
      return 0
    }
    if (usedMs !== undefined) {
      if (!this.isKnownBroken(from, to)) return -1
      connections.close(from, to)
    }
    if (canReach && this.standing.isDialable(to) && !this.isBlocked(from, to)) return this.dial(from, to)
    this.traffic.dialFailed(from)
    this.reportUnreachable(from, to)
    return -1
  }

  /** The other end has been gone for so long that the connection has been given up. */
  private isKnownBroken(from: number, to: number): boolean {
    const { standing } = this
    const sinceMs = Math.max(standing.sinceMs(from), standing.sinceMs(to))
    return this.clock.elapsedMs - sinceMs >= this.dialling!.brokenAfterMs
  }

  private dial(from: number, to: number): number {
    const { dialRoundTrips, dialBytes } = this.dialling!
    const roundTripMs = this.latencyMs(from, to) + this.latencyMs(to, from)
    const waitMs = Math.ceil(dialRoundTrips * roundTripMs)
    this.traffic.dialled(from, to, dialBytes)
    this.observer?.onDial(from, to, 2 * dialBytes)
    this.connections!.open(from, to, this.clock.elapsedMs + waitMs)
    return waitMs
  }

  private schedule(from: number, to: number, message: Message, bytes: number, waitMs: number): void {
    const { reorderFraction, reorderMs } = this.model
    const held = this.chance(reorderFraction) ? this.random.next() * reorderMs : 0
    const delayMs = waitMs + this.latencyMs(from, to) + held
    this.clock.schedule(delayMs, this.arrivals, from, to, bytes, message)
  }

  private arrive(from: number, to: number, bytes: number, message: Message): void {
    if (!this.canReach(from, to)) return
    this.traffic.received(to, bytes)
    this.connections?.touch(to, from, this.clock.elapsedMs)
    this.trace.addMessage(this.clock.elapsedMs, to, from, bytes)
    this.ports[to]!.deliver(from, message)
  }

  private latencyMs(from: number, to: number): number {
    return this.model.latency.oneWayMs(from, to, this.random.next)
  }

  /** Draws only where something can happen, so that a fault that is off changes no other draw. */
  private chance(fraction: number): boolean {
    return fraction > 0 && this.random.next() < fraction
  }

  private isBlocked(from: number, to: number): boolean {
    const { blockedFraction } = this.model
    return blockedFraction > 0 && linkFraction(this.linkSeed, from, to) < blockedFraction
  }

  private canReach(from: number, to: number): boolean {
    return this.standing.isAlive(to) && this.standing.isTogether(from, to)
  }

  private reportUnreachable(from: number, to: number): void {
    this.clock.schedule(this.model.dialTimeoutMs, this.failures, from, to, 0, undefined)
  }

  private fail(from: number, to: number): void {
    if (this.standing.isAlive(from)) this.ports[from]!.unreachable(to)
  }

  private throughCodec(message: Message, bytes: number): Message {
    const encoded = this.codec.encode(message)
    assert(encoded.length === bytes, `encodedLength says ${bytes}, the encoding has ${encoded.length} bytes`)
    this.trace.addBytes(encoded)
    return this.codec.decode(encoded)
  }

  private assertNode(node: number): void {
    if (this.ports[node] === undefined) throw new AssertionError(`there is no node ${node}`)
  }
}
