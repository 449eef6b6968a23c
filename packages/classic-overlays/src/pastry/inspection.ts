import type { Inspection } from '@onehop/overlay'
import { bytesToHex, encodeBase58 } from '@onehop/primitives'
import type { Contact } from './contact.ts'
import { INSPECTED_MEMBERS } from './limits.ts'
import { idToBytes, sharedDigits } from './node-id.ts'
import type { Publisher } from './publisher.ts'
import type { Scribe } from './scribe.ts'
import type { PastryState, Phase } from './state.ts'
import type { Store } from './store.ts'

/** A peer as people read it: its id as libp2p writes it, its place on the ring in hex. */
export interface InspectedContact {
  readonly peerId: string
  readonly nodeId: string
  /** Which half of the leaf set; of the routing table, the row. */
  readonly place: string
  readonly rttMs?: number
  readonly suspect: boolean
}

/** A group's tree as it is seen from here. */
export interface InspectedGroup {
  readonly key: string
  readonly root: boolean
  readonly listens: boolean
  readonly children: number
  readonly depth: number
}

/** A Pastry node's tables. */
export interface PastryInspection extends Inspection {
  readonly protocol: 'pastry/1'
  readonly phase: Phase
  /** Its leaf set is known, and its pointers are fetched: it answers for its keys. */
  readonly settled: boolean
  /** All nodes are alike: a member, or on the way to be one. */
  readonly role: Phase
  /** 128 bits, in hex. */
  readonly nodeId: string
  readonly leafSet: readonly InspectedContact[]
  /** At most {@link INSPECTED_MEMBERS} of them. */
  readonly routingTable: readonly InspectedContact[]
  readonly routingTableSize: number
  readonly neighbourhood: readonly InspectedContact[]
  /** Different peers in all tables together. */
  readonly degree: number
  readonly publications: number
  /** Pointers held for others and ourselves, as one of the k closest. */
  readonly load: number
  readonly groups: readonly InspectedGroup[]
  readonly departed: number
  /** Bytes of the tables as messages would carry them. */
  readonly memoryBytes: number
}

/** What a contact takes beside what a message carries of it: id, round-trip time, when heard, and its places. */
const CONTACT_BYTES = 16 + 4 + 4 + 4

/** A plain snapshot: JSON values only. */
export function inspect(
  state: PastryState,
  store: Store,
  publisher: Publisher,
  scribe: Scribe,
): PastryInspection {
  const { leafSet, table, neighbourhood, ownId, options } = state
  const row = (contact: Contact) => `row ${sharedDigits(ownId, contact.id, options.digitBits)}`
  return {
    protocol: 'pastry/1',
    phase: state.phase,
    settled: state.phase === 'member',
    role: state.phase,
    nodeId: bytesToHex(idToBytes(ownId)),
    leafSet: [
      ...leafSet.smaller.toReversed().map(contact => inspectContact(contact, 'smaller')),
      ...leafSet.larger.map(contact => inspectContact(contact, 'larger')),
    ],
    routingTable: [...table.all()]
      .slice(0, INSPECTED_MEMBERS)
      .map(contact => inspectContact(contact, row(contact))),
    routingTableSize: table.size,
    neighbourhood: neighbourhood.members.map(contact => inspectContact(contact, row(contact))),
    degree: state.contactCount,
    publications: publisher.size,
    load: store.pointers.size,
    groups: scribe.groups.all().map(group => ({
      key: bytesToHex(group.key),
      root: group.isRoot,
      listens: group.listeners.size > 0,
      children: group.children.size,
      depth: group.depth,
    })),
    departed: state.departed.size,
    memoryBytes: memoryBytes(state, store),
  }
}

/** Bytes of the tables as messages would carry them: without making an inspection. */
export function memoryBytes(state: PastryState, store: Store): number {
  return state.contactBytes + CONTACT_BYTES * state.contactCount + store.pointers.byteLength
}

function inspectContact(contact: Contact, place: string): InspectedContact {
  const { entry, id, rttMs, isSuspect } = contact
  return {
    peerId: encodeBase58(entry.id),
    nodeId: bytesToHex(idToBytes(id)),
    place,
    ...(rttMs === Number.POSITIVE_INFINITY ? {} : { rttMs: Math.round(rttMs * 10) / 10 }),
    suspect: isSuspect,
  }
}
