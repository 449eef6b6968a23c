import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@libp2p/interface'
import { BoundedMap } from '@onehop/primitives'
import type { Libp2pOverlay } from '../libp2p-overlay.ts'
import {
  DISCOVERED_DIALS,
  FIRST_JOIN_RETRY_MS,
  GREETING_INTERVAL_MS,
  LAST_JOIN_RETRY_MS,
  MAX_DISCOVERED_PEERS,
  MAX_JOIN_CANDIDATES,
} from '../limits.ts'

/** What entering the overlay needs. */
export interface IntroductionPort {
  readonly overlay: Pick<Libp2pOverlay<unknown>, 'join' | 'knows'>
  /** Multiaddrs. */
  readonly introducers: readonly string[]
  /** Ends all attempts. */
  readonly signal: AbortSignal
  readonly log: Logger
  now(): number
  isReady(): boolean
  /** Connects to a peer of whom it is not known what it speaks. Rejects when that fails. */
  dial(peerId: string): Promise<unknown>
  /** A peer has let this node in. */
  onEntered(): void
}

/**
 * Enters the overlay: through the introducers, and through every connected peer that speaks the protocol, again and
 * again until one lets us in. Peers that libp2p discovers are dialled, a few at a time: who speaks the protocol shows when
 * they are connected. A node that finds nobody is the first, so that others can enter through it.
 */
export class Introduction {
  private readonly port: IntroductionPort
  private readonly candidates = new BoundedMap<string, true>(MAX_JOIN_CANDIDATES)
  private readonly discovered = new BoundedMap<string, true>(MAX_DISCOVERED_PEERS)
  private isFirst = false
  private hasNews = false
  private greetedAtMs = Number.NEGATIVE_INFINITY
  private wake: () => void = () => {}

  constructor(port: IntroductionPort) {
    this.port = port
  }

  /** Resolves when the node has entered, or the signal has aborted. */
  async run(): Promise<void> {
    const { signal } = this.port
    let retryMs = FIRST_JOIN_RETRY_MS
    while (!signal.aborted && !this.port.isReady()) {
      if (await this.attempt()) return
      await this.pause(retryMs)
      retryMs = Math.min(LAST_JOIN_RETRY_MS, 2 * retryMs)
    }
  }

  /** A peer that speaks the protocol has connected, or has spoken to us. */
  onConnect(peerId: string): void {
    if (!this.port.isReady()) {
      this.candidates.set(peerId, true)
      this.hasNews = true
      this.wake()
    } else if (!this.port.overlay.knows(peerId)) {
      this.greet(peerId)
    }
  }

  /** Libp2p knows where the peer is; perhaps it speaks the protocol. */
  onDiscovered(peerId: string): void {
    if (this.port.isReady()) return
    this.discovered.set(peerId, true)
    this.hasNews = true
    this.wake()
  }

  /** Two overlays that grew apart become one when a member of one meets a member of the other. */
  private greet(peerId: string): void {
    const nowMs = this.port.now()
    if (nowMs - this.greetedAtMs < GREETING_INTERVAL_MS) return
    this.greetedAtMs = nowMs
    void this.joinThrough(`/p2p/${peerId}`)
  }

  /** @returns whether a peer has let us in. */
  private async attempt(): Promise<boolean> {
    this.hasNews = false
    this.dialDiscovered()
    const connected = [...this.candidates.keys()].map(peerId => `/p2p/${peerId}`)
    const addresses = [...this.port.introducers, ...connected]
    const attempts = addresses.map(async address => {
      if (!(await this.joinThrough(address))) throw new Error('not let in')
    })
    const isIn = await Promise.any(attempts).then(
      () => true,
      () => false,
    )
    if (!isIn) await this.beFirst()
    return isIn
  }

  /** Does not wait: those who speak the protocol come back as candidates. */
  private dialDiscovered(): void {
    for (const peerId of [...this.discovered.keys()].slice(0, DISCOVERED_DIALS)) {
      this.discovered.delete(peerId)
      this.port.dial(peerId).catch(error => this.port.log('%s was not reached: %e', peerId, error))
    }
  }

  private async joinThrough(address: string): Promise<boolean> {
    try {
      const outcome = await this.port.overlay.join([address], { signal: this.port.signal })
      if (outcome.failure === undefined) this.port.onEntered()
      else this.port.log('%s did not let us in: %s', address, outcome.failure)
      return outcome.failure === undefined
    } catch (error) {
      if (!this.port.signal.aborted) this.port.log.error('could not enter through %s: %e', address, error)
      return false
    }
  }

  private async beFirst(): Promise<void> {
    if (this.isFirst || this.port.signal.aborted) return
    this.isFirst = true
    await this.port.overlay.join([], { signal: this.port.signal }).catch(error => {
      this.port.log('could not be the first: %e', error)
    })
  }

  /** Ends early when a candidate appears. */
  private async pause(ms: number): Promise<void> {
    if (this.hasNews) return
    const woken = new AbortController()
    this.wake = () => woken.abort()
    const signal = AbortSignal.any([this.port.signal, woken.signal])
    await delay(ms, undefined, { signal }).catch(() => {})
  }
}
