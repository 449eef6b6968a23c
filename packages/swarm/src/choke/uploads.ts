import { BoundedMap, invalid, OK, type Verdict } from '@onehop/primitives'
import type { BandwidthLimit } from '../bandwidth/bandwidth-limit.ts'
import { UploadBudgets, type UploadClaim } from '../bandwidth/upload-budgets.ts'
import { UploadCapacity } from '../bandwidth/upload-capacity.ts'
import type { Bitfield } from '../bitfield.ts'
import {
  ALLOWED_FAST_PIECES,
  CHOKER_LOOK_MS,
  MAX_BANNED_PEERS,
  MAX_QUEUED_REQUESTS,
  MAX_REQUEST_BYTES,
} from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import { pieceLengthAt, requestableLengthAt, type TorrentInfo } from '../metainfo/torrent-info.ts'
import type { BlockRange } from '../wire/wire-messages.ts'
import type { ChokeDecision, Choker } from './choker.ts'
import { chokerView } from './choker-view.ts'

/** Of a peer that the choker has not seen yet. */
const UNSEEN: ChokeDecision = { slot: 'choked', reason: 'just came' }

/** Of a choked peer that fetches its allowed fast set, beside peers with shares. */
const FAST_SHARE = 0.02

const NO_CLAIM: UploadClaim = { nextBytes: 0, queuedBytes: 0, weight: 0 }

/** The serving half of a torrent: who may fetch, what each waits for, and what may go when. Gives only verified pieces. */
export class Uploads {
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly choker: Choker
  private readonly limits: readonly BandwidthLimit[]
  private readonly budgets: UploadBudgets<PeerKey>
  private readonly capacity: UploadCapacity
  private decisions: ReadonlyMap<PeerKey, ChokeDecision> = new Map()
  private hasShares = false
  /** Bytes of allowed fast sets, by who asked for them: who comes back gets no second helping. */
  private readonly servedWhileChoked = new BoundedMap<string, number>(MAX_BANNED_PEERS)
  private chokedAtMs: number

  constructor(
    environment: TorrentEnvironment,
    peers: ReadonlyMap<PeerKey, PeerState>,
    choker: Choker,
    limits: readonly BandwidthLimit[] = [],
  ) {
    const nowMs = environment.now()
    this.environment = environment
    this.peers = peers
    this.choker = choker
    this.limits = limits
    this.budgets = new UploadBudgets(limits, key => this.claimOf(key), nowMs)
    this.capacity = new UploadCapacity(nowMs)
    this.chokedAtMs = nowMs
  }

  /** What the choker said of the peer, and why. */
  decisionFor(peer: PeerKey): ChokeDecision {
    return this.decisions.get(peer) ?? UNSEEN
  }

  /** Somebody waits for bandwidth: {@link release} wants to be called every BANDWIDTH_INTERVAL_MS. */
  get isHeldBack(): boolean {
    return this.budgets.isHeldBack
  }

  /** Asks the choker again, once a while. */
  tick(seeding: boolean): void {
    if (this.environment.now() - this.chokedAtMs >= CHOKER_LOOK_MS) this.rechoke(seeding)
    this.release()
  }

  /** Asks the choker, and tells the peers what has changed. */
  rechoke(seeding: boolean): void {
    const nowMs = this.environment.now()
    this.chokedAtMs = nowMs
    this.capacity.observe(nowMs)
    const view = [...this.peers.values()].map(peer => chokerView(peer, nowMs))
    this.decisions = this.choker.choose(view, {
      nowMs,
      random: this.environment.random,
      seeding,
      uploadLimitBytesPerSecond: this.limitBytesPerSecond(nowMs),
      uploadPeakBytesPerSecond: this.capacity.bytesPerSecond,
    })
    this.hasShares = [...this.decisions.values()].some(({ share }) => share !== undefined)
    for (const peer of this.peers.values()) {
      const unchoke = this.decisionFor(peer.key).slot !== 'choked'
      if (unchoke && peer.amChoking) this.unchoke(peer, nowMs)
      else if (!unchoke && !peer.amChoking) this.choke(peer)
    }
  }

  /** Lets those go on that waited for bandwidth, as far as there is any. */
  release(): void {
    const nowMs = this.environment.now()
    this.capacity.observe(nowMs)
    if (this.isDivided) this.budgets.release(this.hasShares ? this.capacity : undefined, nowMs)
    else this.budgets.clear()
    this.wakeRelieved()
  }

  /** Without limits and shares everybody gets what its connection takes; so does it until we know what we can send. */
  private get isDivided(): boolean {
    return (
      (this.hasShares && this.capacity.bytesPerSecond > 0) ||
      this.limits.some(limit => limit.bytesPerSecond !== undefined)
    )
  }

  /** Our part of the narrowest limit. */
  private limitBytesPerSecond(nowMs: number): number | undefined {
    let least: number | undefined
    for (const limit of this.limits) {
      if (limit.bytesPerSecond === undefined) continue
      least = Math.min(least ?? Number.POSITIVE_INFINITY, limit.bytesPerSecond / limit.usersAt(nowMs))
    }
    return least
  }

  private claimOf(key: PeerKey): UploadClaim {
    const peer = this.peers.get(key)
    const nextBytes = peer?.uploads[0]?.length
    if (peer === undefined || nextBytes === undefined) return NO_CLAIM
    const weight = this.hasShares ? (this.decisionFor(key).share ?? FAST_SHARE) : 1
    return { nextBytes, queuedBytes: nextBytes * peer.uploads.length, weight }
  }

