import type {
  AbortOptions,
  ComponentLogger,
  Connection,
  Libp2pEvents,
  PeerId,
  PeerStore,
  PrivateKey,
  StreamHandler,
  StreamHandlerOptions,
} from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { TypedEventTarget } from 'main-event'

/** What an overlay needs of a libp2p node: a subset of the components that libp2p gives to its services. */
export interface OverlayComponents {
  readonly peerId: PeerId
  readonly privateKey: PrivateKey
  readonly peerStore: PeerStore
  readonly logger: ComponentLogger
  readonly events: TypedEventTarget<Libp2pEvents>
  readonly registrar: {
    handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>
    unhandle(protocol: string): Promise<void>
  }
  readonly connectionManager: {
    getConnections(peerId?: PeerId): Connection[]
    openConnection(
      peer: PeerId | Multiaddr | Multiaddr[],
      options?: AbortOptions & { force?: boolean },
    ): Promise<Connection>
    closeConnections(peer: PeerId, options?: AbortOptions): Promise<void>
  }
  readonly addressManager: { getAddresses(): Multiaddr[] }
}
