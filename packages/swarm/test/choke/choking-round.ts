import { type RandomSource, SeededRandom } from '@onehop/primitives'
import type { ChokeDecision, Choker, ChokerPeer, PeerKey } from '@onehop/swarm'

/** A peer that wants to fetch and has what we want, but for the changes. */
export function chokerPeer(key: number, changes: Partial<ChokerPeer> = {}): ChokerPeer {
  return {
    key: key as PeerKey,
    remotePeer: `peer ${key}`,
    interested: true,
    unchoked: false,
    unchokedAtMs: 0,
    unchokesUs: false,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    snubbing: false,
    ...changes,
  }
}

/** Asks a choker again and again, and lets the peers be as it decided. */
export class ChokingRounds {
  nowMs = 0
  seeding = false
  uploadLimitBytesPerSecond: number | undefined
  uploadPeakBytesPerSecond = 0
  peers: ChokerPeer[]
  private readonly choker: Choker
  private readonly random: RandomSource = new SeededRandom(3).next

  constructor(choker: Choker, peers: readonly ChokerPeer[]) {
    this.choker = choker
    this.peers = [...peers]
  }

  /** What the choker says now. */
  choose(): ReadonlyMap<PeerKey, ChokeDecision> {
    const { nowMs, random, seeding, uploadLimitBytesPerSecond, uploadPeakBytesPerSecond } = this
    const context = { nowMs, random, seeding, uploadLimitBytesPerSecond, uploadPeakBytesPerSecond }
    const decisions = this.choker.choose(this.peers, context)
    this.peers = this.peers.map(peer => {
      const unchoked = decisions.get(peer.key)?.slot !== 'choked'
      return { ...peer, unchoked, unchokedAtMs: unchoked && !peer.unchoked ? nowMs : peer.unchokedAtMs }
    })
    return decisions
  }

  /** Lets time pass, with the choker asked every second. @returns the last decisions. */
  pass(spanMs: number, onDecisions: (decisions: ReadonlyMap<PeerKey, ChokeDecision>) => void = () => {}) {
    let decisions = this.choose()
    for (const endMs = this.nowMs + spanMs; this.nowMs < endMs; ) {
      this.nowMs += 1000
      decisions = this.choose()
      onDecisions(decisions)
    }
    return decisions
  }

  change(key: number, changes: Partial<ChokerPeer>): void {
    this.peers = this.peers.map(peer => (peer.key === key ? { ...peer, ...changes } : peer))
  }
}

/** The keys of those in one of the slots. */
export function inSlot(
  decisions: ReadonlyMap<PeerKey, ChokeDecision>,
  ...slots: ChokeDecision['slot'][]
): number[] {
  return [...decisions].filter(([, { slot }]) => slots.includes(slot)).map(([key]) => key)
}
