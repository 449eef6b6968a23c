import {
  BoundedMap,
  bytesToHex,
  equalBytes,
  type RandomSource,
  type Result,
  randomBelow,
  refused,
  TokenBucket,
} from '@onehop/primitives'
import type { InfoHash } from '../metainfo/infohash.ts'
import { formatPeerAddress, type PeerAddress } from '../peer-address.ts'
import type { AnnounceAnswer, AnnounceRequest, ScrapeEntry } from './announce.ts'
import {
  ANNOUNCE_BURST,
  ANNOUNCES_PER_SECOND,
  DEFAULT_ANNOUNCE_SECONDS,
  DEFAULT_PEERS_GIVEN,
  INTERVALS_UNTIL_FORGOTTEN,
  MAX_COUNTED_HOSTS,
  MAX_PEERS_GIVEN,
  MAX_TRACKED_PEERS,
  MAX_TRACKED_PEERS_PER_HOST,
  MAX_TRACKED_PEERS_PER_TORRENT,
  MAX_TRACKED_TORRENTS,
  MIN_INTERVAL_PARTS,
  SMALL_TRACKER_INTERVAL_SECONDS,
  TARGET_ANNOUNCES_PER_SECOND,
} from './limits.ts'

/** A peer that a tracker names. */
export interface TrackedPeer extends PeerAddress {
  readonly peerId: Uint8Array
}

interface StandingPeer extends TrackedPeer {
  readonly isSeed: boolean
  readonly announcedMs: number
}

/** The peers of one torrent, by address. */
interface TrackedTorrent {
  readonly infohash: InfoHash
  readonly peers: Map<string, StandingPeer>
  downloads: number
}

/** What a tracker answers to an announce; `peers` have their ids, for those who want dictionaries. */
export interface RegistryAnswer extends AnnounceAnswer {
  readonly peers: readonly TrackedPeer[]
}

/** What a tracker holds, for people. */
export interface RegistrySize {
  readonly torrents: number
  readonly peers: number
}

/** Limits and rules of a tracker. */
export interface RegistryOptions {
  readonly random: RandomSource
  /** Infohashes in hex; others are refused. Default: any. */
  readonly whitelist?: ReadonlySet<string>
  readonly maxTorrents?: number
  readonly maxPeers?: number
}

/** Who has what: the memory of a tracker. Time comes from outside. */
export class TrackerRegistry {
  private readonly options: RegistryOptions
  private readonly torrents = new Map<string, TrackedTorrent>()
  private readonly peersOfHost = new Map<string, number>()
  private readonly rates = new BoundedMap<string, TokenBucket>(MAX_COUNTED_HOSTS)
  private peers = 0

  constructor(options: RegistryOptions) {
    this.options = options
  }

  get size(): RegistrySize {
    return { torrents: this.torrents.size, peers: this.peers }
  }

  /** Seconds between announces: longer the more peers there are. */
  get intervalSeconds(): number {
    const spread = Math.ceil(this.peers / TARGET_ANNOUNCES_PER_SECOND)
    return Math.min(DEFAULT_ANNOUNCE_SECONDS, Math.max(SMALL_TRACKER_INTERVAL_SECONDS, spread))
  }

  /**
   * Notes a peer (or that it leaves), and names others.
   * @param host where the peer is, as the tracker sees it.
   * @returns a refusal with a sentence for the client's user.
   */
  announce(request: AnnounceRequest, host: string, nowMs: number): Result<RegistryAnswer> {
    if (!this.isWithinRate(host, nowMs)) return refused('too-many-announces', 'too many announces, slow down')
    const id = bytesToHex(request.infohash)
    if (this.options.whitelist && !this.options.whitelist.has(id)) {
      return refused('not-listed', 'this tracker does not serve this torrent')
    }
    if (request.port === 0 && request.event !== 'stopped') return refused('bad-port', 'the port is 0')
    const known = this.torrents.get(id)
    if (request.event === 'stopped') {
      if (known) this.leave(known, formatPeerAddress({ host, port: request.port }))
      return { ok: true, value: this.answer(known, request, host) }
    }
    return this.enter(
      known ?? { infohash: request.infohash, peers: new Map(), downloads: 0 },
      request,
      host,
      nowMs,
    )
  }

  private isWithinRate(host: string, nowMs: number): boolean {
    const rate = this.rates.touch(host) ?? new TokenBucket(ANNOUNCES_PER_SECOND, ANNOUNCE_BURST, nowMs)
    this.rates.set(host, rate)
    return rate.take(1, nowMs)
  }

