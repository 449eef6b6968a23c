import type { Logger } from '@libp2p/interface'
import type { KelipsMessage } from '@onehop/kelips'
import type { Libp2pOverlay } from '../libp2p-overlay.ts'

/** The overlay as Kelips speaks over it. */
export type KelipsOverlay = Libp2pOverlay<KelipsMessage>

/** What the routing methods need of the service. */
export interface RoutingPort {
  readonly log: Logger
  /**
   * The overlay of the present run, when it has been entered.
   * @throws {NotStartedError} when the node does not run. @throws {NoPeersError} when nobody has let it in in time.
   * @throws the signal's reason.
   */
  entered(signal?: AbortSignal): Promise<KelipsOverlay>
  /** @throws {NotStartedError} when the node does not run. */
  running(): KelipsOverlay
}
