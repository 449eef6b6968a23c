import {
  MAX_CANDIDATES,
  MAX_DEPARTED,
  MAX_POINTERS,
  MAX_POINTERS_PER_KEY,
  MAX_RELAYS,
  MOST_SUCCESSORS,
} from './limits.ts'
import type { ChordMachine } from './machine.ts'

/** One of a machine's tables, and what bounds it. */
export interface ChordTable {
  readonly name: string
  readonly size: number
  readonly limit: number
}

/** All tables that others can make grow. */
export function chordTables(machine: ChordMachine): readonly ChordTable[] {
  const { state, custody, relays } = machine
  const longest = (sizes: readonly number[]) => Math.max(0, ...sizes)
  const perKey = new Map<string, number>()
  for (const { key } of custody.table.all()) perKey.set(key.join(), (perKey.get(key.join()) ?? 0) + 1)
  return [
    {
      name: 'successors',
      size: longest(state.positions.map(({ successors }) => successors.length)),
      limit: MOST_SUCCESSORS,
    },
    {
      name: 'fingers',
      size: longest(state.positions.map(({ fingers }) => fingers.all.length)),
      limit: state.space.bits,
    },
    { name: 'pointers', size: custody.table.size, limit: MAX_POINTERS },
    { name: 'pointers of a key', size: longest([...perKey.values()]), limit: MAX_POINTERS_PER_KEY },
    { name: 'departed', size: state.departed.size, limit: MAX_DEPARTED },
    { name: 'routes', size: relays.size, limit: MAX_RELAYS },
    { name: 'handles', size: state.handles.size, limit: MAX_CANDIDATES + MAX_RELAYS },
  ]
}
