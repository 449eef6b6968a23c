import type { MessageCodec } from '@onehop/overlay'
import { assert, type SeededRandom } from '@onehop/primitives'
import { assertNetworkModel, type NetworkModel } from './network-model.ts'
import { TraceHash } from './trace-hash.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** Where a node's messages arrive. */
export interface Port<Message> {
  deliver(from: number, message: Message): void
  /** A message to this node could not be delivered. */
  unreachable(to: number): void
}

/** What a node, or the whole network, has sent and received. */
export interface Traffic {
  messagesSent: number
  bytesSent: number
  messagesReceived: number
  bytesReceived: number
}

interface Slot<Message> {
  readonly port: Port<Message>
  readonly traffic: Traffic
  isAlive: boolean
  /** Nodes of different parts do not reach each other. */
  part: number
}

/** Carries messages between numbered nodes in virtual time, with the faults that its model says. */
export class VirtualNetwork<Message> {
  readonly trace = new TraceHash()
  model: NetworkModel
  private readonly slots: Slot<Message>[] = []
  private readonly clock: VirtualClock
  private readonly random: SeededRandom
  private readonly codec: MessageCodec<Message>

  constructor(clock: VirtualClock, random: SeededRandom, codec: MessageCodec<Message>, model: NetworkModel) {
    assertNetworkModel(model)
    this.clock = clock
    this.random = random
    this.codec = codec
    this.model = model
  }

  /** Adds a node; returns its number. */
  add(port: Port<Message>): number {
    const traffic = { messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0 }
    return this.slots.push({ port, traffic, isAlive: true, part: 0 }) - 1
  }

  trafficOf(node: number): Readonly<Traffic> {
    return this.slot(node).traffic
  }

  isAlive(node: number): boolean {
    return this.slot(node).isAlive
  }

  /** The node neither sends nor receives any more. What it sent before still arrives. */
  kill(node: number): void {
    this.slot(node).isAlive = false
  }

  /** Splits the network: nodes of different parts do not reach each other; nodes not named are in part 0. */
  partition(parts: readonly (readonly number[])[]): void {
    for (const slot of this.slots) slot.part = 0
    parts.forEach((nodes, part) => {
      for (const node of nodes) this.slot(node).part = part
    })
  }

  heal(): void {
    this.partition([])
  }

  /** A message on its way: charged to the sender, then lost, delayed, doubled or delivered. */
  send(from: number, to: number, message: Message): void {
    const sender = this.slot(from)
    if (!sender.isAlive) return
    const bytes = this.codec.encodedLength(message)
    sender.traffic.messagesSent++
    sender.traffic.bytesSent += bytes
    this.record(from, to, bytes)
    const carried = this.model.checksCodec ? this.throughCodec(message, bytes) : message
    const { lossFraction, duplicateFraction } = this.model
    if (!this.canReach(from, to)) this.reportUnreachable(from, to)
    else if (!this.chance(lossFraction)) {
      this.schedule(from, to, carried, bytes)
      if (this.chance(duplicateFraction)) this.schedule(from, to, carried, bytes)
    }
  }

  private schedule(from: number, to: number, message: Message, bytes: number): void {
    this.clock.setTimer(this.delayMs(from, to), () => {
      if (!this.slot(to).isAlive || this.slot(from).part !== this.slot(to).part) return
      const receiver = this.slot(to)
      receiver.traffic.messagesReceived++
      receiver.traffic.bytesReceived += bytes
      this.record(to, from, bytes)
      receiver.port.deliver(from, message)
    })
  }

  private delayMs(from: number, to: number): number {
    const { latency, reorderFraction, reorderMs } = this.model
    const held = this.chance(reorderFraction) ? this.random.next() * reorderMs : 0
    return latency(from, to, this.random.next) + held
  }

  /** Draws only where something can happen, so that a fault that is off changes no other draw. */
  private chance(fraction: number): boolean {
    return fraction > 0 && this.random.next() < fraction
  }

  private canReach(from: number, to: number): boolean {
    const receiver = this.slots[to]
    return receiver?.isAlive === true && receiver.part === this.slot(from).part
  }

  private reportUnreachable(from: number, to: number): void {
    this.clock.setTimer(this.model.dialTimeoutMs, () => {
      const sender = this.slot(from)
      if (sender.isAlive) sender.port.unreachable(to)
    })
  }

  private throughCodec(message: Message, bytes: number): Message {
    const encoded = this.codec.encode(message)
    assert(encoded.length === bytes, `encodedLength says ${bytes}, the encoding has ${encoded.length} bytes`)
    this.trace.addBytes(encoded)
    return this.codec.decode(encoded)
  }

  private record(from: number, to: number, bytes: number): void {
    this.trace.add(this.clock.now() * 1000)
    this.trace.add(from)
    this.trace.add(to)
    this.trace.add(bytes)
  }

  private slot(node: number): Slot<Message> {
    const slot = this.slots[node]
    assert(slot !== undefined, `there is no node ${node}`)
    return slot
  }
}