  private unchoke(peer: PeerState, nowMs: number): void {
    peer.amChoking = false
    peer.unchokedAtMs = nowMs
    peer.requestsWhileChoked = 0
    this.environment.send(peer.key, { type: 'unchoke' })
  }

  /** What it asked for is forgotten (BEP 3), and rejected one by one where that was agreed on (BEP 6). */
  private choke(peer: PeerState): void {
    peer.amChoking = true
    this.environment.send(peer.key, { type: 'choke' })
    for (const range of peer.uploads.splice(0)) {
      if (isGranted(peer, range.piece)) peer.uploads.push(range)
      else this.reject(peer, range)
    }
    if (peer.uploads.length === 0) this.budgets.remove(peer.key)
  }

  /** Every request is answered where that was agreed on (BEP 6). */
  private reject(peer: PeerState, { piece, begin, length }: BlockRange): void {
    if (peer.fast) this.environment.send(peer.key, { type: 'reject', piece, begin, length })
  }

  onPeerGone(peer: PeerState): void {
    this.budgets.remove(peer.key)
  }

  /** @param have undefined as long as we have no storage. */
  onRequest(
    peer: PeerState,
    range: BlockRange,
    info: TorrentInfo | undefined,
    have: Bitfield | undefined,
  ): Verdict {
    peer.cancelsLeft = Math.min(peer.cancelsLeft + 1, MAX_QUEUED_REQUESTS)
    const isServed = !peer.amChoking || (info !== undefined && this.mayHaveWhileChoked(peer, range, info))
    if (!info || !have || !isServed) return this.onRequestWhileChoked(peer, range)
    if (!isInside(range, info)) return invalid('bad-request', describe(range))
    if (!have.has(range.piece)) return this.onRequestForMissing(peer, range)
    if (peer.uploads.length >= MAX_QUEUED_REQUESTS) return invalid('too-many-requests')
    peer.uploads.push(range)
    if (peer.uploads.length === 1) this.environment.uploadsReady(peer.key)
    return OK
  }

  /** A piece of its allowed fast set (BEP 6), as long as it has not had as much as all of that. */
  private mayHaveWhileChoked(peer: PeerState, { piece, length }: BlockRange, info: TorrentInfo): boolean {
    if (!isGranted(peer, piece)) return false
    const served = (this.servedWhileChoked.get(peer.remotePeer) ?? 0) + length
    if (served > peer.grantedFast!.size * info.pieceLengthBytes) return false
    this.servedWhileChoked.set(peer.remotePeer, served)
    return true
  }

  /** Requests may cross a choke on the way; a flood may not. */
  private onRequestWhileChoked(peer: PeerState, range: BlockRange): Verdict {
    if (++peer.requestsWhileChoked > MAX_QUEUED_REQUESTS) return invalid('too-many-requests')
    this.reject(peer, range)
    return OK
  }

  /** One who agreed on BEP 6 may try, and takes no for an answer. */
  private onRequestForMissing(peer: PeerState, range: BlockRange): Verdict {
    if (!peer.fast) return invalid('request-for-missing-piece', describe(range))
    this.reject(peer, range)
    return OK
  }

  /** One that crosses the block finds nothing; a flood of them would search the queue each time. */
  onCancel(peer: PeerState, range: BlockRange): Verdict {
    if (--peer.cancelsLeft < 0) return invalid('too-many-cancels')
    const at = peer.uploads.findIndex(
      upload =>
        upload.piece === range.piece && upload.begin === range.begin && upload.length === range.length,
    )
    if (at < 0) return OK
    peer.uploads.splice(at, 1)
    this.reject(peer, range)
    return OK
  }

  /** The next block to send to the peer; undefined when it waits for none, or has to wait for bandwidth. */
  take(peer: PeerState): BlockRange | undefined {
    const range = peer.uploads[0]
    if (range === undefined) return undefined
    const nowMs = this.environment.now()
    const mayGo = !this.isDivided || this.budgets.take(peer.key, range.length, nowMs)
    if (mayGo) this.noteSent(peer, range, nowMs)
    this.wakeRelieved(peer.key)
    return mayGo ? range : undefined
  }

  private noteSent(peer: PeerState, range: BlockRange, nowMs: number): void {
    peer.uploads.shift()
    peer.upload.add(range.length, nowMs)
    this.capacity.add(range.length)
  }

  /** Those go on that bandwidth kept waiting. @param except is at it. */
  private wakeRelieved(except?: PeerKey): void {
    for (const key of this.budgets.takeRelieved()) if (key !== except) this.environment.uploadsReady(key)
  }
}

/** The allowed fast set is for those who have next to nothing; others may have been told of it, and get rejects. */
function isGranted(peer: PeerState, piece: number): boolean {
  return peer.grantedFast?.has(piece) === true && (peer.have?.count ?? 0) < ALLOWED_FAST_PIECES
}

function isInside({ piece, begin, length }: BlockRange, info: TorrentInfo): boolean {
  if (length === 0 || length > MAX_REQUEST_BYTES || begin >= pieceLengthAt(info, piece)) return false
  return begin + length <= requestableLengthAt(info, piece)
}

function describe({ piece, begin, length }: BlockRange): string {
  return `piece ${piece}, ${begin}+${length}`
}
