import type { WireConnection } from '@onehop/swarm'

/** What the content side needs of the network: a stream to a peer. */
export interface SwarmDialer {
  readonly peerId: string
  openSwarmStream(
    peerId: string,
    addresses?: readonly string[],
    signal?: AbortSignal,
  ): Promise<WireConnection>
}
