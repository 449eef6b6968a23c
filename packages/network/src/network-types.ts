import type { Libp2pOverlay } from '@onehop/libp2p-overlay'
import type { OverlayFactory } from '@onehop/overlay'
import type { Verdict } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import type { Traffic } from './traffic-meter.ts'
import type { WireConnection } from './wire-connection.ts'

/** How loud a log line is. */
export type LogLevel = 'debug' | 'info' | 'warn'

/** Receives log lines; `details` are plain values. */
export type NetworkLog = (
  level: LogLevel,
  message: string,
  details?: Readonly<Record<string, unknown>>,
) => void

/** What a node’s network is made with. */
export interface NetworkOptions<Message> {
  /** Ed25519, as libp2p's protobuf. */
  readonly privateKey: Uint8Array
  /** Multiaddrs to listen on; default a free TCP port of 127.0.0.1. An empty list: others come through relays. */
  readonly listen?: readonly string[]
  /** Whether a node that listens relays to peers that nobody can dial. Default: it does. */
  readonly relay?: boolean
  /** Multiaddrs of introducers; none: this node is the first. */
  readonly bootstrap: readonly string[]
  /** 32 bytes, internal order: nodes of another chain are not ours to talk to. */
  readonly genesisHash: Uint8Array
  readonly chain: ChainPort
  readonly overlay: OverlayFactory<Message>
  /** Told to peers by identify. Default `onehop`. */
  readonly agent?: string
  /** Connections that the node tries to keep. Default `TARGET_CONNECTIONS`. */
  readonly targetConnections?: number
  /** Where peers are remembered over a restart; without it, a node knows its introducers only. */
  readonly peersFile?: string
  readonly log?: NetworkLog
  /** Takes inbound swarm streams. Without it they are refused. */
  readonly onSwarmStream?: (connection: WireConnection) => void
}

/** How a peer and we are synchronised. Hashes are 32 bytes in internal order. */
export interface PeerSync {
  /** Of the sync protocol's messages. */
  readonly version: number
  /** Last blocks of its chain that it told of, by status and by announcement. */
  readonly tips: readonly Uint8Array[]
  /** Height up to which its headers were looked at and not kept yet: their chain has not shown enough work. */
  readonly presyncedHeight?: number
  /** Blocks that it was asked for. */
  readonly inFlight: readonly Uint8Array[]
  /** What its mempool takes at least, in satoshis per 1,000 virtual bytes. */
  readonly minFeeRate: bigint
  /** The shortest status exchange. */
  readonly minLatencyMs?: number
  /** When a block, and a transaction, of it came in last; Unix time in ms. */
  readonly lastBlockAtMs?: number
  readonly lastTransactionAtMs?: number
}

/** A connected peer, as it is shown. */
export interface PeerSummary {
  readonly peerId: string
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  /** Unix time in ms. */
  readonly connectedAtMs: number
  /** What is known of its chain, once it has told. */
  readonly sync?: PeerSync
  /** The height that the peer reported last. */
  readonly height?: number
  /** Time of the last status exchange on the warm stream. */
  readonly latencyMs?: number
  /** Penalty points, 0 = blameless; at `BAN_THRESHOLD_POINTS` the peer is banned. */
  readonly score: number
  /** What identify said, e.g. `onehop/0.1.0`. */
  readonly agent: string
  /** The overlay that it speaks on our chain, e.g. `kelips/1`. */
  readonly overlay?: string
  readonly traffic: Traffic
}

/** How far the node has caught up with its peers. */
export interface SyncState {
  /** Headers or blocks are being fetched to catch up. */
  readonly syncing: boolean
  /** Height of the validated chain. */
  readonly height: number
  /** The highest height that a connected peer reported, or ours. */
  readonly bestHeight: number
  /** Blocks asked of peers and not yet here. */
  readonly blocksInFlight: number
}

/** What listeners are told. */
export interface NetworkEvents {
  /** A peer connected or disconnected. */
  peer: { readonly peerId: string; readonly connected: boolean }
  /** Syncing began or ended. */
  sync: SyncState
  /** Others can dial the node at these addresses now. */
  addresses: readonly string[]
  /** A peer was banned. */
  ban: { readonly peerId: string; readonly reason: string }
}

/** The node's presence among peers. */
export interface Network<Message = unknown> {
  readonly peerId: string
  readonly overlay: Libp2pOverlay<Message>
  /** Multiaddrs with the peer id, to be given to others. */
  addresses(): string[]
  peers(): PeerSummary[]
  /** Dials. @returns the peer id. @throws when nobody answers or the peer is banned. */
  connect(address: string): Promise<string>
  disconnect(peerId: string): Promise<void>
  /** Disconnects, and refuses the peer in both directions until {@link unban} or `durationMs` from now. */
  ban(peerId: string, durationMs?: number): void
  unban(peerId: string): void
  /** The peer broke a rule of a protocol that runs over streams of ours; when that happens again, it is banned. */
  penalise(peerId: string, reason: string): void
  banned(): string[]
  /** Tells peers of a header of ours (80 bytes). */
  announceTip(header: Uint8Array): void
  announceTransactions(wtxids: readonly Uint8Array[]): void
  /**
   * Asks a peer for a block, and gives it to the chain.
   * @returns what the chain says; undefined when the peer has not got it.
   * @throws when the peer is not connected, or does not answer.
   */
  fetchBlock(peerId: string, hash: Uint8Array): Promise<Verdict | undefined>
  syncState(): SyncState
  /** Bytes of all connections since the network started. */
  traffic(): Traffic
  /**
   * A new stream for the swarm; dials if needed, at these addresses beside the known ones.
   * @param comeToUs asks a peer that cannot be dialled to dial us, before a relay is used.
   */
  openSwarmStream(
    peerId: string,
    addresses?: readonly string[],
    signal?: AbortSignal,
    comeToUs?: () => Promise<unknown>,
  ): Promise<WireConnection>
  on<E extends keyof NetworkEvents>(event: E, listener: (value: NetworkEvents[E]) => void): () => void
  /** Leaves the overlay, closes everything; within two seconds. */
  stop(): Promise<void>
}
