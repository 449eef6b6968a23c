import { OK, type Verdict } from '@onehop/primitives'
import {
  MAX_PEX_PEERS,
  MAX_PEX_PEERS_TAKEN,
  PEX_INTERVAL_MS,
  PEX_LOOK_MS,
  PEX_MIN_INTERVAL_MS,
} from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import { formatPeerAddress, type PeerAddress } from '../peer-address.ts'
import { encodePexMessage, PEX_FLAG, type PexPeer, parsePexMessage } from './pex-message.ts'
import { isPlausibleFrom } from './plausible-address.ts'

/** What passed between us and one peer. */
interface Exchange {
  /** Who we said is there. */
  readonly told: Map<string, PeerAddress>
  toldMs: number
  heardMs: number
}

/** Peers tell each other whom they are connected to (BEP 11). Not in private torrents (BEP 27). */
export class PeerExchange {
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly exchanges = new Map<PeerKey, Exchange>()

  constructor(environment: TorrentEnvironment, peers: ReadonlyMap<PeerKey, PeerState>) {
    this.environment = environment
    this.peers = peers
  }

  onPeerGone(peer: PeerState): void {
    this.exchanges.delete(peer.key)
  }

  private exchangeWith(peer: PeerState): Exchange {
    let exchange = this.exchanges.get(peer.key)
    if (!exchange) {
      exchange = {
        told: new Map(),
        toldMs: Number.NEGATIVE_INFINITY,
        heardMs: Number.NEGATIVE_INFINITY,
      }
      this.exchanges.set(peer.key, exchange)
    }
    return exchange
  }

  /** What comes more often than BEP 11 allows is not read. */
  onMessage(peer: PeerState, payload: Uint8Array): Verdict {
    const exchange = this.exchangeWith(peer)
    const now = this.environment.now()
    if (now - exchange.heardMs < PEX_MIN_INTERVAL_MS) return OK
    exchange.heardMs = now
    const parsed = parsePexMessage(payload)
    if (!parsed.ok) return parsed
    const source = peer.address?.host
    const addresses = parsed.value.added
      .slice(0, MAX_PEX_PEERS_TAKEN)
      .filter(({ host }) => isPlausibleFrom(host, source))
      .map(({ host, port }) => ({ host, port }))
    if (addresses.length > 0) this.environment.peersLearned(addresses)
    return OK
  }

  /** Tells those whose minute is over what has changed. */
  tick(): void {
    const now = this.environment.now()
    let present: ReadonlyMap<string, PexPeer> | undefined
    for (const peer of this.peers.values()) {
      if (!peer.extension.utPexId) continue
      const exchange = this.exchangeWith(peer)
      if (now - exchange.toldMs < PEX_INTERVAL_MS) continue
      present ??= this.presentPeers()
      const hasTold = this.tell(peer, exchange, present)
      exchange.toldMs = hasTold ? now : now - PEX_INTERVAL_MS + PEX_LOOK_MS
    }
  }

  private presentPeers(): Map<string, PexPeer> {
    const present = new Map<string, PexPeer>()
    for (const peer of this.peers.values()) {
      const address = peer.listenAddress
      if (!address) continue
      const isSeed = peer.have?.isFull === true || peer.extension.isUploadOnly === true
      const flags = (isSeed ? PEX_FLAG.seed : 0) | (peer.isOutbound ? PEX_FLAG.reachable : 0)
      present.set(formatPeerAddress(address), { ...address, flags })
    }
    return present
  }

  /** @returns whether there was anything to tell. */
  private tell(peer: PeerState, exchange: Exchange, present: ReadonlyMap<string, PexPeer>): boolean {
    const { told } = exchange
    const own = peer.listenAddress && formatPeerAddress(peer.listenAddress)
    const isNews = ([key, { host }]: [string, PexPeer]) =>
      key !== own && !told.has(key) && isPlausibleFrom(host, peer.address?.host)
    const added = [...present].filter(isNews).slice(0, MAX_PEX_PEERS)
    const dropped = [...told].filter(([key]) => !present.has(key)).slice(0, MAX_PEX_PEERS)
    if (added.length === 0 && dropped.length === 0) return false
    for (const [key, { host, port }] of added) told.set(key, { host, port })
    for (const [key] of dropped) told.delete(key)
    const payload = encodePexMessage({
      added: added.map(([, address]) => address),
      dropped: dropped.map(([, address]) => address),
    })
    this.environment.send(peer.key, { type: 'extended', id: peer.extension.utPexId!, payload })
    return true
  }
}
