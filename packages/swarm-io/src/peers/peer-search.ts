import { type InfoHash, MAX_TRACKERS, type PeerAddress, type TrackerStatus } from '@onehop/swarm'
import {
  MAX_GIVEN_PEERS,
  MAX_OUTBOUND_PER_TORRENT,
  NEED_PEERS_BELOW,
  NEED_PEERS_INTERVAL_MS,
} from '../limits.ts'
import type { Torrent } from '../torrent/torrent.ts'
import type { TorrentHost } from '../torrent/torrent-host.ts'
import { LOCAL_ANSWER_MS } from '../tracker/limits.ts'
import { TrackerClient } from '../tracker/tracker-client.ts'

/** What trackers are told as long as the length of the content is not known: that something is missing. */
const LEFT_WHEN_UNKNOWN_BYTES = 16 * 1024

/** Where a torrent's peers come from besides those who come to us: the overlay, trackers, peers, the local network. */
export class PeerSearch {
  private readonly torrent: Torrent
  private readonly host: TorrentHost
  private searching = new AbortController()
  /** One for each infohash that the torrent goes by: a hybrid has peers in two swarms (BEP 52). */
  private readonly trackers: TrackerClient[] = []
  private isRunning = false
  private askedMs = 0
  private startedMs = 0
  private stopping: Promise<unknown> | undefined

  constructor(torrent: Torrent, host: TorrentHost) {
    this.torrent = torrent
    this.host = host
  }

  start(): void {
    this.isRunning = true
    this.stopping = undefined
    this.askedMs = this.host.nowMs()
    this.startedMs = this.askedMs
    this.searching = new AbortController()
    this.torrent.pool.offerAddresses(this.torrent.settings.peers, 'hand')
    this.startTrackers()
    if (this.torrent.isPrivate) return
    this.startLocally()
    this.search()
  }

  private startLocally(): void {
    for (const infohash of this.torrent.infohashes) this.host.localDiscovery?.add(infohash)
  }

  private stopLocally(): void {
    for (const infohash of this.torrent.infohashes) this.host.localDiscovery?.remove(infohash)
  }

  private search(): void {
    const { torrent, host } = this
    const wanted = {
      infohash: torrent.infohash,
      get infohashV2() {
        return torrent.infohashV2
      },
      get isComplete() {
        return torrent.isComplete
      },
    }
    if (host.findPeers === undefined) return
    const { signal } = this.searching
    void torrent.pool.follow(host.findPeers(wanted, signal), signal)
  }

  private startTrackers(): void {
    const { torrent, host, trackers } = this
    if (!this.isRunning || torrent.settings.trackers.length === 0 || host.btPort === 0) return
    const unknown = torrent.infohashes.slice(trackers.length)
    trackers.push(...unknown.map(infohash => this.newTrackers(infohash)))
    for (const client of trackers) client.start()
  }

  private newTrackers(infohash: InfoHash): TrackerClient {
    const { torrent, host } = this
    return new TrackerClient({
      infohash,
      peerId: host.peerId,
      port: host.btPort,
      tiers: torrent.settings.trackers,
      transport: host.trackerTransport,
      counters: () => ({
        uploadedBytes: torrent.counters.uploadedBytes,
        downloadedBytes: torrent.counters.downloadedBytes,
        leftBytes: torrent.machine.wantedBytesLeft ?? LEFT_WHEN_UNKNOWN_BYTES,
      }),
      wantsPeers: () => torrent.links.count < MAX_OUTBOUND_PER_TORRENT,
      onPeers: peers => torrent.pool.offerAddresses(peers, 'tracker'),
      nowMs: () => host.nowMs(),
      random: host.random,
      log: (message, details) => host.log(message, details),
    })
  }

  /** Ends the search; trackers are told, in a bounded time. */
  async stop(): Promise<void> {
    this.isRunning = false
    this.searching.abort()
    this.stopLocally()
    this.stopping ??= Promise.all(this.trackers.map(client => client.stop()))
    await this.stopping
  }

  /** More trackers, each tier after those that are there; known ones are left out. */
  addTrackers(tiers: readonly (readonly string[])[]): void {
    const { settings } = this.torrent
    const known = new Set(settings.trackers.flat())
    const added = tiers.map(tier => tier.filter(url => !known.has(url))).filter(tier => tier.length > 0)
    if (added.length === 0 || known.size >= MAX_TRACKERS) return
    settings.trackers = [...settings.trackers, ...added]
    for (const client of this.trackers) client.addTrackers(added)
    this.startTrackers()
  }

  /** Addresses that a link or a user gave. */
  addPeers(peers: readonly PeerAddress[]): void {
    const { settings, pool } = this.torrent
    if (peers.length === 0) return
    settings.peers = [...settings.peers, ...peers].slice(-MAX_GIVEN_PEERS)
    pool.offerAddresses(peers, 'hand')
  }

  /** Asks trackers again when there are too few peers. */
  tick(): void {
    const now = this.host.nowMs()
    const { torrent } = this
    if (now - this.askedMs < NEED_PEERS_INTERVAL_MS) return
    this.askedMs = now
    // A seed with nobody asks too: who cannot dial it (NAT, Transmission on loopback) is to be dialled by it.
    if (torrent.links.count >= (torrent.isComplete ? 1 : NEED_PEERS_BELOW)) return
    for (const client of this.trackers) client.needPeers()
  }

  /** A tracker that refuses a hybrid's one infohash, and takes the other, works. */
  trackerStatus(): readonly TrackerStatus[] {
    const [own = [], ...others] = this.trackers.map(client => client.status())
    const working = others.flat().filter(({ state }) => state === 'working')
    return own.map(status =>
      status.state === 'failing' ? (working.find(({ url }) => url === status.url) ?? status) : status,
    )
  }

  /** Whether somebody may still be named: a tracker has not been asked yet, or has answered; neighbours were just asked. */
  get hasHope(): boolean {
    return this.trackerStatus().some(({ state }) => state !== 'failing') || this.awaitsNeighbours
  }

  /** Those on the local network who have it hear of us, and dial. */
  private get awaitsNeighbours(): boolean {
    const { host, torrent } = this
    const isAsked = host.localDiscovery !== undefined && !torrent.isPrivate
    return isAsked && host.nowMs() - this.startedMs < LOCAL_ANSWER_MS
  }

  /** Why a tracker names nobody; empty when none has failed. */
  get trouble(): string {
    const failed = this.trackerStatus().find(({ state }) => state === 'failing')
    return failed ? `${failed.url}: ${failed.message ?? 'no answer'}` : ''
  }

  /** The info dictionary is here, which may tell another infohash; a private torrent has no peers but its trackers'. */
  onMetadata(): void {
    this.startTrackers()
    if (!this.torrent.isPrivate) {
      if (this.isRunning) this.startLocally()
      return
    }
    // BEP 27
    this.searching.abort()
    this.stopLocally()
    this.torrent.pool.keepOnly(['tracker', 'hand'])
  }

  onComplete(): void {
    for (const client of this.trackers) client.completed()
  }

  /** A peer told where others are (BEP 11). */
  onPeersLearned(addresses: readonly PeerAddress[]): void {
    if (!this.torrent.isPrivate) this.torrent.pool.offerAddresses(addresses, 'exchange')
  }
}
