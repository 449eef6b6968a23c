import { assert, invalid, OK, randomBelow, type Verdict } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import {
  BLOCK_BYTES,
  END_GAME_PIPELINE_DEPTH,
  MAX_BUFFERED_BYTES,
  MAX_END_GAME_COPIES,
  MAX_PIPELINE_DEPTH,
  MIN_PIPELINE_DEPTH,
  PIPELINE_HORIZON_MS,
  REQUEST_TIMEOUT_MS,
  SNUB_TIMEOUT_MS,
  SNUBBED_PIPELINE_DEPTH,
} from '../limits.ts'
import type { IncomingBlock, PeerState } from '../machine/peer-state.ts'
import type { StoreOutcome, TorrentEnvironment } from '../machine/torrent-environment.ts'
import { pieceCount, pieceLengthAt, type TorrentInfo } from '../metainfo/torrent-info.ts'
import { ActivePiece } from './active-piece.ts'
import { PiecePicker } from './piece-picker.ts'
import { Suspicions } from './suspicions.ts'

/** Refill only when this part of the pipeline is free, so that requests go out together. */
const REFILL_PART = 8

/** What became of a stored piece: who is to be banned for it. */
export interface StoreResult {
  readonly verified: boolean
  readonly liars: ReadonlySet<string>
}

/**
 * The fetching half of a torrent: asks peers for blocks, puts pieces together, and finds out who sends corrupt ones.
 * Knows nothing of choking others, of metadata, of messages other than `request` and `cancel`.
 */
export class Downloads {
  readonly have: Bitfield
  readonly picker: PiecePicker
  /** Bytes of blocks in verified pieces, by who sent them. */
  readonly contributions = new Map<string, number>()
  private readonly info: TorrentInfo
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<number, PeerState>
  private readonly suspicions: Suspicions
  private readonly active = new Map<number, ActivePiece>()
  private readonly spareBuffers: Uint8Array[] = []
  private readonly blocksPerPiece: number
  private readonly maxActive: number

  constructor(
    info: TorrentInfo,
    have: Bitfield,
    environment: TorrentEnvironment,
    peers: ReadonlyMap<number, PeerState>,
  ) {
    assert(have.length === pieceCount(info), 'the bitfield is of another torrent')
    this.info = info
    this.have = have
    this.environment = environment
    this.peers = peers
    this.picker = new PiecePicker(have, environment.random)
    this.suspicions = new Suspicions(environment.sha1)
    this.blocksPerPiece = Math.ceil(info.pieceLengthBytes / BLOCK_BYTES)
    this.maxActive = Math.max(2, Math.floor(MAX_BUFFERED_BYTES / info.pieceLengthBytes))
  }

  /** Keeps the peer's pipeline full. Call once per batch of what arrived. */
  fill(peer: PeerState): void {
    const have = peer.have
    if (peer.peerChoking || !peer.amInterested || have === undefined) return
    const depth = this.depthOf(peer)
    if (peer.requests.size > depth - Math.max(1, Math.floor(depth / REFILL_PART))) return
    while (peer.requests.size < depth) {
      const piece = this.pieceFor(peer, have)
      if (piece === undefined) break
      this.request(peer, piece, piece.nextUnrequested()!)
    }
    if (peer.requests.size === 0) this.fillEndGame(peer, have)
  }

  /** Requests that cover the peer's latency and a bit of its rate. */
  depthOf(peer: PeerState): number {
    if (peer.isSnubbing) return SNUBBED_PIPELINE_DEPTH
    const spanMs = (peer.latencyMs ?? 0) + PIPELINE_HORIZON_MS
    const blocks = Math.ceil(
      (peer.download.bytesPerSecond(this.environment.now()) * spanMs) / 1000 / BLOCK_BYTES,
    )
    const most = Math.min(MAX_PIPELINE_DEPTH, peer.queueLimit)
    return Math.min(most, Math.max(MIN_PIPELINE_DEPTH, blocks))
  }

  private request(peer: PeerState, piece: ActivePiece, block: number): void {
    const now = this.environment.now()
    if (peer.requests.size === 0) peer.lastBlockBytesMs = now
    peer.requests.set(piece.index * this.blocksPerPiece + block, now)
    piece.addRequester(block)
    this.environment.send(peer.key, { type: 'request', ...this.rangeOf(piece, block) })
  }

  private rangeOf(piece: ActivePiece, block: number) {
    return { piece: piece.index, begin: block * BLOCK_BYTES, length: piece.blockLength(block) }
  }

  /** A piece with a block to ask this peer for: one that is begun before a new one (strict priority, BEP 3). */
  private pieceFor(peer: PeerState, have: Bitfield): ActivePiece | undefined {
    // A suspect works alone as long as it can, so that what it sends is judged alone.
    if (this.suspicions.concerns(peer.remotePeer)) {
      return (
        this.begunPiece(have, piece => piece.owner === peer.key) ??
        this.begin(peer, have, true) ??
        this.begunPiece(have, piece => piece.owner === undefined)
      )
    }
    return this.begunPiece(have, piece => piece.isOpenTo(peer.key)) ?? this.begin(peer, have, false)
  }

