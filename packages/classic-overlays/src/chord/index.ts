export { chord } from './chord.ts'
export { chordCodec } from './codec.ts'
export {
  type Identifier,
  type IdentifierSpace,
  identifierFromNumber,
  identifierText,
  identifierToNumber,
  Sha1Space,
} from './identifiers.ts'
export type { ChordInspection } from './inspection.ts'
export { chordIdealFlaw, chordRingFlaw } from './invariants.ts'
export { ChordMachine } from './machine.ts'
export type { ChordMessage } from './messages.ts'
export { CHORD_DEFAULT, CHORD_TESTNET, type ChordOptions, checkChordOptions } from './options.ts'
export type { Owner } from './owner-search.ts'
export { settleChord } from './settling.ts'
export { type ChordTable, chordTables } from './tables.ts'
