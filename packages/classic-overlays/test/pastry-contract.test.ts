import type { Pointer } from '@onehop/overlay'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { BAD_NETWORK, simulatedHarness } from '@onehop/simulator'
import { PASTRY_TESTNET, type PastryMachine, type PastryMessage, pastry, pastryTables } from '../src/index.ts'

function messagesWith(pointer: Pointer): readonly PastryMessage[] {
  const origin = { id: pointer.provider, addresses: [] }
  const pointers = [pointer]
  const route = { request: 1, hops: 2, detours: 0, attempt: 0, number: 1, origin }
  return [
    { type: 'hold', request: 1, moves: false, pointers },
    { type: 'hold', request: 1, moves: true, pointers },
    { type: 'route', errand: 'put', pointers, ...route },
    { type: 'share', request: 1, pointers, more: false },
    { type: 'found', request: 1, hops: 1, detours: 0, pointers, members: [] },
  ]
}

const common = {
  factory: pastry(PASTRY_TESTNET),
  times: { convergenceMs: 5_000, deathMs: 12_000, expiryMs: 32_000 },
  mostHops: 2,
  searches: true,
  messagesWith,
  tables: (node: { readonly machine: unknown }) => pastryTables(node.machine as PastryMachine),
}

describeOverlayContract('Pastry', simulatedHarness({ ...common, seeds: [1, 2, 3] }))

describeOverlayContract(
  'Pastry on a bad network, with late verifications, through its codec',
  simulatedHarness({ ...common, seeds: [11, 12], simulation: BAD_NETWORK }),
)
