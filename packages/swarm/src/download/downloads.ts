import { assert, type Verdict } from '@onehop/primitives'
import type { BandwidthLimit } from '../bandwidth/bandwidth-limit.ts'
import type { Bitfield } from '../bitfield.ts'
import {
  END_GAME_PIPELINE_DEPTH,
  IDLE_LOOK_MS,
  MAX_READ_AHEAD_PIECES,
  MAX_REFUSED_PIECES,
  REFUSAL_MS,
  REQUEST_TIMEOUT_MS,
  SNUB_TIMEOUT_MS,
} from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { StoreOutcome, TorrentEnvironment } from '../machine/torrent-environment.ts'
import { pieceCount, pieceLengthAt, type TorrentInfo } from '../metainfo/torrent-info.ts'
import type { BlockRange } from '../wire/wire-messages.ts'
import type { ActivePiece } from './active-piece.ts'
import { ActivePieces } from './active-pieces.ts'
import { BlockArrivals } from './block-arrivals.ts'
import { Contributions } from './contributions.ts'
import { type FilePriority, piecePriorities } from './file-priorities.ts'
import { LateBlocks } from './late-blocks.ts'
import { PieceChoice } from './piece-choice.ts'
import { PiecePicker } from './piece-picker.ts'
import { pipelineDepth } from './pipeline.ts'
import { type ReadAhead, urgentPieces } from './read-ahead.ts'
import { Requests } from './requests.ts'
import { Suspicions } from './suspicions.ts'

/** Refill only when this part of the pipeline is free, so that requests go out together. */
const REFILL_PART = 8

/** What became of a stored piece: who is to be banned for it. */
export interface StoreResult {
  readonly verified: boolean
  /** Whether there is something to ask for that could not be asked for before. */
  readonly hasFreed: boolean
  readonly liars: ReadonlySet<string>
}

/**
 * The fetching half of a torrent: asks peers for blocks, puts pieces together, and finds out who sends corrupt ones.
 * Knows nothing of choking others, of metadata, of messages other than `request` and `cancel`.
 */
export class Downloads {
  readonly have: Bitfield
  readonly picker: PiecePicker
  readonly contributions = new Contributions()
  /** The wanted pieces that are not here, and their bytes. */
  wantedPiecesLeft = 0
  wantedBytesLeft = 0
  private readonly info: TorrentInfo
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly suspicions: Suspicions
  private readonly pieces: ActivePieces
  private readonly requests: Requests
  private readonly arrivals: BlockArrivals
  private readonly lateBlocks: LateBlocks
  private readonly choice: PieceChoice
  private turn = 0

  constructor(
    info: TorrentInfo,
    have: Bitfield,
    environment: TorrentEnvironment,
    peers: ReadonlyMap<PeerKey, PeerState>,
    limits: readonly BandwidthLimit[],
  ) {
    assert(have.length === pieceCount(info), 'the bitfield is of another torrent')
    this.info = info
    this.have = have
    this.environment = environment
    this.peers = peers
    this.picker = new PiecePicker(have, environment.random)
    this.suspicions = new Suspicions(environment.sha1)
    this.pieces = new ActivePieces(info)
    this.requests = new Requests(environment, peers, this.pieces, limits)
    this.arrivals = new BlockArrivals(info, this.pieces, this.requests, environment.copy)
    this.choice = new PieceChoice(this.picker, this.pieces, this.suspicions, piece =>
      this.abandon(piece, false),
    )
    this.lateBlocks = new LateBlocks(environment, peers, this.pieces, this.requests)
    this.countWanted()
  }

  get isComplete(): boolean {
    return this.wantedPiecesLeft === 0
  }

  /** Pieces that are no longer wanted are given up. */
  setPriorities(priorities: readonly FilePriority[]): void {
    const ranks = piecePriorities(this.info, priorities)
    this.picker.setRanks(ranks, piece => this.isOpen(piece))
    for (const piece of [...this.pieces.values()]) {
      if (piece.state === 'fetching' && !this.picker.isWanted(piece.index)) this.abandon(piece, true)
    }
    this.countWanted()
    for (const peer of this.peers.values()) if (peer.have) peer.wanted = this.wantedOf(peer.have)
  }

  /** Which pieces can be verified; again, when those of more files can (BEP 52). */
  setAskable(isAskable: (piece: number) => boolean): void {
    this.picker.setAskable(isAskable, piece => this.isOpen(piece))
  }

  private isOpen(piece: number): boolean {
    return !this.have.has(piece) && !this.pieces.get(piece)
  }

