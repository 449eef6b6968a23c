/**
 * What an idle machine takes in memory beside its tables: run it with
 * `node --expose-gc --conditions=@onehop/source packages/kelips/test/machine-memory.ts`.
 */
import type { Environment, PeerHandle } from '@onehop/overlay'
import { KELIPS_DEFAULT, type KelipsMachine, type KelipsMessage, kelips } from '../src/index.ts'

const MACHINES = 10_000

const environment = {
  self: 0 as PeerHandle,
  now: () => 1_767_225_600_000,
  random: () => 0.5,
  send: () => {},
  setTimer: () => () => {},
  isConnected: () => true,
  intern: () => 0 as PeerHandle,
  idOf: () => new Uint8Array(38),
  hash32: () => 0,
  release: () => {},
  addresses: () => [],
  learnAddresses: () => {},
  sign: () => new Uint8Array(64),
  verify: () => {},
  penalise: () => {},
} as unknown as Environment<KelipsMessage>

function usedBytes(): number {
  for (let i = 0; i < 5; i++) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const factory = kelips(KELIPS_DEFAULT, { tables: 'shared' })
const machines: KelipsMachine[] = []
const before = usedBytes()
for (let i = 0; i < MACHINES; i++) machines.push(factory.create(environment) as KelipsMachine)
const made = usedBytes()
for (const machine of machines) machine.join([], () => {})
const joined = usedBytes()
console.log(`made: ${Math.round((made - before) / MACHINES)} bytes a machine`)
console.log(`alone in its network: ${Math.round((joined - before) / machines.length)} bytes a machine`)
