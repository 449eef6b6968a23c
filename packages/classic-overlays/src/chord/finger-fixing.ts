import { Costs } from '@onehop/overlay'
import { type Identifier, isBetween, isInRange, plusPower } from './identifiers.ts'
import type { Pong, Why } from './messages.ts'
import type { Position } from './position.ts'
import type { RingPeer } from './ring-entry.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'
import { Walk } from './walk.ts'

/**
 * Fills finger tables and keeps them right. A finger that is known is asked for its predecessor: as long as that stands
 * before the finger's start, the finger is right, for two messages; only otherwise the start is looked up.
 */
export class FingerFixing {
  private readonly state: ChordState
  private readonly routing: Routing
  /** The power that each place's next round looks at. */
  private readonly cursors = new Map<Position, number>()
  private readonly filling = new Set<Position>()

  constructor(state: ChordState, routing: Routing) {
    this.state = state
    this.routing = routing
  }

  /** Looks at one finger. */
  round(position: Position): void {
    const lowest = this.lowestPower(position)
    if (lowest === undefined || this.filling.has(position)) return
    position.fingers.removeBelow(lowest)
    const { bits } = this.state.space
    if (lowest >= bits) return
    const next = (this.cursors.get(position) ?? 0) - 1
    const power = next < lowest || next >= bits ? bits - 1 : next
    this.cursors.set(position, power)
    const row = position.fingers.get(power)
    if (row === undefined) this.find(position, power, 'maintenance', () => {})
    else this.check(position, power, row)
  }

  /** Fills the table of a place that has just entered, from the successor on outwards. */
  fill(position: Position): void {
    const lowest = this.lowestPower(position)
    if (lowest === undefined || this.filling.has(position)) return
    this.filling.add(position)
    this.fillFrom(position, lowest)
  }

  /** The point from which the finger of this power is the first node. */
  startOf(position: Position, power: number): Identifier {
    return plusPower(position.identifier, power, this.state.space.bits)
  }

  /** The first power that the successor does not answer for; undefined for a node alone. */
  private lowestPower({ identifier, head }: Position): number | undefined {
    const { bits } = this.state.space
    if (head === undefined) return undefined
    for (let power = bits - 1; power >= 0; power--)
      if (isInRange(identifier, plusPower(identifier, power, bits), head.identifier)) return power + 1
    return 0
  }

  private fillFrom(position: Position, power: number): void {
    const { bits } = this.state.space
    let next = power
    const last = position.fingers.all.at(-1)?.row
    while (last !== undefined && next < bits && this.isStillRight(position, next, last)) {
      position.fingers.set(next, last.entry)
      next++
    }
    if (next >= bits || !position.isMember) this.filling.delete(position)
    else this.find(position, next, 'join', () => this.fillFrom(position, next + 1))
  }

  /** Whether the finger before stands for this power too. */
  private isStillRight(position: Position, power: number, { identifier }: RingPeer): boolean {
    return (
      identifier !== position.identifier &&
      isInRange(position.identifier, this.startOf(position, power), identifier)
    )
  }

  private find(position: Position, power: number, why: Why, done: () => void): void {
    const { state, routing } = this
    const target = this.startOf(position, power)
    const costs = new Costs(state.now())
    new Walk({ state, routing, costs }, { target, why, strict: false, limit: 1 }, ({ entries }) => {
      const [entry] = entries
      if (state.phase === 'left' || !position.isMember) return
      if (entry !== undefined && entry.identifierIn(state.space) !== position.identifier)
        position.fingers.set(power, entry)
      else position.fingers.remove(power)
      done()
    }).start()
  }

  private check(position: Position, power: number, { peer, entry, identifier }: RingPeer): void {
    const { state } = this
    const isCurrent = () => position.fingers.get(power)?.identifier === identifier
    state.ask(peer, 'pong', request => ({ type: 'ping', request, index: entry.index }), {
      onReply: pong => {
        if (isCurrent()) this.onPong(position, power, identifier, pong)
      },
      onSilence: () => {
        position.fingers.removePeer(identifier)
        if (position.isMember) this.find(position, power, 'maintenance', () => {})
      },
    })
  }

  private onPong(
    position: Position,
    power: number,
    finger: Identifier,
    { isMember, predecessor }: Pong,
  ): void {
    if (!isMember) {
      position.fingers.removePeer(finger)
      return
    }
    if (predecessor === undefined) return
    const start = this.startOf(position, power)
    const place = predecessor.identifierIn(this.state.space)
    const isNearer = start !== finger && (place === start || isBetween(start, place, finger))
    if (isNearer && !this.state.wasSilent(place)) position.fingers.set(power, predecessor)
  }
}
