import { CHOKE_INTERVAL_MS, DEFAULT_UPLOAD_SLOTS } from './limits.ts'
import type { PeerKey } from './machine/peer-state.ts'

/** What a choker may know of a peer. */
export interface ChokerPeer {
  readonly key: PeerKey
  readonly remotePeer: string
  /** Whether it wants what we have. */
  readonly interested: boolean
  /** Whether it may fetch from us now. */
  readonly unchoked: boolean
  /** When it was last unchoked; 0 when never. */
  readonly unchokedAtMs: number
  readonly connectedAtMs: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  /** It keeps us waiting for blocks. */
  readonly snubbing: boolean
}

/** What a choker may know of the torrent. */
export interface ChokerContext {
  readonly nowMs: number
  readonly random: () => number
  /** We have everything, so that there is nothing to get in return. */
  readonly seeding: boolean
}

/** Why a peer may fetch from us, for people. */
export type UnchokeReason = string

/**
 * Plug: who may fetch from us. Asked every `intervalMs`, and when a peer becomes interested or goes.
 * @returns the peers to serve and why; all others are choked.
 */
export interface Choker {
  readonly intervalMs: number
  choose(peers: readonly ChokerPeer[], context: ChokerContext): ReadonlyMap<PeerKey, UnchokeReason>
}

/**
 * Serves everyone up to a number of slots. When there are more who want, those that were served for a whole interval
 * make room, longest first, so that everyone gets a turn.
 */
export class RotatingChoker implements Choker {
  readonly intervalMs = CHOKE_INTERVAL_MS
  private readonly slots: number

  constructor(slots = DEFAULT_UPLOAD_SLOTS) {
    this.slots = slots
  }

  choose(peers: readonly ChokerPeer[], context: ChokerContext): ReadonlyMap<PeerKey, UnchokeReason> {
    const interested = peers.filter(peer => peer.interested)
    if (interested.length <= this.slots) return new Map(interested.map(peer => [peer.key, 'a slot is free']))
    const turnIsOver = (peer: ChokerPeer) =>
      peer.unchoked && context.nowMs - peer.unchokedAtMs >= this.intervalMs
    const rank = (peer: ChokerPeer) => (peer.unchoked ? (turnIsOver(peer) ? 2 : 0) : 1)
    const byTurn = interested.sort((a, b) => rank(a) - rank(b) || a.unchokedAtMs - b.unchokedAtMs)
    return new Map(byTurn.slice(0, this.slots).map(peer => [peer.key, 'its turn']))
  }
}
