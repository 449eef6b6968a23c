import type { ChokeDecision, ChokeSlot } from '../choke/choker.ts'
import type { PeerAddress } from '../peer-address.ts'
import type { PeerKey, PeerState } from './peer-state.ts'

/** What a torrent knows of one of its peers, for people. */
export interface PeerSnapshot {
  readonly key: PeerKey
  readonly remotePeer: string
  /** BitTorrent's, of its handshake: 20 bytes. */
  readonly peerId: Uint8Array
  readonly isOutbound: boolean
  /** The other end of the connection, and where the peer takes TCP connections, as far as is known. */
  readonly address?: PeerAddress
  readonly listenAddress?: PeerAddress
  /** Its program, as it calls itself. */
  readonly client?: string
  /** Verified by it, as it says. */
  readonly pieces: number
  readonly isSeed: boolean
  readonly amChoking: boolean
  readonly amInterested: boolean
  readonly peerChoking: boolean
  readonly peerInterested: boolean
  readonly isSnubbing: boolean
  /** As what it may fetch from us, or `choked`. */
  readonly slot: ChokeSlot
  /** Why it is choked or unchoked. */
  readonly chokeReason: string
  /** Part of our upload that it is given, 0 to 1, where the strategy says so. */
  readonly share?: number
  readonly requestsOutstanding: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
}

/** A plain copy of what is known of a peer, for people to look at. */
export function describePeer(peer: PeerState, nowMs: number, decision: ChokeDecision): PeerSnapshot {
  return {
    key: peer.key,
    remotePeer: peer.remotePeer,
    peerId: peer.peerId,
    isOutbound: peer.isOutbound,
    ...(peer.address === undefined ? {} : { address: peer.address }),
    ...(peer.listenAddress === undefined ? {} : { listenAddress: peer.listenAddress }),
    ...(peer.extension.client === undefined ? {} : { client: peer.extension.client }),
    pieces: peer.have?.count ?? 0,
    isSeed: peer.have?.isFull === true,
    amChoking: peer.amChoking,
    amInterested: peer.amInterested,
    peerChoking: peer.peerChoking,
    peerInterested: peer.peerInterested,
    isSnubbing: peer.isSnubbing,
    slot: decision.slot,
    chokeReason: decision.reason,
    ...(decision.share === undefined ? {} : { share: decision.share }),
    requestsOutstanding: peer.requests.size,
    downloadBytesPerSecond: peer.download.bytesPerSecond(nowMs),
    uploadBytesPerSecond: peer.upload.bytesPerSecond(nowMs),
    downloadedBytes: peer.download.totalBytes,
    uploadedBytes: peer.upload.totalBytes,
  }
}
