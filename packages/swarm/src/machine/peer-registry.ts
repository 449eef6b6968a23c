import { BoundedSet, invalid, type Rejection, type Result, type Verdict } from '@onehop/primitives'
import { MAX_BANNED_PEERS } from '../limits.ts'
import { type NewPeer, type PeerKey, PeerState } from './peer-state.ts'
import type { Parting, TorrentEnvironment } from './torrent-environment.ts'

/** What the rest of a machine does about peers that are no more. */
export interface PeerDepartures {
  onGone(peer: PeerState): void
  /** Nothing that it sent is to be trusted. */
  onBanned(remotePeer: string): void
}

/** Who is connected, and who is banned. */
export class PeerRegistry {
  readonly connected = new Map<PeerKey, PeerState>()
  private readonly environment: TorrentEnvironment
  private readonly departures: PeerDepartures
  private readonly banned = new BoundedSet<string>(MAX_BANNED_PEERS)

  constructor(environment: TorrentEnvironment, departures: PeerDepartures) {
    this.environment = environment
    this.departures = departures
  }

  isBanned(remotePeer: string): boolean {
    return this.banned.has(remotePeer)
  }

  isConnected(peer: PeerState): boolean {
    return this.connected.get(peer.key) === peer
  }

  /** @returns a refusal for a banned peer. */
  add(newcomer: NewPeer): Result<PeerState> {
    if (this.banned.has(newcomer.remotePeer)) return invalid('banned-peer')
    const peer = new PeerState(newcomer, this.environment.now())
    this.connected.set(peer.key, peer)
    return { ok: true, value: peer }
  }

  remove(peer: PeerState): void {
    this.connected.delete(peer.key)
    this.departures.onGone(peer)
  }

  /** Who is to blame for something is banned; everyone else may come back. */
  drop(peer: PeerState, reason: Verdict, parting: Parting): void {
    this.remove(peer)
    this.environment.drop(peer.key, reason, parting)
    if (!reason.ok && reason.blame === 'sender') this.ban(peer.remotePeer, reason)
  }

  ban(remotePeer: string, reason: Rejection): void {
    this.banned.add(remotePeer)
    this.departures.onBanned(remotePeer)
    for (const peer of [...this.connected.values()]) {
      if (peer.remotePeer !== remotePeer) continue
      this.remove(peer)
      this.environment.drop(peer.key, reason, 'fault')
    }
  }

  /** Drops a peer that something was wrong with, unless it is gone already. */
  check(peer: PeerState, verdict: Verdict): void {
    if (!verdict.ok && this.isConnected(peer)) this.drop(peer, verdict, 'fault')
  }
}
