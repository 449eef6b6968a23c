import { networkInterfaces } from 'node:os'
import { type RandomSource, randomBelow } from '@onehop/primitives'
import {
  type AnnounceAnswer,
  type AnnounceEvent,
  type AnnounceRequest,
  addressScope,
  type DueAnnounce,
  formatPeerAddress,
  type InfoHash,
  PEERS_WANTED,
  type PeerAddress,
  type Tracker,
  type TrackerStatus,
  type TrackerTier,
  TrackerTiers,
  type TransferCounters,
} from '@onehop/swarm'
import { MAX_STOP_MS } from './limits.ts'
import type { TrackerTransport, TransportedAnswer } from './tracker-transport.ts'

/** What a torrent's trackers are told, and whom to tell what they answer. */
export interface TrackerClientOptions {
  readonly infohash: InfoHash
  /** This session's BitTorrent peer id, 20 bytes. */
  readonly peerId: Uint8Array
  /** Where this session takes TCP connections (`btPort`). */
  readonly port: number
  /** As in the .torrent file (BEP 12). Of a magnet link, each `tr` is a tier of its own. */
  readonly tiers: readonly (readonly string[])[]
  /** One for all torrents of a session. */
  readonly transport: TrackerTransport
  /** Asked at each announce. */
  counters(): TransferCounters
  /** Whether more peers are wanted now: decides how many are asked for. */
  wantsPeers(): boolean
  /** Peers that a tracker named; without ourselves, and without addresses that lead nowhere. */
  onPeers(peers: readonly PeerAddress[]): void
  /** Milliseconds; never runs backwards. */
  nowMs(): number
  readonly random: RandomSource
  readonly log?: (message: string, details?: Readonly<Record<string, unknown>>) => void
}

/** Announces one torrent to its trackers over HTTP and UDP, from {@link start} to {@link stop}. */
export class TrackerClient {
  private readonly options: TrackerClientOptions
  private readonly tiers: TrackerTiers
  private readonly key: number
  /** Of the run since {@link start}; undefined when it does not run. */
  private over: AbortController | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(options: TrackerClientOptions) {
    this.options = options
    this.key = randomBelow(options.random, 2 ** 32)
    this.tiers = new TrackerTiers(options.random)
    this.tiers.add(options.tiers, options.nowMs())
  }

  /** Begins to announce (`started`). After {@link stop} it begins anew. */
  start(): void {
    if (this.over) return
    this.over = new AbortController()
    this.tiers.restart(this.options.nowMs())
    this.step()
  }

  /** The last piece has been verified: tells those who know us as a leecher. Not for what was complete from the start. */
  completed(): void {
    this.tiers.completed(this.options.nowMs())
    this.step()
  }

  /** More trackers, each tier after those that are there; known URLs are left out. */
  addTrackers(tiers: readonly (readonly string[])[]): void {
    this.tiers.add(tiers, this.options.nowMs())
    this.step()
  }

  /** Peers are missing: asks again as soon as the trackers allow. */
  needPeers(): void {
    this.tiers.needPeers(this.options.nowMs())
    this.step()
  }

  /** All trackers, tier by tier. */
  status(): TrackerStatus[] {
    return this.tiers.status()
  }

  /** Sends what is due, and comes back when the next is. */
  private step(): void {
    const { over } = this
    if (!over) return
    for (const { tier, due } of this.tiers.take(this.options.nowMs())) {
      void this.announce(tier, due, over.signal)
    }
    clearTimeout(this.timer)
    const { nextMs } = this.tiers
    if (!Number.isFinite(nextMs)) return
    this.timer = setTimeout(() => this.step(), Math.max(0, nextMs - this.options.nowMs()))
    this.timer.unref()
  }

  private async announce(tier: TrackerTier, due: DueAnnounce, signal: AbortSignal): Promise<void> {
    const { transport, nowMs } = this.options
    const { url } = due.tracker
    try {
      const answered = await transport.announce(url, this.request(due.tracker, due.event), signal)
      if (signal.aborted) return
      tier.onAnswer(due, answered.answer, nowMs())
      this.offer(answered)
    } catch (error) {
      if (signal.aborted) return
      const reason = error instanceof Error ? error.message : String(error)
      tier.onFailure(due, reason, nowMs())
      this.options.log?.('a tracker does not take an announce', { url, reason })
    }
    this.step()
  }

  private request({ trackerId }: Tracker, event?: AnnounceEvent): AnnounceRequest {
    const { infohash, peerId, port } = this.options
    const wantsPeers = event !== 'stopped' && this.options.wantsPeers()
    return {
      infohash,
      peerId,
      port,
      key: this.key,
      peersWanted: wantsPeers ? PEERS_WANTED : 0,
      ...this.options.counters(),
      ...(event ? { event } : {}),
      ...(trackerId ? { trackerId } : {}),
    }
  }

  private offer({ answer, host }: TransportedAnswer): void {
    const isOutside = addressScope(host) === 'public'
    const own = ownAddresses(answer, this.options.port)
    const peers = answer.peers.filter(peer => {
      const scope = addressScope(peer.host)
      // A tracker on the internet must not have us dial services of this machine.
      return scope !== 'unusable' && !(isOutside && scope === 'loopback') && !own.has(formatPeerAddress(peer))
    })
    if (peers.length > 0) this.options.onPeers(peers)
  }

  /** Says `stopped` to those who know us, and takes no more than {@link MAX_STOP_MS} for it. Never rejects. */
  async stop(): Promise<void> {
    if (!this.over) return
    this.over.abort()
    this.over = undefined
    clearTimeout(this.timer)
    const { transport } = this.options
    const signal = AbortSignal.timeout(MAX_STOP_MS)
    const told = this.tiers
      .leave()
      .map(tracker => transport.announce(tracker.url, this.request(tracker, 'stopped'), signal))
    // The system may look for a tracker's address for longer, and cannot be stopped.
    await Promise.race([Promise.allSettled(told), aborted(signal)])
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function ownAddresses({ externalHost }: AnnounceAnswer, port: number): ReadonlySet<string> {
  const hosts = Object.values(networkInterfaces()).flatMap(each => (each ?? []).map(({ address }) => address))
  if (externalHost !== undefined) hosts.push(externalHost)
  return new Set(hosts.map(host => formatPeerAddress({ host, port })))
}
