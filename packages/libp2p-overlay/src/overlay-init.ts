import type { OverlayFactory } from '@onehop/overlay'
import type { KnownPeer } from './operation-options.ts'
import type { PenaltyLedger } from './penalty-ledger.ts'

/** How an overlay runs on a libp2p node. */
export interface Libp2pOverlayInit<Message> {
  readonly factory: OverlayFactory<Message>
  /** Put before the factory's protocol name. Default `/onehop/`, which makes `/onehop/kelips/1`. */
  readonly protocolPrefix?: string
  /** Shared with other protocols of the node. Default: an own one. */
  readonly penalties?: PenaltyLedger
  /** Uniform in [0, 1). Default: unpredictable. */
  readonly random?: () => number
  readonly observer?: OverlayObserver
  /** Milliseconds since the Unix epoch that never run backwards. Default: a {@link SteadyClock}. */
  readonly clock?: () => number
  /**
   * Peers with an open stream, at most: the least useful is closed for a new one. Default `DEFAULT_MAX_CONNECTIONS`. A
   * machine that serves others may want more (`connectionsWanted`), up to `MAX_SERVING_CONNECTIONS`.
   */
  readonly maxConnections?: number
}

/** Told of the peers that an overlay comes to know. */
export interface OverlayObserver {
  /** The first message of a peer over a new link. */
  onMet?(peerId: string): void
  /** Addresses of a peer that was not in the book. */
  onLearned?(peer: KnownPeer): void
}
