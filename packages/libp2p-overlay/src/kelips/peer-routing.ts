import {
  NotFoundError,
  type PeerId,
  type PeerInfo,
  type PeerRouting,
  type PeerStore,
} from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { sha256 } from '@onehop/primitives'
import { CLOSEST_PEERS } from '../limits.ts'
import { NoPeersError } from './errors.ts'
import { effortOf, type KelipsRoutingOptions, reportProgress } from './events.ts'
import type { KelipsOverlay, RoutingPort } from './routing-port.ts'

/** What peer routing needs of the service. */
export interface PeerRoutingPort extends RoutingPort {
  readonly peerStore: PeerStore
}

/** `findPeer` and `getClosestPeers` over Kelips: a peer's record is held by its own affinity group. */
export class KelipsPeerRouting implements PeerRouting {
  private readonly port: PeerRoutingPort

  constructor(port: PeerRoutingPort) {
    this.port = port
  }

  /**
   * Where a peer can be dialled: as this node knows (unless `useCache` is false), else by the word of its group, else as
   * the peer store remembers.
   * @throws {NotFoundError} @throws {NotStartedError} @throws the signal's reason.
   */
  async findPeer(id: PeerId, options: KelipsRoutingOptions = {}): Promise<PeerInfo> {
    const overlay = this.port.running()
    options.signal?.throwIfAborted()
    const known = options.useCache === false ? [] : overlay.addressesOf(id.toString())
    if (known.length > 0) return { id, multiaddrs: [...known] }
    const located = options.useNetwork === false ? [] : await this.locate(id, options)
    if (located.length > 0) return { id, multiaddrs: [...located] }
    const stored = options.useCache === false ? [] : await this.stored(id)
    if (stored.length > 0) return { id, multiaddrs: stored }
    throw new NotFoundError(`nobody knows where ${id.toString()} can be dialled`)
  }

  /** Members of the affinity group that a multihash or a peer id belongs to, as this node knows them. */
  async *getClosestPeers(key: Uint8Array, options: KelipsRoutingOptions = {}): AsyncGenerator<PeerInfo> {
    const overlay = await this.enteredOrNone(options.signal)
    for (const peer of overlay?.closest(sha256(key), CLOSEST_PEERS) ?? []) {
      options.signal?.throwIfAborted()
      yield { id: peer.id, multiaddrs: [...peer.addresses] }
    }
  }

  private async locate(id: PeerId, options: KelipsRoutingOptions): Promise<readonly Multiaddr[]> {
    const overlay = await this.enteredOrNone(options.signal)
    const located = await overlay?.locate(id.toMultihash().bytes, { signal: options.signal })
    if (located === undefined) return []
    reportProgress(options, 'kelips:find-peer:end', { id, ...effortOf(located.outcome) })
    return located.addresses
  }

  /** Undefined when nobody has let this node in: what libp2p's other peer routers find must not be lost for it. */
  private enteredOrNone(signal: AbortSignal | undefined): Promise<KelipsOverlay | undefined> {
    return this.port.entered(signal).catch(error => {
      if (error instanceof NoPeersError) return undefined
      throw error
    })
  }

  private async stored(id: PeerId): Promise<Multiaddr[]> {
    try {
      const peer = await this.port.peerStore.get(id)
      return peer.addresses.map(({ multiaddr }) => multiaddr)
    } catch {
      return []
    }
  }
}
