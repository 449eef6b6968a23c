import type { PeerKey } from '../machine/peer-state.ts'

/** What a choker may know of a peer. */
export interface ChokerPeer {
  readonly key: PeerKey
  /** Who it is; the same again when it comes back. */
  readonly remotePeer: string
  /** Whether it wants what we have. */
  readonly interested: boolean
  /** Whether it may fetch from us now. */
  readonly unchoked: boolean
  /** When it was last unchoked; 0 when never. */
  readonly unchokedAtMs: number
  /** Whether it lets us fetch from it now. */
  readonly unchokesUs: boolean
  /** What it sends us, over {@link CHOKER_RATE_WINDOW_MS}. */
  readonly downloadBytesPerSecond: number
  /** What we send it, over {@link CHOKER_RATE_WINDOW_MS}. */
  readonly uploadBytesPerSecond: number
  /** We want what it has, and it has sent nothing for {@link CHOKER_SNUB_MS}. */
  readonly snubbing: boolean
}

/** What a choker may know of the torrent. */
export interface ChokerContext {
  readonly nowMs: number
  readonly random: () => number
  /** We have everything that we want, so that there is nothing to get in return. */
  readonly seeding: boolean
  /** What we may send; undefined when nothing bounds it. */
  readonly uploadLimitBytesPerSecond: number | undefined
  /** The most that we sent of late, all peers together: our upload is no less than that. */
  readonly uploadPeakBytesPerSecond: number
}

/**
 * As what a peer may fetch from us. `regular`: for what it gives, or, when seeding, how fast it takes. `optimistic`: in
 * turn, so that newcomers have something to begin with. `choked`: it may not.
 */
export type ChokeSlot = 'regular' | 'optimistic' | 'choked'

/** What a choker says of one peer. */
export interface ChokeDecision {
  readonly slot: ChokeSlot
  /** One short sentence without a full stop, for people. */
  readonly reason: string
  /** Part of our upload that it gets, 0 to 1, while others want the rest; without it, as much as it takes. */
  readonly share?: number
}

/**
 * Plug: who may fetch from us. Asked every {@link CHOKER_LOOK_MS}, and when a peer becomes interested, loses interest or
 * goes; keeps its own rounds.
 * @returns what becomes of each of the peers, and why. A peer that is missing is choked.
 */
export interface Choker {
  choose(peers: readonly ChokerPeer[], context: ChokerContext): ReadonlyMap<PeerKey, ChokeDecision>
}
