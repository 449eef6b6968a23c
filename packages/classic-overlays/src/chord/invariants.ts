import { type Identifier, identifierText, isBetween } from './identifiers.ts'
import { LEAST_SUCCESSORS } from './limits.ts'
import type { ChordMachine } from './machine.ts'
import type { Position } from './position.ts'

/** The places of all machines that live, by identifier. */
function membersOf(machines: readonly ChordMachine[]): Map<Identifier, Position> {
  const members = machines.flatMap(({ state }) => state.members)
  return new Map(members.map(position => [position.identifier, position]))
}

/** The place itself and its successors: the extended successor list. */
function extended({ identifier, successors }: Position): Identifier[] {
  return [identifier, ...successors.map(row => row.identifier)]
}

function skips(list: readonly Identifier[], x: Identifier): boolean {
  return list.some((from, i) => i + 1 < list.length && isBetween(from, x, list[i + 1]!))
}

/** Members that no member's extended successor list skips. */
function principals(members: ReadonlyMap<Identifier, Position>): Identifier[] {
  const lists = [...members.values()].map(extended)
  return [...members.keys()].filter(identifier => !lists.some(list => skips(list, identifier)))
}

function firstLive(position: Position, members: ReadonlyMap<Identifier, Position>): Identifier | undefined {
  return position.successors.find(({ identifier }) => members.has(identifier))?.identifier
}

/**
 * What is wrong with the ring of these machines, all that live, as a sentence; undefined: nothing. The inductive
 * invariant of Zave 2017 (§V): every member has a live successor, and there are enough principals. And what follows
 * from it: one ring, in order, that all others lead to.
 * @param leastPrincipals r + 1: the members that must always be there.
 */
export function chordRingFlaw(
  machines: readonly ChordMachine[],
  leastPrincipals: number,
): string | undefined {
  const members = membersOf(machines)
  const text = (identifier: Identifier) => identifierText(identifier, machines[0]!.state.space.bits)
  if (members.size < 2) return undefined
  for (const position of members.values()) {
    if (!isOrdered(position)) return `the successors of ${text(position.identifier)} are not in order`
    if (firstLive(position, members) === undefined)
      return `${text(position.identifier)} has no live successor`
  }
  const found = principals(members).length
  if (found < leastPrincipals) return `${found} principals, fewer than ${leastPrincipals}`
  return ringFlaw(members)
}

function isOrdered(position: Position): boolean {
  const list = extended(position)
  return list.every((x, i) => i === 0 || isBetween(list[i - 1]!, x, position.identifier))
}

/** Follows the first live successors: they must lead everybody into one ring, once round. */
function ringFlaw(members: ReadonlyMap<Identifier, Position>): string | undefined {
  const next = (identifier: Identifier) => firstLive(members.get(identifier)!, members)!
  let at = members.keys().next().value as Identifier
  for (let i = 0; i < members.size; i++) at = next(at)
  const ring = [at]
  for (let x = next(at); x !== at && ring.length <= members.size; x = next(x)) ring.push(x)
  const turns = ring.filter((x, i) => ring[(i + 1) % ring.length]! <= x).length
  if (turns > 1) return `the ring goes round ${turns} times`
  for (const identifier of members.keys()) {
    let x = identifier
    for (let i = 0; i <= members.size && !ring.includes(x); i++) x = next(x)
    if (!ring.includes(x)) return 'a node does not lead to the ring'
  }
  return undefined
}

/**
 * How the machines' neighbours differ from the ideal, once nothing changes any more: every list holds the very next
 * nodes, as many as it should, and every predecessor is the one before.
 */
export function chordIdealFlaw(machines: readonly ChordMachine[]): string | undefined {
  const members = membersOf(machines)
  const sorted = [...members.keys()].sort()
  for (const [i, identifier] of sorted.entries()) {
    const position = members.get(identifier)!
    const others = [...sorted.slice(i + 1), ...sorted.slice(0, i)]
    const { bits } = machines[0]!.state.space
    const name = identifierText(identifier, bits)
    const { options, successorLimit } = position.state
    const least = Math.min(others.length, options.successors === 'auto' ? LEAST_SUCCESSORS : successorLimit)
    const own = extended(position).slice(1)
    if (own.length < least || own.some((x, j) => x !== others[j]))
      return `${name} has ${own.length} successors that are not the next`
    const isAlone = others.length === 0
    if (!isAlone && position.predecessor?.identifier !== others.at(-1))
      return `${name} has another predecessor`
  }
  return undefined
}