  private countWanted(): void {
    this.wantedPiecesLeft = 0
    this.wantedBytesLeft = 0
    for (let piece = 0; piece < this.have.length; piece++) {
      if (!this.lacks(piece)) continue
      this.wantedPiecesLeft++
      this.wantedBytesLeft += pieceLengthAt(this.info, piece)
    }
  }

  private wantedOf(has: Bitfield): number {
    let wanted = 0
    for (const piece of has.members()) if (this.lacks(piece)) wanted++
    return wanted
  }

  /** Limits hold requests back: fill again when there is bandwidth. */
  get isHeldBack(): boolean {
    return this.requests.isHeldBack
  }

  /** Whether the piece is wanted and not here. */
  lacks(piece: number): boolean {
    return !this.have.has(piece) && this.picker.isWanted(piece)
  }

  /** Where a reader jumps, what was asked for before makes way. */
  setReadAhead(readers: readonly ReadAhead[]): void {
    const known = new Set(this.choice.urgent)
    this.choice.urgent = urgentPieces(readers, this.have.length, MAX_READ_AHEAD_PIECES).filter(
      piece => !this.have.has(piece),
    )
    const urgent = new Set(this.choice.urgent)
    const hasJumped = readers.some(({ piece }) => urgent.has(piece) && !known.has(piece))
    if (!hasJumped) return
    for (const peer of this.peers.values()) {
      if (this.choice.urgent.some(piece => peer.have?.has(piece))) this.requests.yieldTo(urgent, peer)
    }
  }

  /** Fills everybody's pipeline, another one first each time: where bandwidth is limited it goes around. */
  fillAll(): void {
    this.requests.isHeldBack = false
    const peers = [...this.peers.values()]
    this.turn++
    const now = this.environment.now()
    for (let i = 0; i < peers.length; i++) this.fill(peers[(this.turn + i) % peers.length]!, now)
  }

  /** Keeps the peer's pipeline full. Call once per batch of what arrived. */
  fill(peer: PeerState, now = this.environment.now()): void {
    const has = peer.have
    if (!peer.amInterested || has === undefined || !mayAsk(peer)) return
    const depth = pipelineDepth(peer, now)
    if (peer.requests.size > depth - Math.max(1, Math.floor(depth / REFILL_PART))) return
    while (peer.requests.size < depth && this.requests.isAllowed()) {
      const piece = this.choice.pieceFor(peer, has)
      if (piece === undefined) break
      if (piece.isComplete) this.store(piece)
      else this.ask(peer, piece, depth)
    }
    const isIdle = peer.requests.size === 0 && !peer.peerChoking
    if (isIdle && now >= peer.idleUntilMs) this.fillIdle(peer, has, depth, now)
  }

  /** As many of the piece's blocks as there is room for, in order. */
  private ask(peer: PeerState, piece: ActivePiece, depth: number): void {
    if (piece.outstanding === 0) piece.lead = peer.key
    do this.requests.send(peer, piece, piece.nextUnrequested()!)
    while (piece.unrequested > 0 && peer.requests.size < depth && this.requests.isAllowed())
  }

  /** Nothing new is to be had from the peer: it is asked for what others are slow to send. */
  private fillIdle(peer: PeerState, has: Bitfield, depth: number, now: number): void {
    if (this.suspicions.concerns(peer.remotePeer)) return
    const isEndGame = this.picker.size === 0
    this.lateBlocks.ask(peer, has, Math.min(END_GAME_PIPELINE_DEPTH, depth), isEndGame)
    if (peer.requests.size === 0) peer.idleUntilMs = now + IDLE_LOOK_MS
  }

  onBlockStart(peer: PeerState, index: number, begin: number, length: number): Verdict {
    return this.arrivals.onStart(peer, index, begin, length)
  }

  onBlockBytes(peer: PeerState, bytes: Uint8Array): void {
    this.arrivals.onBytes(peer, bytes, this.environment.now())
  }

  onBlockEnd(peer: PeerState): void {
    const piece = this.arrivals.onEnd(peer)
    if (piece?.isComplete) this.store(piece)
  }

  private store(piece: ActivePiece): void {
    piece.state = 'storing'
    this.environment.storePiece(piece.index, piece.bytes)
  }

  /** The peer will not send the block (BEP 6). It is not asked for the piece again until something has changed. */
  onReject(peer: PeerState, { piece, begin }: BlockRange): void {
    const id = this.requests.blockIdOf(piece, begin)
    if (id === undefined || this.requests.answersCancel(peer, id) || !peer.requests.has(id)) return
    this.requests.takeBack(peer, id)
    peer.allowedFast.delete(piece)
    if (!peer.peerChoking) this.refuse(peer, piece)
  }

