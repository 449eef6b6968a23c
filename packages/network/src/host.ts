import { type GossipSub, gossipsub } from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { dcutr } from '@libp2p/dcutr'
import { type Identify, identify } from '@libp2p/identify'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import type { Multiaddr } from '@multiformats/multiaddr'
import {
  Libp2pOverlay,
  type OverlayComponents,
  openConnectionTo,
  type PenaltyLedger,
} from '@onehop/libp2p-overlay'
import { createLibp2p } from 'libp2p'
import { banGater } from './connection-gater.ts'
import { type ChainNames, gossipOptions } from './gossip-options.ts'
import {
  DIAL_TIMEOUT_MS,
  HOLE_PUNCH_ATTEMPTS,
  HOLE_PUNCH_MS,
  INBOUND_CONNECTIONS_PER_SECOND,
  MAX_CONNECTIONS,
  MAX_PENDING_INBOUND,
  MAX_STREAM_WINDOW_BYTES,
  MAX_SWARM_STREAMS,
  STOP_GRACE_MS,
  TARGET_CONNECTIONS,
} from './limits.ts'
import type { NetworkOptions } from './network-types.ts'
import { noiseCrypto } from './noise-crypto.ts'
import { RELAYED_LISTEN, relayServer, relayTransport } from './relay.ts'
import type { TrafficMeter } from './traffic-meter.ts'

const DEFAULT_LISTEN = ['/ip4/127.0.0.1/tcp/0']

/** Streams on one connection: those of the swarm, and some for everything else. */
const MAX_STREAMS_PER_CONNECTION = 2 * MAX_SWARM_STREAMS + 64

/** The services of our libp2p node. */
export interface HostServices<Message> extends Record<string, unknown> {
  identify: Identify
  ping: Ping
  pubsub: GossipSub
  overlay: Libp2pOverlay<Message>
  /** Of nodes that relay. */
  relay?: CircuitRelayService
}

/** What can be set while the node runs. */
interface ConnectionRoom {
  readonly connectionManager: { setMaxConnections(count: number): void }
}

/** A libp2p node, its components in the form that stream openers want, and what we do with its connections. */
export class Host<Message> {
  readonly libp2p: Libp2p<HostServices<Message>>
  readonly components: OverlayComponents & ConnectionRoom
  private room = MAX_CONNECTIONS

  constructor(libp2p: Libp2p<HostServices<Message>>, components: OverlayComponents & ConnectionRoom) {
    this.libp2p = libp2p
    this.components = components
  }

  /** @returns the peer id of who answered. @throws when nobody does. */
  async dial(addresses: readonly Multiaddr[], signal: AbortSignal): Promise<string> {
    const connection = await this.components.connectionManager.openConnection([...addresses], { signal })
    return connection.remotePeer.toString()
  }

  /** Whether there is a direct connection. */
  isConnected(peerId: string): boolean {
    return openConnectionTo(this.components, peerIdFromString(peerId), 'direct') !== undefined
  }

  /** Makes room for the connections that the overlay wants, besides those for everything else. */
  makeRoom(overlayConnections: number): void {
    const room = Math.max(MAX_CONNECTIONS, overlayConnections + TARGET_CONNECTIONS)
    if (room !== this.room) this.components.connectionManager.setMaxConnections(room)
    this.room = room
  }

  /** Cuts all connections to the peer. */
  drop(peerId: string): void {
    for (const connection of this.libp2p.getConnections(peerIdFromString(peerId)))
      connection.abort(new Error('dropped'))
  }

  /** Takes streams of a protocol, at most so many with one peer in each direction; only where told to, relayed ones. */
  handle(
    protocol: string,
    maxStreams: number,
    handler: (stream: Stream, connection: Connection) => void,
    { relayed = false } = {},
  ): Promise<void> {
    const limits = { maxInboundStreams: maxStreams, maxOutboundStreams: maxStreams }
    return this.components.registrar.handle(protocol, handler, { ...limits, runOnLimitedConnection: relayed })
  }

  /** Closes in good order where that is quick; libp2p alone would wait half a second for what lingers. */
  async stop(): Promise<void> {
    const connections = this.libp2p.getConnections()
    const signal = AbortSignal.timeout(STOP_GRACE_MS)
    await Promise.allSettled(connections.map(connection => connection.close({ signal })))
    for (const connection of connections) connection.abort(new Error('stopped'))
    await this.libp2p.stop()
  }
}

/**
 * Makes the libp2p node: TCP, relays, Noise, Yamux, identify, ping, gossipsub and the overlay. Not started yet. One that
 * listens relays to others, unless told not to; one that listens nowhere has others relay to it.
 */
export async function createHost<Message>(
  options: NetworkOptions<Message>,
  names: ChainNames,
  penalties: PenaltyLedger,
  traffic: TrafficMeter,
): Promise<Host<Message>> {
  let components: (OverlayComponents & ConnectionRoom) | undefined
  const { listen = DEFAULT_LISTEN, relay = true } = options
  const isListening = listen.length > 0
  const streamOptions = { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES }
  const libp2p = await createLibp2p<HostServices<Message>>({
    start: false,
    privateKey: privateKeyFromProtobuf(options.privateKey),
    nodeInfo: { userAgent: options.agent ?? 'onehop' },
    addresses: { listen: [...(isListening ? listen : RELAYED_LISTEN)] },
    transports: [tcp(), relayTransport()],
    connectionEncrypters: [noise({ crypto: noiseCrypto })],
    streamMuxers: [
      yamux({
        streamOptions,
        maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
        maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
      }),
    ],
    connectionGater: banGater(penalties, traffic),
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      dialTimeout: DIAL_TIMEOUT_MS,
    },
    // The sync protocol notices dead peers by itself, and is kinder to busy ones.
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      ping: ping(),
      dcutr: dcutr({ retries: HOLE_PUNCH_ATTEMPTS, timeout: HOLE_PUNCH_MS }),
      ...(isListening && relay ? { relay: relayServer() } : {}),
      pubsub: gossipsub(gossipOptions(names, penalties)),
      overlay: (parts: OverlayComponents & ConnectionRoom) => {
        components = parts
        const { overlayPrefix } = names
        return new Libp2pOverlay(parts, {
          factory: options.overlay,
          protocolPrefix: overlayPrefix,
          penalties,
        })
      },
    },
  })
  if (components === undefined) throw new Error('libp2p made no services')
  return new Host(libp2p, components)
}
