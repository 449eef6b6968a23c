import { type Identifier, isInRange, plusPower } from './identifiers.ts'
import type { Position } from './position.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { ChordState } from './state.ts'

/** One entry of the finger table: the first node that is at least 2^power further round the ring. */
export interface Finger {
  readonly power: number
  readonly row: RingPeer
}

/**
 * A finger table without its lower part: the fingers before the successor all are the successor, so that log₂ N of the
 * m entries are kept.
 */
export class FingerTable {
  private list: Finger[] = []
  private readonly state: ChordState

  constructor(state: ChordState) {
    this.state = state
  }

  /** By power, the lowest first. */
  get all(): readonly Finger[] {
    return this.list
  }

  get(power: number): RingPeer | undefined {
    return this.list.find(finger => finger.power === power)?.row
  }

  set(power: number, entry: RingEntry): void {
    const row = this.state.hold(entry)
    const index = this.list.findIndex(finger => finger.power >= power)
    const isKnown = this.list[index]?.power === power
    if (isKnown) this.state.drop(this.list[index]!.row)
    this.list.splice(index < 0 ? this.list.length : index, isKnown ? 1 : 0, { power, row })
  }

  remove(power: number): void {
    this.removeWhere(finger => finger.power === power)
  }

  /** The node is gone. */
  removePeer(identifier: Identifier): void {
    if (this.list.some(({ row }) => row.identifier === identifier))
      this.removeWhere(({ row }) => row.identifier === identifier)
  }

  /** Fingers that the successor stands for. */
  removeBelow(power: number): void {
    if (this.list.length > 0 && this.list[0]!.power < power) this.removeWhere(finger => finger.power < power)
  }

  clear(): void {
    this.removeWhere(() => true)
  }

  private removeWhere(isUnwanted: (finger: Finger) => boolean): void {
    const removed = this.list.filter(isUnwanted)
    this.list = this.list.filter(finger => !removed.includes(finger))
    for (const { row } of removed) this.state.drop(row)
  }
}

/** The whole finger table of m entries, as textbooks print it; undefined where nothing is known. */
export function fullFingerTable({ identifier, head, fingers, state }: Position): (RingPeer | undefined)[] {
  const { bits } = state.space
  return Array.from({ length: bits }, (_, power) => {
    const isSuccessor =
      head !== undefined && isInRange(identifier, plusPower(identifier, power, bits), head.identifier)
    return isSuccessor ? head : fingers.get(power)
  })
}
