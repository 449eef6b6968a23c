import type { Inspection } from '@onehop/overlay'
import { encodeBase58 } from '@onehop/primitives'
import type { Custody } from './custody.ts'
import { identifierText } from './identifiers.ts'
import { INSPECTED_ROWS } from './limits.ts'
import type { Position } from './position.ts'
import type { Publisher } from './publisher.ts'
import type { RingPeer } from './ring-entry.ts'
import type { ChordState } from './state.ts'

/** A place on the ring as people read it. */
export interface InspectedPlace {
  readonly identifier: string
  readonly peerId: string
  readonly virtualNode: number
}

/** A finger with the place that it leads to. */
export interface InspectedFinger extends InspectedPlace {
  readonly position: string
  readonly power: number
}

/** A Chord node's tables. Lists name the place of this node that they belong to where it has several. */
export interface ChordInspection extends Inspection {
  readonly protocol: 'chord/1'
  readonly phase: ChordState['phase']
  readonly role: 'peer'
  /** Whether all places of this node are on the ring and hold what they should: its silence about a key means something. */
  readonly settled: boolean
  /** m. */
  readonly bits: number
  /** Where this node stands: its virtual nodes that are on the ring. */
  readonly positions: readonly (InspectedPlace & { readonly predecessor: string | null })[]
  readonly successors: readonly (InspectedPlace & { readonly position: string })[]
  /** r as it is now. */
  readonly successorLimit: number
  readonly fingers: readonly InspectedFinger[]
  readonly estimatedNodes: number
  readonly publications: number
  /** Pointers held for others. */
  readonly load: number
  readonly departed: number
  /** Bytes of the tables, as messages would carry them. */
  readonly memoryBytes: number
}

/** Identifier, handle and place in a list, beside the entry. */
const ROW_BYTES = 28

/** A plain snapshot: JSON values only. */
export function inspect(state: ChordState, custody: Custody, publisher: Publisher): ChordInspection {
  const { members } = state
  const successors = members.flatMap(position =>
    position.successors.map(row => ({ position: textOf(state, position), ...placeOf(state, row) })),
  )
  const fingers = members.flatMap(position =>
    position.fingers.all.map(({ power, row }) => ({
      position: textOf(state, position),
      power,
      ...placeOf(state, row),
    })),
  )
  return {
    protocol: 'chord/1',
    phase: state.phase,
    role: 'peer',
    settled: state.positions.every(position => custody.isSettled(position)),
    bits: state.space.bits,
    positions: members.map(position => inspectPosition(state, position)),
    successors: successors.slice(0, INSPECTED_ROWS),
    successorLimit: state.successorLimit,
    fingers: fingers.slice(0, INSPECTED_ROWS),
    estimatedNodes: state.estimatedNodes(),
    publications: publisher.own.size,
    load: custody.table.size,
    departed: state.departed.size,
    memoryBytes: memoryBytes(state, custody),
  }
}

function inspectPosition(
  state: ChordState,
  { ownEntry, identifier, predecessor, index }: Position,
): ChordInspection['positions'][number] {
  return {
    identifier: identifierText(identifier, state.space.bits),
    peerId: encodeBase58(ownEntry.id),
    virtualNode: index,
    predecessor: predecessor === undefined ? null : identifierText(predecessor.identifier, state.space.bits),
  }
}

function textOf(state: ChordState, { identifier }: Position): string {
  return identifierText(identifier, state.space.bits)
}

function placeOf(state: ChordState, { entry, identifier }: RingPeer): InspectedPlace {
  return {
    identifier: identifierText(identifier, state.space.bits),
    peerId: encodeBase58(entry.id),
    virtualNode: entry.index,
  }
}

function memoryBytes(state: ChordState, custody: Custody): number {
  const rows = state.positions.flatMap(({ successors, fingers, predecessor }) => [
    ...successors,
    ...fingers.all.map(({ row }) => row),
    ...(predecessor === undefined ? [] : [predecessor]),
  ])
  const bytes = rows.reduce((sum, { entry }) => sum + entry.encodedLength + ROW_BYTES, 0)
  return bytes + custody.table.byteLength
}