  private enter(
    torrent: TrackedTorrent,
    request: AnnounceRequest,
    host: string,
    nowMs: number,
  ): Result<RegistryAnswer> {
    const address = formatPeerAddress({ host, port: request.port })
    const known = torrent.peers.get(address)
    if (!known && !this.hasRoom(torrent, host)) return refused('tracker-full', 'this tracker is full')
    const isSeed = request.leftBytes === 0
    if (request.event === 'completed' && !known?.isSeed) torrent.downloads++
    if (!known) this.count(host, 1)
    const { peerId, port } = request
    torrent.peers.set(address, { host, port, peerId, isSeed, announcedMs: nowMs })
    this.torrents.set(bytesToHex(torrent.infohash), torrent)
    return { ok: true, value: this.answer(torrent, request, host) }
  }

  private hasRoom(torrent: TrackedTorrent, host: string): boolean {
    const { maxTorrents = MAX_TRACKED_TORRENTS, maxPeers = MAX_TRACKED_PEERS } = this.options
    if (torrent.peers.size === 0 && this.torrents.size >= maxTorrents) return false
    if (torrent.peers.size >= MAX_TRACKED_PEERS_PER_TORRENT || this.peers >= maxPeers) return false
    return (this.peersOfHost.get(host) ?? 0) < MAX_TRACKED_PEERS_PER_HOST
  }

  private count(host: string, change: 1 | -1): void {
    this.peers += change
    const ofHost = (this.peersOfHost.get(host) ?? 0) + change
    if (ofHost === 0) this.peersOfHost.delete(host)
    else this.peersOfHost.set(host, ofHost)
  }

  private leave(torrent: TrackedTorrent, address: string): void {
    const peer = torrent.peers.get(address)
    if (!peer) return
    torrent.peers.delete(address)
    this.count(peer.host, -1)
    // How often it was fetched is forgotten with its last peer, or anyone could fill the memory with infohashes.
    if (torrent.peers.size === 0) this.torrents.delete(bytesToHex(torrent.infohash))
  }

  private answer(
    torrent: TrackedTorrent | undefined,
    request: AnnounceRequest,
    host: string,
  ): RegistryAnswer {
    const { seeders, leechers } = countOf(torrent)
    const intervalSeconds = this.intervalSeconds
    const peers = torrent && request.event !== 'stopped' ? this.choose(torrent, request, host) : []
    return {
      intervalSeconds,
      minIntervalSeconds: Math.ceil(intervalSeconds / MIN_INTERVAL_PARTS),
      peers,
      seeders,
      leechers,
    }
  }

  /**
   * Others of the torrent, at random. Who needs nothing is named first those who do; seeds after them all the same, for
   * a client that knows only a magnet link may say that nothing is missing (aria2 does).
   */
  private choose(torrent: TrackedTorrent, request: AnnounceRequest, host: string): TrackedPeer[] {
    const { peersWanted, leftBytes, port, peerId, event } = request
    const wanted = Math.min(peersWanted < 0 ? DEFAULT_PEERS_GIVEN : peersWanted, MAX_PEERS_GIVEN)
    const others = [...torrent.peers.values()].filter(
      peer => !(peer.host === host && peer.port === port) && !equalBytes(peer.peerId, peerId),
    )
    if (leftBytes > 0) return this.sample(others, wanted)
    const leechers = this.sample(
      others.filter(peer => !peer.isSeed),
      wanted,
    )
    const seeds = event === 'completed' ? [] : others.filter(peer => peer.isSeed)
    return [...leechers, ...this.sample(seeds, wanted - leechers.length)]
  }

  private sample(peers: TrackedPeer[], count: number): TrackedPeer[] {
    for (let i = 0; i < Math.min(count, peers.length); i++) {
      const chosen = i + randomBelow(this.options.random, peers.length - i)
      const held = peers[i]!
      peers[i] = peers[chosen]!
      peers[chosen] = held
    }
    return peers.slice(0, count)
  }

  /** What is known of each torrent; unknown ones have zeros. */
  scrape(infohashes: readonly InfoHash[]): ScrapeEntry[] {
    return infohashes.map(infohash => {
      const torrent = this.torrents.get(bytesToHex(infohash))
      return { infohash, ...countOf(torrent), downloads: torrent?.downloads ?? 0 }
    })
  }

  /** Forgets peers that missed two announces. To be called now and then. */
  expire(nowMs: number): void {
    const oldestMs = nowMs - INTERVALS_UNTIL_FORGOTTEN * this.intervalSeconds * 1000
    for (const torrent of this.torrents.values()) {
      for (const [address, peer] of torrent.peers) {
        if (peer.announcedMs < oldestMs) this.leave(torrent, address)
      }
    }
  }
}

function countOf(torrent: TrackedTorrent | undefined): { seeders: number; leechers: number } {
  let seeders = 0
  for (const peer of torrent?.peers.values() ?? []) if (peer.isSeed) seeders++
  return { seeders, leechers: (torrent?.peers.size ?? 0) - seeders }
}
