import type { WireConnection } from '@onehop/swarm'

/** What the content side needs of the network: a stream to a peer, see `Network.openSwarmStream`. */
export interface SwarmDialer {
  readonly peerId: string
  openSwarmStream(
    peerId: string,
    addresses?: readonly string[],
    signal?: AbortSignal,
    comeToUs?: () => Promise<unknown>,
  ): Promise<WireConnection>
}
