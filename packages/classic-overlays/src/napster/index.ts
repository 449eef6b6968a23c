export { napsterCodec } from './codec.ts'
export type { NapsterInspection } from './inspection.ts'
export { NapsterMachine } from './machine.ts'
export type { NapsterMessage } from './messages.ts'
export { napster } from './napster.ts'
export {
  checkNapsterOptions,
  NAPSTER_DEFAULT,
  NAPSTER_TESTNET,
  type NapsterOptions,
  type NapsterRole,
} from './options.ts'
export type { ProbedHost } from './probing.ts'
export { napsterTables } from './tables.ts'
