import type { Pointer } from '@onehop/overlay'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { BAD_NETWORK, simulatedHarness } from '@onehop/simulator'
import { descriptorId } from '../src/gnutella/descriptor-id.ts'
import {
  GNUTELLA_TESTNET,
  type GnutellaMachine,
  type GnutellaMessage,
  gnutella,
  gnutellaTables,
} from '../src/gnutella/index.ts'

function messagesWith(pointer: Pointer): readonly GnutellaMessage[] {
  return [
    {
      type: 'query-hit',
      ...{ id: descriptorId(pointer.key.slice(0, 16)), ttl: 7, hops: 0 },
      endpoint: { ip: new Uint8Array(4), port: 0 },
      serventId: pointer.key.slice(16),
      results: [{ fileIndex: 1, pointer }],
    },
  ]
}

/** Messages are lost in these networks as they never are over TCP: more floods are needed. And pointers are short-lived. */
const LOSSY = {
  ...GNUTELLA_TESTNET,
  queryAttempts: 6,
  pointerLifetimeMs: 30_000,
  pointerRefreshMs: 8_000,
}

const common = {
  factory: gnutella(LOSSY),
  times: { convergenceMs: 8_000, deathMs: 20_000, expiryMs: 32_000 },
  mostHops: 7,
  searches: true,
  confirms: false,
  judgesUnasked: false,
  messagesWith,
  tables: (node: { readonly machine: unknown }) => gnutellaTables(node.machine as GnutellaMachine),
}

describeOverlayContract('Gnutella', simulatedHarness({ ...common, seeds: [1, 2, 3] }))

describeOverlayContract(
  'Gnutella on a bad network, with late verifications, through its codec',
  simulatedHarness({ ...common, seeds: [11, 12], simulation: BAD_NETWORK }),
)

describeOverlayContract(
  'Gnutella 0.4, whose Pings are flooded',
  simulatedHarness({ ...common, factory: gnutella({ ...LOSSY, pongCaching: false }), seeds: [4] }),
)
