import type { Pointer } from '@onehop/overlay'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { BAD_NETWORK, simulatedHarness } from '@onehop/simulator'
import {
  NAPSTER_TESTNET,
  type NapsterMachine,
  type NapsterMessage,
  napster,
  napsterTables,
} from '../src/index.ts'

function messagesWith(pointer: Pointer): readonly NapsterMessage[] {
  return [
    { type: 'upload', request: 1, session: 1, isMove: false, pointers: [pointer] },
    { type: 'found', request: 1, isKnown: true, silent: 0, isFromOther: false, pointers: [pointer] },
  ]
}

const common = {
  factory: napster(NAPSTER_TESTNET),
  times: { convergenceMs: 3_000, deathMs: 8_000, expiryMs: 32_000 },
  mostHops: 1,
  searches: true,
  /** The only server has nobody to confirm what it publishes; that clients are confirmed is tested on its own. */
  confirms: false,
  /** Whoever is cut off from the only server finds nothing: tested on its own, too. */
  faults: { partition: false },
  messagesWith,
  tables: (node: { readonly machine: unknown }) => napsterTables(node.machine as NapsterMachine),
}

describeOverlayContract('Napster', simulatedHarness({ ...common, seeds: [1, 2, 3] }))

describeOverlayContract(
  'Napster on a bad network, with late verifications, through its codec',
  simulatedHarness({ ...common, seeds: [11, 12], simulation: BAD_NETWORK }),
)
