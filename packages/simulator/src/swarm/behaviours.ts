import {
  type ChokeDecision,
  type Choker,
  type ChokerPeer,
  type PeerKey,
  ProportionalShareChoker,
  TitForTatChoker,
} from '@onehop/swarm'
import { BitTyrantChoker } from './bit-tyrant.ts'
import type { SwarmRole, SwarmStrategy } from './swarm-parameters.ts'

/** Whom a node of that role serves. Seeds are compliant. */
export function chokerFor(role: SwarmRole, strategy: SwarmStrategy, uploadBytesPerSecond: number): Choker {
  switch (role) {
    case 'free-rider':
    case 'large-view':
      return new StingyChoker()
    case 'tyrant':
      return new BitTyrantChoker(uploadBytesPerSecond)
    case 'compliant':
    case 'seed':
      return strategy === 'tit-for-tat' ? new TitForTatChoker() : new ProportionalShareChoker()
  }
}

/** Serves nobody, ever. */
class StingyChoker implements Choker {
  choose(peers: readonly ChokerPeer[]): ReadonlyMap<PeerKey, ChokeDecision> {
    return new Map(peers.map(({ key }) => [key, { slot: 'choked', reason: 'we never upload' }]))
  }
}
