import type { Pointer } from '@onehop/overlay'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { BAD_NETWORK, simulatedHarness, uniformLatency } from '@onehop/simulator'
import {
  CHORD_TESTNET,
  type ChordMachine,
  type ChordMessage,
  chord,
  chordTables,
} from '../src/chord/index.ts'

function messagesWith(pointer: Pointer): readonly ChordMessage[] {
  const pointers = [pointer]
  return [
    { type: 'store', request: 1, why: 'publication', pointers },
    { type: 'store', request: 1, why: 'join', pointers },
    { type: 'got', request: 1, pointers, isSettled: true },
    { type: 'share', request: 1, why: 'join', pointers, more: false },
  ]
}

const common = {
  factory: chord(CHORD_TESTNET),
  times: { convergenceMs: 6_000, deathMs: 12_000, expiryMs: 32_000 },
  mostHops: 4,
  searches: true,
  messagesWith,
  tables: (node: { readonly machine: unknown }) => chordTables(node.machine as ChordMachine),
}

describeOverlayContract('Chord', simulatedHarness({ ...common, seeds: [1, 2, 3] }))

describeOverlayContract(
  'Chord on a bad network, with late verifications, through its codec',
  simulatedHarness({ ...common, seeds: [11, 12], simulation: BAD_NETWORK }),
)

describeOverlayContract(
  'Chord with virtual nodes',
  simulatedHarness({ ...common, factory: chord({ ...CHORD_TESTNET, virtualNodes: 3 }), seeds: [1, 2] }),
)

describeOverlayContract(
  'Chord with recursive lookups',
  simulatedHarness({
    ...common,
    factory: chord({ ...CHORD_TESTNET, routing: 'recursive' }),
    seeds: [1, 21],
    simulation: { latency: uniformLatency(1, 60), reorderFraction: 0.05, checksCodec: true },
  }),
)
