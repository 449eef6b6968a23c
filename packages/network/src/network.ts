import type { IdentifyResult, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { type Libp2pOverlay, openStreamOn, PenaltyLedger, SteadyClock } from '@onehop/libp2p-overlay'
import type { Verdict } from '@onehop/primitives'
import { ChainSync } from './chain-sync.ts'
import { ConnectedPeers } from './connected-peers.ts'
import { type Candidate, ConnectionKeeper, withPeerId } from './connection-keeper.ts'
import { Gossip } from './gossip.ts'
import { type ChainNames, chainNames } from './gossip-options.ts'
import { guardChain } from './guarded-chain.ts'
import { createHost, type Host } from './host.ts'
import { Introductions } from './introductions.ts'
import {
  DIAL_TIMEOUT_MS,
  FOREIGN_MISBEHAVIOUR_POINTS,
  MALFORMED_POINTS,
  MAX_PEER_LIST_STREAMS,
  MAX_SWARM_STREAMS,
  MAX_SYNC_STREAMS,
  RELAY_WAIT_MS,
  STOP_GRACE_MS,
  TARGET_CONNECTIONS,
} from './limits.ts'
import { Listeners } from './listeners.ts'
import { Maintenance } from './maintenance.ts'
import type {
  Network,
  NetworkEvents,
  NetworkLog,
  NetworkOptions,
  PeerSummary,
  SyncState,
} from './network-types.ts'
import { OverlayGreeting } from './overlay-greeting.ts'
import { joinOverlay } from './overlay-join.ts'
import { PeerExchange } from './peer-exchange.ts'
import { PeersFile } from './peers-file.ts'
import { Reachability } from './reachability.ts'
import { freeReservation } from './relay.ts'
import { SWARM_PROTOCOL } from './swarm-stream.ts'
import { SwarmStreams } from './swarm-streams.ts'
import { type Traffic, TrafficMeter } from './traffic-meter.ts'
import type { WireConnection } from './wire-connection.ts'

const FOREVER_MS = Number.MAX_SAFE_INTEGER / 2

/** What the host and the rest of the network share. */
interface Instruments {
  readonly penalties: PenaltyLedger
  readonly meter: TrafficMeter
  readonly now: () => number
}

/** Composes the host, gossip, synchronisation and the keeping of connections. */
class LiveNetwork<Message> implements Network<Message> {
  readonly peerId: string
  readonly overlay: Libp2pOverlay<Message>
  private readonly options: NetworkOptions<Message>
  private readonly host: Host<Message>
  private readonly names: ChainNames
  private readonly penalties: PenaltyLedger
  private readonly meter: TrafficMeter
  private readonly now: () => number
  private readonly log: NetworkLog
  private readonly events = new Listeners<NetworkEvents>()
  private readonly introductions: Introductions
  private readonly sync: ChainSync
  private readonly gossip: Gossip
  private readonly keeper: ConnectionKeeper
  private readonly connected: ConnectedPeers
  private readonly exchange: PeerExchange
  private readonly greeting: OverlayGreeting
  private readonly reachability: Reachability<Message>
  private readonly peersFile: PeersFile | undefined
  private readonly swarm: SwarmStreams
  private readonly maintenance: Maintenance<Message>
  private readonly stopping = new AbortController()
  private stopped: Promise<void> | undefined

  constructor(options: NetworkOptions<Message>, host: Host<Message>, { penalties, meter, now }: Instruments) {
    this.options = options
    this.host = host
    this.names = chainNames(options.genesisHash)
    this.introductions = new Introductions(this.names)
    this.penalties = penalties
    this.meter = meter
    this.now = now
    this.log = options.log ?? (() => {})
    this.peerId = host.libp2p.peerId.toString()
    this.overlay = host.libp2p.services.overlay
    const chain = guardChain(options.chain, this.log)
    this.sync = this.createSync(chain)
    const session = (peerId: string) => this.sync.session(peerId)
    const { introductions } = this
    this.connected = new ConnectedPeers({ host, introductions, penalties, meter, session })
    this.gossip = this.createGossip(chain)
    this.keeper = this.createKeeper()
    this.exchange = this.createExchange()
    const { overlay, log } = this
    this.greeting = new OverlayGreeting({ overlay, log, now, signal: this.stopping.signal })
    this.reachability = new Reachability(host.libp2p, addresses => this.events.emit('addresses', addresses))
    this.peersFile = options.peersFile === undefined ? undefined : new PeersFile(options.peersFile, this.log)
    this.swarm = new SwarmStreams(host.components, options.onSwarmStream, this.stopping.signal)
    this.maintenance = this.createMaintenance()
  }

  async start(): Promise<void> {
    const { libp2p } = this.host
    this.penalties.onBan((peerId, reason) => this.onBan(peerId, reason))
    libp2p.addEventListener('peer:connect', ({ detail }) => this.onPeer(detail, true))
    libp2p.addEventListener('peer:disconnect', ({ detail }) => this.onPeer(detail, false))
    libp2p.addEventListener('peer:identify', ({ detail }) => this.onIdentify(detail))
    await this.host.handle(this.names.sync, MAX_SYNC_STREAMS, (stream, connection) =>
      this.sync.accept(stream, connection),
    )
    await this.host.handle(this.names.peers, MAX_PEER_LIST_STREAMS, (stream, connection) =>
      this.exchange.accept(stream, connection),
    )
    await this.host.handle(
      SWARM_PROTOCOL,
      MAX_SWARM_STREAMS,
      (stream, connection) => this.swarm.accept(stream, connection),
      { relayed: true },
    )
    await libp2p.start()
    this.gossip.start()
    const remembered = (await this.peersFile?.load()) ?? []
    for (const { peerId, addresses } of remembered) this.keeper.remember(peerId, addresses)
    this.keeper.start()
    this.maintenance.start()
    void joinOverlay({
      overlay: this.overlay,
      bootstrap: this.options.bootstrap,
      remembered: remembered.flatMap(addressesOf),
      connected: () => libp2p.getConnections().map(connection => connection.remoteAddr.toString()),
      isAlone: () => this.connected.allLack(this.options.overlay.protocol),
      reachable: () => this.reachability.found(RELAY_WAIT_MS, this.stopping.signal),
      signal: this.stopping.signal,
      log: this.log,
    })
  }

  addresses(): string[] {
    return this.reachability.addresses()
  }

  peers(): PeerSummary[] {
    return this.connected.summaries()
  }

  async connect(address: string): Promise<string> {
    const target = multiaddr(address)
    const peerId = await this.dial([target])
    this.keeper.forgive(peerId)
    this.meetInOverlay(address)
    return peerId
  }

  async disconnect(peerId: string): Promise<void> {
    this.keeper.shun(peerId)
    const signal = AbortSignal.timeout(STOP_GRACE_MS)
    await this.host.libp2p.hangUp(peerIdFromString(peerId), { signal })
  }

  ban(peerId: string, durationMs = FOREVER_MS): void {
    this.penalties.ban(peerIdFromString(peerId).toString(), 'banned by this node', durationMs)
  }

  unban(peerId: string): void {
    this.penalties.unban(peerId)
    this.keeper.forgive(peerId)
    this.keeper.round()
  }

  penalise(peerId: string, reason: string): void {
    this.log('warn', `peer ${peerId} is to blame: ${reason}`)
    this.penalties.penalise(peerId, FOREIGN_MISBEHAVIOUR_POINTS, reason)
  }

  banned(): string[] {
    return this.penalties.banned()
  }

  announceTip(header: Uint8Array): void {
    this.gossip.announceTip(header)
  }

  announceTransactions(wtxids: readonly Uint8Array[]): void {
    this.gossip.announceTransactions(wtxids)
  }

  fetchBlock(peerId: string, hash: Uint8Array): Promise<Verdict | undefined> {
    return this.sync.fetchBlock(peerId, hash)
  }

  traffic(): Traffic {
    return this.meter.total
  }

  syncState(): SyncState {
    return this.sync.state()
  }

  openSwarmStream(
    peerId: string,
    addresses: readonly string[] = [],
    signal?: AbortSignal,
    comeToUs?: () => Promise<unknown>,
  ): Promise<WireConnection> {
    return this.swarm.open(peerId, addresses, signal, comeToUs)
  }

  on<E extends keyof NetworkEvents>(event: E, listener: (value: NetworkEvents[E]) => void): () => void {
    return this.events.on(event, listener)
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown()
    return this.stopped
  }

  private async shutDown(): Promise<void> {
    this.stopping.abort(new Error('the network stopped'))
    this.maintenance.stop()
    this.keeper.stop()
    await this.peersFile?.save(this.keeper.knownPeers())
    this.gossip.stop()
    await this.overlay.stop()
    this.sync.stop()
    this.events.clear()
    await this.host.stop()
  }

  /** Two networks that grew apart become one when a node of each is connected by hand. */
  private meetInOverlay(address: string): void {
    this.overlay
      .join([address], { signal: this.stopping.signal })
      .catch(error => this.log('debug', `the overlay was not joined: ${(error as Error).message}`))
  }

  private createSync(chain: NetworkOptions<Message>['chain']): ChainSync {
    return new ChainSync({
      chain,
      genesisHash: this.options.genesisHash,
      penalties: this.penalties,
      log: this.log,
      now: this.now,
      random: Math.random,
      openStream: connection => openStreamOn(connection, this.names.sync, this.deadline(DIAL_TIMEOUT_MS)),
      disconnect: peerId => this.host.drop(peerId),
      onForeignChain: peerId => {
        this.keeper.shun(peerId)
        this.host.drop(peerId)
      },
      onState: state => this.events.emit('sync', state),
      onTransactions: wtxids => this.gossip.announceTransactions(wtxids),
    })
  }

  private createGossip(chain: NetworkOptions<Message>['chain']): Gossip {
    return new Gossip({
      pubsub: this.host.libp2p.services.pubsub,
      names: this.names,
      chain,
      now: this.now,
      onHeader: (from, hash) => this.sync.onNewHeader(from, hash),
      onUnknownHeader: from => void this.sync.catchUpWith(from),
      fetchTransactions: (wtxids, from) => this.sync.fetchTransactions(wtxids, from),
      onMisbehaviour: (peerId, points, reason) => {
        this.log('warn', `peer ${peerId} is to blame: ${reason}`)
        this.penalties.penalise(peerId, points, reason)
      },
      onError: error => this.log('debug', `an announcement was not sent: ${error.message}`),
    })
  }

  private createKeeper(): ConnectionKeeper {
    const { libp2p } = this.host
    return new ConnectionKeeper({
      bootstrap: this.options.bootstrap.map(address => multiaddr(address)),
      target: this.options.targetConnections ?? TARGET_CONNECTIONS,
      now: this.now,
      random: Math.random,
      isConnected: peerId => peerId === this.peerId || this.host.isConnected(peerId),
      isBanned: peerId => this.penalties.isBanned(peerId),
      connectionCount: () => libp2p.getPeers().length,
      discovered: () => this.overlay.knownPeers(),
      dial: addresses => this.dial(addresses),
    })
  }

  private createExchange(): PeerExchange {
    return new PeerExchange({
      now: this.now,
      connectedPeers: () => this.keeper.connectedPeers(),
      openStream: connection => openStreamOn(connection, this.names.peers, this.deadline(DIAL_TIMEOUT_MS)),
      onPeers: peers => {
        for (const peer of peers) this.keeper.hear(peer)
      },
      onMalformed: (peerId, reason) => this.penalties.penalise(peerId, MALFORMED_POINTS, reason),
    })
  }

  private createMaintenance(): Maintenance<Message> {
    const { host, overlay, penalties, introductions, sync, keeper, connected, exchange, peersFile } = this
    return new Maintenance({
      host,
      overlay,
      penalties,
      introductions,
      sync,
      keeper,
      connected,
      exchange,
      peersFile,
    })
  }

  private onPeer(peer: PeerId, connected: boolean): void {
    if (!connected) {
      this.sync.onDisconnect(peer)
      freeReservation(this.host.libp2p.services.relay, peer)
      this.meter.detach(peer.toString())
    }
    this.events.emit('peer', { peerId: peer.toString(), connected })
  }

  private onIdentify(result: IdentifyResult): void {
    const { peerId, listenAddrs, connection } = result
    const id = peerId.toString()
    const introduction = this.introductions.take(result)
    const { speaksSync, isForeign } = introduction
    this.greeting.onIdentify(result, introduction)
    if (speaksSync) {
      this.keeper.remember(id, listenAddrs)
      this.savePeers()
      if (connection.limits === undefined) this.sync.onConnect(peerId, connection)
    } else if (isForeign) {
      this.log('warn', `peer ${id} follows another chain: it has no ${this.names.sync}`)
      this.keeper.shun(id)
      this.host.drop(id)
    }
  }

  private onBan(peerId: string, reason: string): void {
    this.log('warn', `peer ${peerId} is banned: ${reason}`)
    this.sync.session(peerId)?.close(new Error(`banned: ${reason}`))
    this.host.drop(peerId)
    this.events.emit('ban', { peerId, reason })
  }

  private savePeers(): void {
    void this.peersFile?.save(this.keeper.knownPeers())
  }

  private dial(addresses: readonly Multiaddr[]): Promise<string> {
    return this.host.dial(addresses, this.deadline(DIAL_TIMEOUT_MS))
  }

  private deadline(durationMs: number, signal?: AbortSignal): AbortSignal {
    const signals = [this.stopping.signal, AbortSignal.timeout(durationMs)]
    return AbortSignal.any(signal === undefined ? signals : [...signals, signal])
  }
}

/** Multiaddrs that name the peer. */
function addressesOf({ peerId, addresses }: Candidate): string[] {
  return addresses.map(address => withPeerId(address, peerId).toString())
}

/**
 * Starts a node among peers: listens, dials the introducers, joins the overlay and follows the chain. Resolves when
 * it listens; `overlay.ready` tells when the overlay has been entered.
 * @throws when an address cannot be listened on or parsed, or the key is no Ed25519 key.
 */
export async function createNetwork<Message>(options: NetworkOptions<Message>): Promise<Network<Message>> {
  const { now } = new SteadyClock()
  const penalties = new PenaltyLedger(now)
  const meter = new TrafficMeter(now)
  const host = await createHost(options, chainNames(options.genesisHash), penalties, meter)
  const network = new LiveNetwork(options, host, { penalties, meter, now })
  try {
    await network.start()
  } catch (error) {
    await network.stop()
    throw error
  }
  return network
}
