import type { PeerAddress } from '@onehop/swarm'
import { MAX_GIVEN_PEERS } from './limits.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentHost } from './torrent-host.ts'

/** Where a torrent's peers come from besides those who come to us: searches, peers, links. */
export class PeerSearch {
  private readonly torrent: Torrent
  private readonly host: TorrentHost
  private searching = new AbortController()

  constructor(torrent: Torrent, host: TorrentHost) {
    this.torrent = torrent
    this.host = host
  }

  start(): void {
    this.searching = new AbortController()
    const { torrent, host } = this
    torrent.pool.offerAddresses(torrent.settings.peers, 'hand')
    if (torrent.isPrivate || host.findPeers === undefined) return
    const wanted = {
      infohash: torrent.infohash,
      get isComplete() {
        return torrent.isComplete
      },
    }
    void torrent.pool.follow(host.findPeers(wanted, this.searching.signal), this.searching.signal)
  }

  async stop(): Promise<void> {
    this.searching.abort()
  }

  /** More trackers, each tier after those that are there; known ones are left out. */
  addTrackers(tiers: readonly (readonly string[])[]): void {
    const { settings } = this.torrent
    const known = new Set(settings.trackers.flat())
    const added = tiers.map(tier => tier.filter(url => !known.has(url))).filter(tier => tier.length > 0)
    if (added.length > 0) settings.trackers = [...settings.trackers, ...added]
  }

  /** Addresses that a link or a user gave. */
  addPeers(peers: readonly PeerAddress[]): void {
    const { settings, pool } = this.torrent
    if (peers.length === 0) return
    settings.peers = [...settings.peers, ...peers].slice(-MAX_GIVEN_PEERS)
    pool.offerAddresses(peers, 'hand')
  }

  tick(): void {}

  /** Whether somebody may still be found. */
  get hasHope(): boolean {
    return false
  }

  /** The info dictionary is here: a private torrent has no peers but its trackers' (BEP 27). */
  onMetadata(): void {
    if (!this.torrent.isPrivate) return
    this.searching.abort()
    this.torrent.pool.keepOnly(['tracker', 'hand'])
  }

  onComplete(): void {}

  /** A peer told where others are (BEP 11). */
  onPeersLearned(addresses: readonly PeerAddress[]): void {
    if (!this.torrent.isPrivate) this.torrent.pool.offerAddresses(addresses, 'exchange')
  }
}
