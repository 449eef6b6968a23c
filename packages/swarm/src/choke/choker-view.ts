import { CHOKER_RATE_WINDOW_MS, CHOKER_SNUB_MS } from '../limits.ts'
import type { PeerState } from '../machine/peer-state.ts'
import type { ChokerPeer } from './choker.ts'

/** What a choker gets to see of a peer. */
export function chokerView(peer: PeerState, nowMs: number): ChokerPeer {
  return {
    key: peer.key,
    remotePeer: peer.remotePeer,
    interested: peer.peerInterested,
    unchoked: !peer.amChoking,
    unchokedAtMs: peer.unchokedAtMs,
    unchokesUs: !peer.peerChoking,
    downloadBytesPerSecond: peer.download.bytesPerSecond(nowMs, CHOKER_RATE_WINDOW_MS),
    uploadBytesPerSecond: peer.upload.bytesPerSecond(nowMs, CHOKER_RATE_WINDOW_MS),
    snubbing: isSnubbing(peer, nowMs),
  }
}

/** Cohen 2003: nothing for over a minute, whether it chokes us or not. Who was not asked is not to blame. */
function isSnubbing(peer: PeerState, nowMs: number): boolean {
  if (!peer.amInterested || (!peer.peerChoking && peer.requests.size === 0)) return false
  return nowMs - Math.max(peer.download.lastAddedMs, peer.interestedSinceMs) >= CHOKER_SNUB_MS
}
