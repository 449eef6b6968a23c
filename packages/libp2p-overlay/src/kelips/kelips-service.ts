import {
  AbortError,
  type ContentRouting,
  contentRoutingSymbol,
  type Logger,
  NotStartedError,
  type PeerDiscovery,
  type PeerId,
  type PeerInfo,
  type PeerRouting,
  type Provider,
  peerDiscoverySymbol,
  peerRoutingSymbol,
  type Startable,
  serviceCapabilities,
  serviceDependencies,
} from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { MAX_PUBLICATIONS } from '@onehop/kelips'
import type { Inspection, Outcome } from '@onehop/overlay'
import { TokenBucket } from '@onehop/primitives'
import { TypedEventEmitter } from 'main-event'
import type { CID } from 'multiformats/cid'
import { MAX_DISCOVERIES_PER_SECOND, MAX_DISCOVERY_BURST, REPUBLISH_PARALLELISM } from '../limits.ts'
import type { KnownPeer } from '../operation-options.ts'
import type { OverlayStats } from '../stats.ts'
import type { KelipsComponents } from './components.ts'
import { KelipsContentRouting } from './content-routing.ts'
import { NoPeersError } from './errors.ts'
import type { KelipsRoutingOptions, KelipsServiceEvents } from './events.ts'
import { KelipsRun } from './kelips-run.ts'
import { type KelipsServiceInit, type KelipsServiceOptions, parseKelipsInit } from './options.ts'
import { KelipsPeerRouting } from './peer-routing.ts'
import { Provisions } from './provisions.ts'
import { Readiness } from './readiness.ts'
import type { KelipsOverlay } from './routing-port.ts'
import { KelipsMetrics } from './service-metrics.ts'

/** One-hop content and peer routing as a libp2p service. Made by {@link kelips}. */
export class KelipsService extends TypedEventEmitter<KelipsServiceEvents> implements Startable {
  readonly [Symbol.toStringTag] = '@onehop/kelips'
  readonly [serviceCapabilities]: string[] = [
    '@libp2p/content-routing',
    '@libp2p/peer-routing',
    '@libp2p/peer-discovery',
    '@onehop/kelips',
  ]
  /** Tells which peers speak the protocol. */
  readonly [serviceDependencies]: string[] = ['@libp2p/identify']
  private readonly components: KelipsComponents
  private readonly options: KelipsServiceOptions
  private readonly log: Logger
  private readonly readiness = new Readiness()
  private readonly metrics: KelipsMetrics
  private readonly provisions: Provisions
  private readonly contentRouting: KelipsContentRouting
  private readonly peerRouting: KelipsPeerRouting
  private readonly discoveries = new TokenBucket(
    MAX_DISCOVERIES_PER_SECOND,
    MAX_DISCOVERY_BURST,
    performance.now(),
  )
  private run: KelipsRun | undefined

  /** @throws {InvalidParametersError} with one sentence that names what is wrong with the options. */
  constructor(components: KelipsComponents, init: KelipsServiceInit = {}) {
    super()
    this.components = components
    this.options = parseKelipsInit(init)
    this.log = components.logger.forComponent('onehop:kelips')
    this.metrics = new KelipsMetrics(components.metrics, () => this.run?.overlay)
    const namespace = `${this.options.protocolPrefix}kelips/1/provided`
    this.provisions = new Provisions(components.datastore, namespace)
    this.contentRouting = this.createContentRouting()
    this.peerRouting = new KelipsPeerRouting({ ...this.routingPort(), peerStore: components.peerStore })
  }

  get [contentRoutingSymbol](): Pick<ContentRouting, 'provide' | 'cancelReprovide' | 'findProviders'> {
    return this.contentRouting
  }

  get [peerRoutingSymbol](): PeerRouting {
    return this.peerRouting
  }

  get [peerDiscoverySymbol](): PeerDiscovery {
    return this
  }

  /** Resolves when the overlay can answer, in this run of the node or the next; rejects when the node stops before. */
  get ready(): Promise<void> {
    return this.readiness.promise
  }

  /** Whether {@link ready} has resolved. */
  get isReady(): boolean {
    return this.readiness.isReady
  }

  isStarted(): boolean {
    return this.run !== undefined
  }

  /** Called by libp2p. */
  async start(): Promise<void> {
    if (this.run !== undefined) return
    await this.provisions.load(MAX_PUBLICATIONS)
    this.run = new KelipsRun(this.components, this.options, {
      onReady: () => this.onReady(),
      onLearned: peer => this.discover(peer),
    })
    await this.run.start()
  }

