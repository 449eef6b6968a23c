import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import {
  CHOKER_LOOK_MS,
  CHOKER_RATE_WINDOW_MS,
  CHOKER_SNUB_MS,
  MAX_QUEUED_REQUESTS,
  MAX_REQUEST_BYTES,
} from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import { pieceLengthAt, type TorrentInfo } from '../metainfo/torrent-info.ts'
import type { BlockRange } from '../wire/wire-messages.ts'
import type { ChokeDecision, Choker, ChokerPeer } from './choker.ts'

/** Of a peer that the choker has not seen yet. */
const UNSEEN: ChokeDecision = { slot: 'choked', reason: 'just came' }

/** The serving half of a torrent: who may fetch, and what each waits for. Gives only pieces that are verified. */
export class Uploads {
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly choker: Choker
  private decisions: ReadonlyMap<PeerKey, ChokeDecision> = new Map()
  private chokedAtMs: number

  constructor(environment: TorrentEnvironment, peers: ReadonlyMap<PeerKey, PeerState>, choker: Choker) {
    this.environment = environment
    this.peers = peers
    this.choker = choker
    this.chokedAtMs = environment.now()
  }

  /** What the choker said of the peer, and why. */
  decisionFor(peer: PeerKey): ChokeDecision {
    return this.decisions.get(peer) ?? UNSEEN
  }

  /** Asks the choker again, once a while. */
  tick(seeding: boolean): void {
    if (this.environment.now() - this.chokedAtMs >= CHOKER_LOOK_MS) this.rechoke(seeding)
  }

  /** Asks the choker, and tells the peers what has changed. */
  rechoke(seeding: boolean): void {
    const nowMs = this.environment.now()
    this.chokedAtMs = nowMs
    const view = [...this.peers.values()].map(peer => chokerView(peer, nowMs))
    this.decisions = this.choker.choose(view, {
      nowMs,
      random: this.environment.random,
      seeding,
      uploadCapacityBytesPerSecond: undefined,
    })
    for (const peer of this.peers.values()) {
      const unchoke = this.decisionFor(peer.key).slot !== 'choked'
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
    wanted: peer.amInterested,
    unchoked: !peer.amChoking,
    unchokedAtMs: peer.unchokedAtMs,
    connectedAtMs: peer.connectedAtMs,
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
