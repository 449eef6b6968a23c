import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Bitfield } from './bitfield.ts'
import type { Choker, ChokerPeer, UnchokeReason } from './choker.ts'
import { MAX_QUEUED_REQUESTS, MAX_REQUEST_BYTES } from './limits.ts'
import type { PeerKey, PeerState } from './machine/peer-state.ts'
import type { TorrentEnvironment } from './machine/torrent-environment.ts'
import { pieceLengthAt, type TorrentInfo } from './metainfo/torrent-info.ts'
import type { BlockRange } from './wire/wire-messages.ts'

/** The serving half of a torrent: who may fetch, and what each waits for. Gives only pieces that are verified. */
export class Uploads {
  /** Why each unchoked peer is. */
  reasons: ReadonlyMap<PeerKey, UnchokeReason> = new Map()
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly choker: Choker
  private chokedAtMs: number

  constructor(environment: TorrentEnvironment, peers: ReadonlyMap<PeerKey, PeerState>, choker: Choker) {
    this.environment = environment
    this.peers = peers
    this.choker = choker
    this.chokedAtMs = environment.now()
  }

  /** Asks the choker again when its interval is over. */
  tick(seeding: boolean): void {
    if (this.environment.now() - this.chokedAtMs >= this.choker.intervalMs) this.rechoke(seeding)
  }

  /** Asks the choker, and tells the peers what has changed. */
  rechoke(seeding: boolean): void {
    const nowMs = this.environment.now()
    this.chokedAtMs = nowMs
    const view = [...this.peers.values()].map(peer => chokerView(peer, nowMs))
    this.reasons = this.choker.choose(view, { nowMs, random: this.environment.random, seeding })
    for (const peer of this.peers.values()) {
      const unchoke = this.reasons.has(peer.key)
      if (unchoke && peer.amChoking) this.unchoke(peer, nowMs)
      else if (!unchoke && !peer.amChoking) this.choke(peer)
    }
  }

  private unchoke(peer: PeerState, nowMs: number): void {
    peer.amChoking = false
    peer.unchokedAtMs = nowMs
    peer.requestsWhileChoked = 0
    this.environment.send(peer.key, { type: 'unchoke' })
  }

  /** What it asked for is forgotten; it asks again when it is unchoked (BEP 3). */
  private choke(peer: PeerState): void {
    peer.amChoking = true
    peer.uploads.length = 0
    this.environment.send(peer.key, { type: 'choke' })
  }

  onRequest(peer: PeerState, range: BlockRange, info: TorrentInfo, have: Bitfield): Verdict {
    if (peer.amChoking) return onRequestWhileChoked(peer)
    if (!isInside(range, info)) return invalid('bad-request', describe(range))
    if (!have.has(range.piece)) return invalid('request-for-missing-piece', describe(range))
    if (peer.uploads.length >= MAX_QUEUED_REQUESTS) return invalid('too-many-requests')
    peer.uploads.push(range)
    if (peer.uploads.length === 1) this.environment.uploadsReady(peer.key)
    return OK
  }

  onCancel(peer: PeerState, range: BlockRange): void {
    const at = peer.uploads.findIndex(
      upload =>
        upload.piece === range.piece && upload.begin === range.begin && upload.length === range.length,
    )
    if (at >= 0) peer.uploads.splice(at, 1)
  }

  /** The next block to send to the peer. */
  take(peer: PeerState): BlockRange | undefined {
    const range = peer.uploads.shift()
    if (range) peer.upload.add(range.length, this.environment.now())
    return range
  }
}

/** Requests may cross a choke on the way; a flood may not. */
function onRequestWhileChoked(peer: PeerState): Verdict {
  peer.requestsWhileChoked++
  return peer.requestsWhileChoked > MAX_QUEUED_REQUESTS ? invalid('too-many-requests') : OK
}

function isInside({ piece, begin, length }: BlockRange, info: TorrentInfo): boolean {
  return length > 0 && length <= MAX_REQUEST_BYTES && begin + length <= pieceLengthAt(info, piece)
}

function describe({ piece, begin, length }: BlockRange): string {
  return `piece ${piece}, ${begin}+${length}`
}

function chokerView(peer: PeerState, nowMs: number): ChokerPeer {
  return {
    key: peer.key,
    remotePeer: peer.remotePeer,
    interested: peer.peerInterested,
    unchoked: !peer.amChoking,
    unchokedAtMs: peer.unchokedAtMs,
    connectedAtMs: peer.connectedAtMs,
    downloadBytesPerSecond: peer.download.bytesPerSecond(nowMs),
    uploadBytesPerSecond: peer.upload.bytesPerSecond(nowMs),
    snubbing: peer.isSnubbing,
  }
}
