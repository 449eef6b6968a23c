import { type Identifier, isBetween, isInRange } from './identifiers.ts'
import { CLOSER_PART, CLOSER_PEERS } from './limits.ts'
import type { Position } from './position.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { ChordState } from './state.ts'

/** What a node says of a point: its successors, when it knows them; or peers that precede it more closely. */
export interface Resolution {
  readonly isDone: boolean
  /** Which of the places of the node tells. */
  readonly index: number
  readonly entries: readonly RingEntry[]
}

/** Who is responsible for which part of the ring, by the tables of one node. */
export class Routing {
  private readonly state: ChordState

  constructor(state: ChordState) {
    this.state = state
  }

  /**
   * What the own tables say of the point.
   * @param strict only its direct predecessor may tell who its successors are: lists further back may be out of date.
   * @param limit successors wanted: who knows fewer sends on to who knows more.
   */
  resolve(target: Identifier, strict: boolean, limit: number): Resolution {
    for (const position of this.state.positions) {
      const entries = position.isMember ? this.successorsOf(target, position, strict, limit) : undefined
      if (entries !== undefined) return { isDone: true, index: position.index, entries }
    }
    const count = strict ? CLOSER_PEERS : Math.max(CLOSER_PEERS, Math.floor(limit * CLOSER_PART))
    const closer = this.closer(target, count)
    return { isDone: false, index: 0, entries: closer.map(({ entry }) => entry) }
  }

  /** The place of this machine that owns the point; undefined: another node does, or nobody knows yet. */
  ownerOf(target: Identifier): Position | undefined {
    return this.state.positions.find(position => position.isMember && owns(position, target))
  }

  /** Known nodes that precede the point, the closest first. Those that were silent lately only if there is nobody else. */
  closer(target: Identifier, count: number): RingPeer[] {
    const talking = this.closest(target, count, row => !this.state.wasSilent(row.identifier))
    return talking.length > 0 ? talking : this.closest(target, count, () => true)
  }

  private closest(target: Identifier, count: number, isWanted: (row: RingPeer) => boolean): RingPeer[] {
    const best: RingPeer[] = []
    for (const position of this.state.positions) {
      if (!position.isMember) continue
      const from = position.identifier
      for (const row of position.successors)
        if (isBetween(from, row.identifier, target) && isWanted(row)) insert(best, row, target, count)
      for (const { row } of position.fingers.all)
        if (isBetween(from, row.identifier, target) && isWanted(row)) insert(best, row, target, count)
    }
    return best
  }

  private successorsOf(
    target: Identifier,
    position: Position,
    strict: boolean,
    limit: number,
  ): RingEntry[] | undefined {
    const { successors } = position
    if (successors.length === 0) return [position.ownEntry]
    if (position.precedes(target)) return entriesFrom(position, 0, limit)
    if (strict) return undefined
    if (owns(position, target)) return [position.ownEntry, ...entriesFrom(position, 0, limit - 1)]
    const i = firstNotBefore(position, target)
    const isLongEnough = position.isWholeRing || i + limit <= successors.length
    return i < successors.length && isLongEnough ? entriesFrom(position, i, limit) : undefined
  }
}

/** Index of the first successor at the point or after it; the list's length when the point is beyond. */
function firstNotBefore({ identifier, successors }: Position, target: Identifier): number {
  const last = successors.at(-1)
  if (last === undefined || !isInRange(identifier, target, last.identifier)) return successors.length
  return successors.findIndex(row => !isBetween(identifier, row.identifier, target))
}

/** Successors to tell. Where the list goes all the way round, this node is the last of them. */
function entriesFrom(position: Position, from: number, limit: number): RingEntry[] {
  const told = position.successors.slice(from, from + limit).map(({ entry }) => entry)
  if (position.isWholeRing && told.length < limit) told.push(position.ownEntry)
  return told
}

/** Whether the point is in (predecessor, own place]. A node alone owns all. */
export function owns({ identifier, predecessor, successors }: Position, target: Identifier): boolean {
  if (predecessor === undefined) return successors.length === 0 || target === identifier
  return isInRange(predecessor.identifier, target, identifier)
}

/** Keeps the list sorted by how closely its nodes precede the point, and short. */
function insert(best: RingPeer[], row: RingPeer, target: Identifier, count: number): void {
  let at = best.length
  while (at > 0 && isBetween(best[at - 1]!.identifier, row.identifier, target)) at--
  if (at === count || best[at - 1]?.identifier === row.identifier) return
  best.splice(at, 0, row)
  if (best.length > count) best.pop()
}