  private begunPiece(have: Bitfield, accept: (piece: ActivePiece) => boolean): ActivePiece | undefined {
    for (const piece of this.active.values()) {
      if (piece.unrequested === 0 || piece.state !== 'fetching') continue
      if (have.has(piece.index) && accept(piece)) return piece
    }
    return undefined
  }

  private begin(peer: PeerState, have: Bitfield, isSuspect: boolean): ActivePiece | undefined {
    if (this.active.size >= this.maxActive && !this.makeRoom(have)) return undefined
    const index = this.picker.take(have)
    if (index === undefined) return undefined
    const piece = new ActivePiece(index, pieceLengthAt(this.info, index), this.takeBuffer())
    if (isSuspect || this.suspicions.has(index)) piece.owner = peer.key
    this.active.set(index, piece)
    return piece
  }

  /** Gives up a begun piece that nobody is sending and this peer cannot: whoever has it is gone, or chokes us. */
  private makeRoom(have: Bitfield): boolean {
    for (const piece of this.active.values()) {
      if (piece.state !== 'fetching' || piece.outstanding > 0 || have.has(piece.index)) continue
      this.abandon(piece)
      return true
    }
    return false
  }

  /** Everything left has been asked for: ask an idle peer for what others are slow to send. */
  private fillEndGame(peer: PeerState, have: Bitfield): void {
    if (this.picker.size > 0 || this.suspicions.concerns(peer.remotePeer)) return
    for (const piece of this.active.values()) {
      if (!have.has(piece.index) || piece.owner !== undefined || piece.state !== 'fetching') continue
      const first = randomBelow(this.environment.random, piece.blockCount)
      for (let i = 0; i < piece.blockCount; i++) {
        const block = (first + i) % piece.blockCount
        if (piece.has(block) || piece.requestersOf(block) >= MAX_END_GAME_COPIES) continue
        this.request(peer, piece, block)
        if (peer.requests.size >= Math.min(END_GAME_PIPELINE_DEPTH, this.depthOf(peer))) return
      }
    }
  }

  onBlockStart(peer: PeerState, index: number, begin: number, length: number): Verdict {
    const block = Math.floor(begin / BLOCK_BYTES)
    if (!this.isOneOfOurBlocks(index, begin, length))
      return invalid('bad-block', `piece ${index}, ${begin}+${length}`)
    if (!peer.requests.has(index * this.blocksPerPiece + block)) {
      peer.excusedBytes -= length
      if (peer.excusedBytes < 0) return invalid('unrequested-block', `piece ${index}, ${begin}+${length}`)
    }
    const piece = this.active.get(index)
    const isUseful = piece?.isOpenTo(peer.key) === true && !piece.has(block)
    const direct = isUseful && piece.claim(block, peer.key)
    const target = isUseful ? (direct ? piece.blockBytes(block) : new Uint8Array(length)) : undefined
    peer.incoming = { piece: index, block, active: piece, received: 0, target, direct }
    return OK
  }

  private isOneOfOurBlocks(index: number, begin: number, length: number): boolean {
    if (index >= this.have.length || begin % BLOCK_BYTES !== 0) return false
    const pieceLength = pieceLengthAt(this.info, index)
    return begin < pieceLength && length === Math.min(BLOCK_BYTES, pieceLength - begin)
  }

  onBlockBytes(peer: PeerState, bytes: Uint8Array): void {
    const now = this.environment.now()
    const incoming = peer.incoming!
    if (!isStillWanted(peer, incoming)) incoming.target = undefined
    incoming.target?.set(bytes, incoming.received)
    incoming.received += bytes.length
    peer.download.add(bytes.length, now)
    peer.lastBlockBytesMs = now
    peer.isSnubbing = false
  }

  onBlockEnd(peer: PeerState): void {
    const incoming = peer.incoming!
    peer.incoming = undefined
    this.settleRequest(peer, incoming.piece * this.blocksPerPiece + incoming.block)
    const piece = incoming.active
    piece?.unclaim(incoming.block, peer.key)
    if (!piece || !incoming.target || !isStillWanted(peer, incoming)) return
    if (!incoming.direct) piece.blockBytes(incoming.block).set(incoming.target)
    piece.complete(incoming.block, peer.remotePeer)
    if (piece.requestersOf(incoming.block) > 0) this.cancelElsewhere(piece, incoming.block)
    if (piece.isComplete) this.store(piece)
  }

  private settleRequest(peer: PeerState, id: number): void {
    const sentAtMs = peer.requests.get(id)
    if (sentAtMs === undefined) return
    peer.observeLatency(this.environment.now() - sentAtMs)
    this.forgetRequest(peer, id)
  }