  private refuse(peer: PeerState, index: number): void {
    if (peer.refused.size === 0) peer.refusedSinceMs = this.environment.now()
    peer.refused.add(index)
    const piece = this.pieces.get(index)
    if (piece?.owner === peer.key && piece.state === 'fetching') this.abandon(piece, false)
  }

  /** The peer choked us: it will not answer what it was asked for (BEP 3), but for what it allows anyway (BEP 6). */
  onChoked(peer: PeerState): void {
    this.releaseRequests(peer, id => !peer.allowedFast.has(this.requests.pieceOf(id)))
  }

  private releaseRequests(peer: PeerState, isReleased: (id: number) => boolean): void {
    for (const id of [...peer.requests.keys()]) if (isReleased(id)) this.requests.takeBack(peer, id)
    for (const piece of [...this.pieces.values()]) {
      if (piece.owner === peer.key && piece.state === 'fetching' && piece.outstanding === 0)
        this.abandon(piece, false)
    }
  }

  onPeerGone(peer: PeerState): void {
    this.releaseRequests(peer, () => true)
    this.arrivals.onPeerGone(peer)
    if (peer.isKnownSeed) this.picker.removeSeed()
    else if (peer.have) this.picker.removePeer(peer.have)
  }

  /** Gives the blocks of those who have gone silent to others, and forgives refusals of long ago. */
  tick(): void {
    const now = this.environment.now()
    for (const peer of this.peers.values()) {
      if (now - peer.refusedSinceMs >= REFUSAL_MS) peer.forgetRefusals()
      this.checkSnub(peer, now)
    }
    if (this.choice.urgent.length > 0) this.lateBlocks.hasten(this.choice.urgent)
  }

  private checkSnub(peer: PeerState, now: number): void {
    const [oldestMs] = peer.requests.values()
    if (oldestMs === undefined) return
    if (now - peer.lastBlockBytesMs < SNUB_TIMEOUT_MS && now - oldestMs < REQUEST_TIMEOUT_MS) return
    peer.isSnubbing = true
    peer.lastBlockBytesMs = now
    // Others shall try what it was alone with.
    for (const piece of [...this.pieces.values()]) {
      if (piece.owner === peer.key && piece.state === 'fetching') this.refuse(peer, piece.index)
    }
    this.releaseRequests(peer, () => true)
  }

  /** Takes back everything that was asked for; what is being stored goes on. */
  stop(): void {
    for (const piece of [...this.pieces.values()]) if (piece.state === 'fetching') this.abandon(piece, true)
    this.pieces.releaseBuffers()
  }

  onStored(index: number, outcome: StoreOutcome): StoreResult {
    const piece = this.pieces.get(index)
    assert(piece?.state === 'storing', 'a piece was reported that is not being stored')
    if (outcome !== 'stored') return this.onNotStored(piece, outcome)
    const wasFull = !this.pieces.hasRoom(false)
    const liars = this.suspicions.onVerified(piece)
    if (this.lacks(index)) {
      this.wantedPiecesLeft--
      this.wantedBytesLeft -= piece.lengthBytes
    }
    this.have.set(index)
    this.contributions.credit(piece)
    this.pieces.close(piece)
    this.choice.urgent = this.choice.urgent.filter(urgent => urgent !== index)
    if (this.isComplete) this.pieces.releaseBuffers()
    return { verified: true, hasFreed: wasFull || liars.size > 0, liars }
  }

  private onNotStored(piece: ActivePiece, outcome: 'corrupt' | 'failed'): StoreResult {
    const liar = outcome === 'corrupt' ? this.suspicions.onCorrupt(piece) : undefined
    this.abandon(piece, false)
    return { verified: false, hasFreed: true, liars: new Set(liar === undefined ? [] : [liar]) }
  }

  /** Nothing that a liar sent is kept in the pieces being put together. */
  discardFrom(remotePeer: string): void {
    for (const piece of this.pieces.values()) if (piece.state === 'fetching') piece.discardFrom(remotePeer)
  }

  /** @param tell whether those who were asked for blocks of it get cancels. */
  private abandon(piece: ActivePiece, tell: boolean): void {
    this.requests.withdraw(piece, tell)
    piece.state = 'abandoned'
    this.pieces.close(piece)
    this.picker.putBack(piece.index)
  }
}

function mayAsk(peer: PeerState): boolean {
  if (peer.refused.size >= MAX_REFUSED_PIECES) return false
  return !peer.peerChoking || peer.allowedFast.size > 0
}
