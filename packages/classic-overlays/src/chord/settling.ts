import { type Identifier, isInRange, plusPower } from './identifiers.ts'
import type { ChordMachine } from './machine.ts'
import type { Position } from './position.ts'
import type { RingEntry } from './ring-entry.ts'

interface Seat {
  readonly place: Identifier
  readonly position: Position
  readonly entry: RingEntry
}

/**
 * Makes one ring of machines that have joined nobody, with the tables that the protocol would have given them after long
 * quiet: for large simulations, where only the hours before are left out. What comes after goes through the protocol.
 */
export function settleChord(machines: readonly ChordMachine[]): void {
  const seats: Seat[] = []
  for (const { state } of machines)
    for (const position of state.positions)
      seats.push({ place: position.identifier, position, entry: position.ownEntry })
  seats.sort((a, b) => (a.place < b.place ? -1 : 1))
  const ring = new SettledRing(seats)
  for (const machine of machines) {
    machine.state.phase = 'member'
    machine.state.assumeNodes(seats.length)
  }
  for (const i of seats.keys()) ring.fill(i)
  for (const machine of machines) machine.start()
  for (const machine of machines)
    for (const position of machine.state.positions) machine.custody.settle(position)
}

class SettledRing {
  private readonly seats: readonly Seat[]

  constructor(seats: readonly Seat[]) {
    this.seats = seats
  }

  fill(i: number): void {
    const { position } = this.seats[i]!
    const { state } = position
    const wanted = Math.min(state.successorLimit + 1, this.seats.length)
    position.isMember = true
    position.adoptSuccessors(Array.from({ length: wanted }, (_, j) => this.at(i + 1 + j).entry))
    if (this.seats.length === 1) return
    position.adoptPredecessor(this.at(i - 1).entry)
    const told = Math.min(state.chainLength, this.seats.length - 1)
    position.chain = Array.from({ length: told }, (_, j) => this.at(i - 2 - j).place)
    this.fillFingers(position)
  }

  private fillFingers({ identifier, head, fingers, state }: Position): void {
    const { bits } = state.space
    for (let power = bits - 1; power >= 0; power--) {
      const start = plusPower(identifier, power, bits)
      if (head === undefined || isInRange(identifier, start, head.identifier)) return
      const { place, entry } = this.firstFrom(start)
      if (place !== identifier) fingers.set(power, entry)
    }
  }

  /** The first node at the point or after it. */
  private firstFrom(point: Identifier): Seat {
    let [low, high] = [0, this.seats.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.seats[middle]!.place < point) low = middle + 1
      else high = middle
    }
    return this.at(low)
  }

  private at(i: number): Seat {
    const { length } = this.seats
    return this.seats[((i % length) + length) % length]!
  }
}