  private forgetRequest(peer: PeerState, id: number): void {
    if (!peer.requests.delete(id)) return
    this.active.get(Math.floor(id / this.blocksPerPiece))?.removeRequester(id % this.blocksPerPiece)
  }

  private cancelElsewhere(piece: ActivePiece, block: number): void {
    const id = piece.index * this.blocksPerPiece + block
    for (const other of this.peers.values()) {
      if (!other.requests.has(id)) continue
      this.takeBack(other, id)
      this.environment.send(other.key, { type: 'cancel', ...this.rangeOf(piece, block) })
    }
  }

  /** The peer may still send the block, and is not to blame for it. */
  private takeBack(peer: PeerState, id: number): void {
    peer.excusedBytes += BLOCK_BYTES
    this.forgetRequest(peer, id)
  }

  private store(piece: ActivePiece): void {
    piece.state = 'storing'
    this.environment.storePiece(piece.index, piece.bytes)
  }

  /** The peer choked us: it will not answer what it was asked for (BEP 3). */
  releaseRequests(peer: PeerState): void {
    for (const id of [...peer.requests.keys()]) this.takeBack(peer, id)
    for (const piece of [...this.active.values()]) {
      if (piece.owner === peer.key && piece.state === 'fetching') this.abandon(piece)
    }
  }

  onPeerGone(peer: PeerState): void {
    this.releaseRequests(peer)
    const incoming = peer.incoming
    incoming?.active?.unclaim(incoming.block, peer.key)
    if (peer.have) this.picker.removePeer(peer.have)
  }

  /** Gives the blocks of those who have gone silent to others. */
  checkSnubs(): void {
    const now = this.environment.now()
    for (const peer of this.peers.values()) {
      const [oldestMs] = peer.requests.values()
      if (oldestMs === undefined) continue
      if (now - peer.lastBlockBytesMs < SNUB_TIMEOUT_MS && now - oldestMs < REQUEST_TIMEOUT_MS) continue
      peer.isSnubbing = true
      peer.lastBlockBytesMs = now
      this.releaseRequests(peer)
    }
  }

  /** Takes back everything that was asked for; what is being stored goes on. */
  stop(): void {
    for (const peer of this.peers.values()) {
      for (const id of [...peer.requests.keys()]) {
        const piece = this.active.get(Math.floor(id / this.blocksPerPiece))!
        this.environment.send(peer.key, { type: 'cancel', ...this.rangeOf(piece, id % this.blocksPerPiece) })
        this.takeBack(peer, id)
      }
    }
    for (const piece of [...this.active.values()]) if (piece.state === 'fetching') this.abandon(piece)
  }

  onStored(index: number, outcome: StoreOutcome): StoreResult {
    const piece = this.active.get(index)
    assert(piece?.state === 'storing', 'a piece was reported that is not being stored')
    if (outcome !== 'stored') return this.onNotStored(piece, outcome)
    const liars = this.suspicions.onVerified(piece)
    this.have.set(index)
    this.creditContributors(piece)
    this.remove(piece)
    if (this.have.isFull) this.spareBuffers.length = 0
    return { verified: true, liars }
  }

  private onNotStored(piece: ActivePiece, outcome: 'corrupt' | 'failed'): StoreResult {
    const liar = outcome === 'corrupt' ? this.suspicions.onCorrupt(piece) : undefined
    this.abandon(piece)
    return { verified: false, liars: new Set(liar === undefined ? [] : [liar]) }
  }

  private creditContributors(piece: ActivePiece): void {
    for (const [block, contributor] of piece.contributors.entries()) {
      const bytes = (this.contributions.get(contributor!) ?? 0) + piece.blockLength(block)
      this.contributions.set(contributor!, bytes)
    }
  }

  /** Nothing that a liar sent is kept in the pieces being put together. */
  discardFrom(remotePeer: string): void {
    for (const piece of this.active.values()) if (piece.state === 'fetching') piece.discardFrom(remotePeer)
  }

  private abandon(piece: ActivePiece): void {
    this.remove(piece)
    piece.state = 'abandoned'
    this.picker.putBack(piece.index)
    for (const peer of this.peers.values()) {
      for (let block = 0; block < piece.blockCount; block++) {
        const id = piece.index * this.blocksPerPiece + block
        if (peer.requests.has(id)) this.takeBack(peer, id)
      }
    }
  }

  private remove(piece: ActivePiece): void {
    this.active.delete(piece.index)
    this.spareBuffers.push(piece.buffer)
  }

  private takeBuffer(): Uint8Array {
    return this.spareBuffers.pop() ?? new Uint8Array(this.info.pieceLengthBytes)
  }
}

/** Whether the block that is arriving has a place yet: another peer may have been faster, or the piece given up. */
function isStillWanted(peer: PeerState, { active, block }: IncomingBlock): boolean {
  return active?.isOpenTo(peer.key) === true && !active.has(block)
}
