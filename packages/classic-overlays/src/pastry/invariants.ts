import { ID_BITS } from './limits.ts'
import type { PastryMachine } from './machine.ts'
import { digitAt, equalIds, isBefore, nodeIdOf, sharedDigits } from './node-id.ts'
import { pastryTables } from './tables.ts'

/** What must be true of a machine at any time: one sentence for everything that is not. */
export function checkPastryInvariants(machine: PastryMachine): string[] {
  return [
    ...tableFaults(machine),
    ...leafFaults(machine),
    ...routingFaults(machine),
    ...contactFaults(machine),
  ]
}

function* tableFaults(machine: PastryMachine): Generator<string> {
  for (const { name, size, limit } of pastryTables(machine))
    if (size > limit) yield `${name} has ${size} entries, and may have ${limit}`
}

/** Both halves are in order, and nobody is in them twice. */
function* leafFaults({ state: { leafSet, ownId } }: PastryMachine): Generator<string> {
  for (let i = 1; i < leafSet.larger.length; i++)
    if (!isBefore(ownId, leafSet.larger[i - 1]!.id, leafSet.larger[i]!.id))
      yield `the larger half of the leaf set is not in order at ${i}`
  for (let i = 1; i < leafSet.smaller.length; i++)
    if (!isBefore(ownId, leafSet.smaller[i]!.id, leafSet.smaller[i - 1]!.id))
      yield `the smaller half of the leaf set is not in order at ${i}`
}

/** Everybody stands in its own place. */
function* routingFaults({ state: { table, ownId, options } }: PastryMachine): Generator<string> {
  const { digitBits } = options
  for (let row = 0; row < ID_BITS / digitBits && row < table.depth; row++)
    for (const contact of table.row(row)) {
      const shared = sharedDigits(ownId, contact.id, digitBits)
      if (shared !== row) yield `row ${row} has somebody who shares ${shared} digits`
      if (table.at(contact.id) !== contact)
        yield `column ${digitAt(contact.id, row, digitBits)} of row ${row} is another's`
    }
}

/** Contacts are who stands in a table; their ids are what their keys say, and not ours. */
function* contactFaults({ state }: PastryMachine): Generator<string> {
  const standing = new Set([...state.leafSet.members, ...state.table.all(), ...state.neighbourhood.members])
  if (standing.size !== state.contactCount)
    yield `${state.contactCount} contacts, of whom ${standing.size} stand in a table`
  for (const contact of standing) {
    if (state.contactOf(contact.peer) !== contact) yield 'somebody in a table is no contact'
    if (!equalIds(contact.id, nodeIdOf(contact.entry.id))) yield 'an id is not that of its key'
    if (equalIds(contact.id, state.ownId)) yield 'we are in our own tables'
  }
}