  /** Called by libp2p when everything else is up: now introducers can be dialled. */
  afterStart(): void {
    this.run?.enter()
  }

  /** Called by libp2p while connections are still up, so that a goodbye can be said. */
  beforeStop(): Promise<void> {
    return this.stop()
  }

  async stop(): Promise<void> {
    const { run } = this
    if (run === undefined) return
    this.run = undefined
    this.readiness.reset(new AbortError('the node stopped'))
    await run.stop()
  }

  /** {@link KelipsContentRouting.provide} */
  provide(cid: CID, options?: KelipsRoutingOptions): Promise<void> {
    return this.contentRouting.provide(cid, options)
  }

  /** {@link KelipsContentRouting.cancelReprovide} */
  cancelReprovide(cid: CID, options?: KelipsRoutingOptions): Promise<void> {
    return this.contentRouting.cancelReprovide(cid, options)
  }

  /** {@link KelipsContentRouting.findProviders} */
  findProviders(cid: CID, options?: KelipsRoutingOptions): AsyncIterable<Provider> {
    return this.contentRouting.findProviders(cid, options)
  }

  /** {@link KelipsPeerRouting.findPeer} */
  findPeer(id: PeerId, options?: KelipsRoutingOptions): Promise<PeerInfo> {
    return this.peerRouting.findPeer(id, options)
  }

  /** {@link KelipsPeerRouting.getClosestPeers} */
  getClosestPeers(key: Uint8Array, options?: KelipsRoutingOptions): AsyncIterable<PeerInfo> {
    return this.peerRouting.getClosestPeers(key, options)
  }

  /** What the driver counted in this run; undefined when the node does not run. */
  stats(): Readonly<OverlayStats> | undefined {
    return this.run?.overlay.stats()
  }

  /** The machine's tables; empty when the node does not run. */
  inspect(): Inspection {
    return this.run?.overlay.inspect() ?? {}
  }

  private routingPort() {
    return {
      log: this.log,
      running: () => this.running(),
      entered: (signal?: AbortSignal) => this.entered(signal),
    }
  }

  private createContentRouting(): KelipsContentRouting {
    const { components, metrics } = this
    return new KelipsContentRouting({
      ...this.routingPort(),
      provisions: this.provisions,
      self: components.peerId,
      ownAddresses: () => components.addressManager.getAddresses(),
      onProvided: detail => {
        metrics.onProvide(true)
        this.safeDispatchEvent('provide', { detail })
      },
      onProvideFailed: detail => {
        metrics.onProvide(false)
        this.safeDispatchEvent('provide:failed', { detail })
      },
      onLookup: (outcome: Outcome) => metrics.onLookup(outcome),
    })
  }

  private running(): KelipsOverlay {
    if (this.run === undefined) throw new NotStartedError('the libp2p node is not started')
    return this.run.overlay
  }

  private async entered(signal?: AbortSignal): Promise<KelipsOverlay> {
    const overlay = this.running()
    signal?.throwIfAborted()
    if (!(await this.readiness.within(this.options.readyTimeoutMs, signal)))
      throw new NoPeersError('no peer has let this node into the overlay yet')
    return overlay
  }

  private onReady(): void {
    this.readiness.resolve()
    this.safeDispatchEvent('ready')
    void this.provideAgain()
  }

  /** What an earlier run has provided; some at a time. */
  private async provideAgain(): Promise<void> {
    const { run } = this
    const cids = this.provisions.all()
    const worker = async () => {
      for (let cid = cids.pop(); cid !== undefined && run !== undefined; cid = cids.pop()) {
        if (run.signal.aborted) return
        await this.contentRouting.provideAgain(cid, run.signal)
      }
    }
    await Promise.all(Array.from({ length: REPUBLISH_PARALLELISM }, worker))
  }

  private discover({ peerId, addresses }: KnownPeer): void {
    if (!this.discoveries.take(1, performance.now())) return
    try {
      const detail: PeerInfo = { id: peerIdFromString(peerId), multiaddrs: [...addresses] }
      this.safeDispatchEvent('peer', { detail })
    } catch (error) {
      this.log('a peer was not announced: %e', error)
    }
  }
}

/**
 * A factory for libp2p's `services`: `createLibp2p({ services: { identify: identify(), kelips: kelips() } })`.
 * @throws {InvalidParametersError} when libp2p calls it, with one sentence that names what is wrong with the options.
 */
export function kelips(init: KelipsServiceInit = {}): (components: KelipsComponents) => KelipsService {
  return components => new KelipsService(components, init)
}
