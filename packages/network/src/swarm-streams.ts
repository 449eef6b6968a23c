import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { OverlayComponents } from '@onehop/libp2p-overlay'
import { openSwarmPath } from './swarm-path.ts'
import { SwarmStream } from './swarm-stream.ts'
import type { WireConnection } from './wire-connection.ts'

/** The streams of the swarm, those that are opened and those that come in, until the network stops. */
export class SwarmStreams {
  private readonly components: OverlayComponents
  private readonly onStream: ((connection: WireConnection) => void) | undefined
  private readonly stopping: AbortSignal

  constructor(
    components: OverlayComponents,
    onStream: ((connection: WireConnection) => void) | undefined,
    stopping: AbortSignal,
  ) {
    this.components = components
    this.onStream = onStream
    this.stopping = stopping
  }

  /** @param comeToUs asks the peer to dial us. @throws when no way leads to the peer. */
  async open(
    peerId: string,
    addresses: readonly string[],
    signal: AbortSignal | undefined,
    comeToUs: (() => Promise<unknown>) | undefined,
  ): Promise<WireConnection> {
    const stream = await openSwarmPath({
      components: this.components,
      peerId: peerIdFromString(peerId),
      addresses: addresses.map(address => multiaddr(address)),
      comeToUs,
      signal: signal === undefined ? this.stopping : AbortSignal.any([this.stopping, signal]),
    })
    return new SwarmStream(stream, peerId)
  }

  accept(stream: Stream, connection: Connection): void {
    if (this.onStream === undefined || this.stopping.aborted) {
      stream.abort(new Error('no swarm here'))
      return
    }
    this.onStream(new SwarmStream(stream, connection.remotePeer.toString()))
  }
}
