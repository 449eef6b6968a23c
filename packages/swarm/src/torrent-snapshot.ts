import type { UnchokeReason } from './choker.ts'
import type { PeerState } from './machine/peer-state.ts'

/** What a torrent knows of one of its peers, for people. */
export interface PeerSnapshot {
  readonly remotePeer: string
  /** Verified by it, as it says. */
  readonly pieces: number
  readonly amChoking: boolean
  readonly amInterested: boolean
  readonly peerChoking: boolean
  readonly peerInterested: boolean
  readonly isSnubbing: boolean
  /** Why it may fetch from us. */
  readonly unchokeReason?: string
  readonly requestsOutstanding: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
}

/** A plain copy of what is known of a peer, for people to look at. */
export function describePeer(
  peer: PeerState,
  nowMs: number,
  unchokeReason: UnchokeReason | undefined,
): PeerSnapshot {
  return {
    remotePeer: peer.remotePeer,
    pieces: peer.have?.count ?? 0,
    amChoking: peer.amChoking,
    amInterested: peer.amInterested,
    peerChoking: peer.peerChoking,
    peerInterested: peer.peerInterested,
    isSnubbing: peer.isSnubbing,
    ...(unchokeReason === undefined ? {} : { unchokeReason }),
    requestsOutstanding: peer.requests.size,
    downloadBytesPerSecond: peer.download.bytesPerSecond(nowMs),
    uploadBytesPerSecond: peer.upload.bytesPerSecond(nowMs),
    downloadedBytes: peer.download.totalBytes,
    uploadedBytes: peer.upload.totalBytes,
  }
}
