import { AbortError, type Logger, type PeerId, type PeerInfo } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { kelips as kelipsMachine } from '@onehop/kelips'
import { Libp2pOverlay } from '../libp2p-overlay.ts'
import { MAX_JOIN_CANDIDATES, OPEN_TIMEOUT_MS } from '../limits.ts'
import type { OverlayObserver } from '../overlay-init.ts'
import type { KelipsComponents } from './components.ts'
import { Introduction } from './introduction.ts'
import type { KelipsServiceOptions } from './options.ts'
import type { KelipsOverlay } from './routing-port.ts'

/** What a run tells the service. */
export interface RunObserver extends OverlayObserver {
  /** The overlay can answer. Once. */
  onReady(): void
}

/** The service from one start to the next stop: an overlay, and what enters it. */
export class KelipsRun {
  readonly overlay: KelipsOverlay
  private readonly components: KelipsComponents
  private readonly observer: RunObserver
  private readonly log: Logger
  private readonly stopping = new AbortController()
  private readonly introduction: Introduction
  private topology: string | undefined
  private isReady = false

  constructor(components: KelipsComponents, options: KelipsServiceOptions, observer: RunObserver) {
    this.components = components
    this.observer = observer
    this.log = components.logger.forComponent('onehop:kelips')
    this.overlay = new Libp2pOverlay(components, {
      factory: kelipsMachine(options.options),
      protocolPrefix: options.protocolPrefix,
      maxConnections: options.maxConnections,
      ...(options.penalties === undefined ? {} : { penalties: options.penalties }),
      observer: {
        onMet: peerId => {
          if (!this.isReady) this.introduction.onConnect(peerId)
        },
        onLearned: peer => observer.onLearned?.(peer),
      },
    })
    this.introduction = new Introduction({
      overlay: this.overlay,
      introducers: options.introducers,
      signal: this.stopping.signal,
      log: this.log,
      now: () => performance.now(),
      isReady: () => this.isReady,
      onEntered: () => this.becomeReady(),
      dial: peerId => this.dial(peerIdFromString(peerId)),
    })
  }

  /** Aborts when the node stops. */
  get signal(): AbortSignal {
    return this.stopping.signal
  }

  async start(): Promise<void> {
    await this.overlay.start()
    this.topology = await this.components.registrar.register(this.overlay.protocol, {
      onConnect: peerId => this.introduction.onConnect(peerId.toString()),
    })
    this.components.events.addEventListener('peer:discovery', this.onDiscovery)
  }

  /** Begins to look for a way in; does not wait for it. */
  enter(): void {
    this.remember().catch(error => this.log('the peer store was not read: %e', error))
    this.introduction.run().catch(error => this.log.error('the overlay was not entered: %e', error))
  }

  async stop(): Promise<void> {
    this.stopping.abort(new AbortError('the node stopped'))
    this.components.events.removeEventListener('peer:discovery', this.onDiscovery)
    if (this.topology !== undefined) this.components.registrar.unregister(this.topology)
    await this.overlay.stop()
  }

  private readonly onDiscovery = ({ detail }: CustomEvent<PeerInfo>): void => {
    this.introduction.onDiscovered(detail.id.toString())
  }

  /** Peers of an earlier run that spoke the protocol. */
  private async remember(): Promise<void> {
    const peers = await this.components.peerStore.all({
      filters: [peer => peer.protocols.includes(this.overlay.protocol)],
      limit: MAX_JOIN_CANDIDATES,
    })
    for (const { id } of peers) this.introduction.onDiscovered(id.toString())
  }

  private dial(peerId: PeerId): Promise<unknown> {
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
    return this.components.connectionManager.openConnection(peerId, { signal })
  }

  private becomeReady(): void {
    if (this.isReady || this.stopping.signal.aborted) return
    this.isReady = true
    this.observer.onReady()
  }
}
