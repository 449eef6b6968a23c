import type { Pointer } from '@onehop/overlay'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { BAD_NETWORK, simulatedHarness } from '@onehop/simulator'
import { KELIPS_TESTNET, type KelipsMachine, type KelipsMessage, kelips, kelipsTables } from '../src/index.ts'

function messagesWith(pointer: Pointer): readonly KelipsMessage[] {
  return [
    { type: 'store', request: 1, pointers: [pointer] },
    { type: 'found', request: 1, pointers: [pointer], members: [], settled: true },
  ]
}

const common = {
  factory: kelips(KELIPS_TESTNET),
  times: { convergenceMs: 5_000, deathMs: 12_000, expiryMs: 32_000 },
  mostHops: 1,
  searches: true,
  messagesWith,
  tables: (node: { readonly machine: unknown }) => kelipsTables(node.machine as KelipsMachine),
}

describeOverlayContract('Kelips', simulatedHarness({ ...common, seeds: [1, 2, 3] }))

describeOverlayContract(
  'Kelips on a bad network, with late verifications, through its codec',
  simulatedHarness({ ...common, seeds: [11, 12], simulation: BAD_NETWORK }),
)

describeOverlayContract(
  'Kelips with k that tunes itself, in small groups',
  simulatedHarness({
    ...common,
    factory: kelips({ ...KELIPS_TESTNET, groups: 'auto', minimumGroupMembers: 2 }),
    seeds: [1, 2],
  }),
)
