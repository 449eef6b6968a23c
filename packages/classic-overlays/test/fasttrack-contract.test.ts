import type { Pointer } from '@onehop/overlay'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { BAD_NETWORK, simulatedHarness } from '@onehop/simulator'
import {
  FASTTRACK_TESTNET,
  type FastTrackMachine,
  type FastTrackMessage,
  fastTrackTables,
  fasttrack,
} from '../src/fasttrack/index.ts'

function messagesWith(pointer: Pointer): readonly FastTrackMessage[] {
  const supernode = { id: pointer.provider, addresses: [] }
  return [
    { type: 'register', request: 1, moved: false, pointers: [pointer] },
    { type: 'found', request: 1, hops: 1, supernode, pointers: [pointer], last: true, total: 1 },
    { type: 'hits', high: 1, low: 1, hops: 1, supernode, pointers: [pointer] },
  ]
}

const common = {
  factory: fasttrack(FASTTRACK_TESTNET),
  times: { convergenceMs: 5_000, deathMs: 12_000, expiryMs: 32_000 },
  mostHops: 5,
  searches: true,
  // A supernode answers for itself: nobody confirms what it publishes.
  confirms: false,
  messagesWith,
  tables: (node: { readonly machine: unknown }) => fastTrackTables(node.machine as FastTrackMachine),
}

describeOverlayContract('FastTrack', simulatedHarness({ ...common, seeds: [1, 2, 3] }))

describeOverlayContract(
  'FastTrack on a bad network, with late verifications, through its codec',
  simulatedHarness({ ...common, seeds: [11, 12], simulation: BAD_NETWORK }),
)
