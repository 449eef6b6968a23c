import type { MessagePurpose, OverlayFactory } from '@onehop/overlay'
import type { TrafficObserver } from '../virtual-network.ts'

/** All purposes, in the order in which they are told. */
export const PURPOSES = ['lookup', 'publication', 'delivery', 'join', 'maintenance'] as const

const INDEX_OF: Readonly<Record<MessagePurpose, number>> = Object.freeze({
  lookup: 0,
  publication: 1,
  delivery: 2,
  join: 3,
  maintenance: 4,
})
const LOOKUP = INDEX_OF.lookup
const JOIN = INDEX_OF.join

/** What everybody together sent for one purpose. */
export interface PurposeTraffic {
  readonly messages: number
  /** Of the messages, framing included. */
  readonly bytes: number
  /** Of the dials that these messages needed, both ends together. */
  readonly dialBytes: number
}

/** What everybody together has sent so far. */
export interface MeterReading {
  readonly by: Readonly<Record<MessagePurpose, PurposeTraffic>>
  /** Pointers in messages that were sent because somebody came or went. */
  readonly pointersMoved: number
}

const FIRST_NODES = 1_024

/** Counts all messages of a network by what they are for. A message whose overlay does not say is maintenance. */
export class MessageMeter implements TrafficObserver<unknown> {
  /** Messages of lookups that were sent to each node. */
  lookupLoad = new Float64Array(FIRST_NODES)
  private readonly factory: OverlayFactory<unknown>
  private readonly messages = new Float64Array(PURPOSES.length)
  private readonly bytes = new Float64Array(PURPOSES.length)
  private readonly dialBytes = new Float64Array(PURPOSES.length)
  private pointersMoved = 0
  /** Of the last message: a dial follows upon the message that needs it. */
  private last = INDEX_OF.maintenance

  constructor(factory: OverlayFactory<unknown>) {
    this.factory = factory
  }

  onMessage(_from: number, to: number, message: unknown, bytes: number): void {
    const purpose = INDEX_OF[this.factory.purposeOf?.(message) ?? 'maintenance']
    this.last = purpose
    this.messages[purpose]!++
    this.bytes[purpose]! += bytes
    if (purpose === LOOKUP) this.countLoad(to)
    else if (purpose === JOIN) this.pointersMoved += pointersIn(message)
  }

  onDial(_from: number, _to: number, bytes: number): void {
    this.dialBytes[this.last]! += bytes
  }

  read(): MeterReading {
    const trafficOf = (purpose: MessagePurpose): PurposeTraffic => {
      const i = INDEX_OF[purpose]
      return { messages: this.messages[i]!, bytes: this.bytes[i]!, dialBytes: this.dialBytes[i]! }
    }
    const entries = PURPOSES.map(purpose => [purpose, trafficOf(purpose)] as const)
    return { by: Object.fromEntries(entries) as MeterReading['by'], pointersMoved: this.pointersMoved }
  }

  private countLoad(node: number): void {
    if (node >= this.lookupLoad.length) {
      const larger = new Float64Array(2 * Math.max(node, this.lookupLoad.length))
      larger.set(this.lookupLoad)
      this.lookupLoad = larger
    }
    this.lookupLoad[node]!++
  }
}

/** What was sent between two readings. */
export function trafficBetween(before: MeterReading, after: MeterReading): MeterReading {
  const difference = (purpose: MessagePurpose): PurposeTraffic => ({
    messages: after.by[purpose].messages - before.by[purpose].messages,
    bytes: after.by[purpose].bytes - before.by[purpose].bytes,
    dialBytes: after.by[purpose].dialBytes - before.by[purpose].dialBytes,
  })
  const entries = PURPOSES.map(purpose => [purpose, difference(purpose)] as const)
  return {
    by: Object.fromEntries(entries) as MeterReading['by'],
    pointersMoved: after.pointersMoved - before.pointersMoved,
  }
}

/** Pointers among a message's fields and the lists among them: every overlay's messages carry them so. */
function pointersIn(message: unknown): number {
  let count = 0
  for (const value of Object.values(message as object)) {
    if (!Array.isArray(value)) count += isPointer(value) ? 1 : 0
    else if (isPointer(value[0])) count += value.length
  }
  return count
}

function isPointer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'provider' in value && 'signature' in value
}
