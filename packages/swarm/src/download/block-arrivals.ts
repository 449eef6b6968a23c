import { invalid, OK, type Verdict } from '@onehop/primitives'
import { BLOCK_BYTES } from '../limits.ts'
import type { IncomingBlock, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import { pieceCount, pieceLengthAt, type TorrentInfo } from '../metainfo/torrent-info.ts'
import type { ActivePiece } from './active-piece.ts'
import type { ActivePieces } from './active-pieces.ts'
import type { Requests } from './requests.ts'

/** Puts the blocks that arrive where they belong: straight into the piece's buffer, as their bytes come. */
export class BlockArrivals {
  private readonly info: TorrentInfo
  private readonly pieces: ActivePieces
  private readonly requests: Requests
  private readonly copy: NonNullable<TorrentEnvironment['copy']>

  constructor(
    info: TorrentInfo,
    pieces: ActivePieces,
    requests: Requests,
    copy: TorrentEnvironment['copy'] = (source, target, at) => target.set(source, at),
  ) {
    this.info = info
    this.copy = copy
    this.pieces = pieces
    this.requests = requests
  }

  onStart(peer: PeerState, index: number, begin: number, length: number): Verdict {
    const block = Math.floor(begin / BLOCK_BYTES)
    if (!this.isOneOfOurBlocks(index, begin, length))
      return invalid('bad-block', `piece ${index}, ${begin}+${length}`)
    if (!peer.requests.has(this.requests.idOf(index, block))) {
      peer.excusedBytes -= length
      if (peer.excusedBytes < 0) return invalid('unrequested-block', `piece ${index}, ${begin}+${length}`)
    }
    const piece = this.pieces.get(index)
    const isUseful = piece?.isOpenTo(peer.key) === true && !piece.has(block)
    const direct = isUseful && piece.claim(block, peer.key)
    const target = isUseful ? (direct ? piece.blockBytes(block) : new Uint8Array(length)) : undefined
    peer.incoming = { piece: index, block, active: piece, received: 0, target, direct }
    return OK
  }

  private isOneOfOurBlocks(index: number, begin: number, length: number): boolean {
    if (index >= pieceCount(this.info) || begin % BLOCK_BYTES !== 0) return false
    const pieceLength = pieceLengthAt(this.info, index)
    return begin < pieceLength && length === Math.min(BLOCK_BYTES, pieceLength - begin)
  }

  onBytes(peer: PeerState, bytes: Uint8Array, nowMs: number): void {
    const incoming = peer.incoming!
    if (!isStillWanted(peer, incoming)) incoming.target = undefined
    if (incoming.target) this.copy(bytes, incoming.target, incoming.received)
    incoming.received += bytes.length
    peer.download.add(bytes.length, nowMs)
    peer.lastBlockBytesMs = nowMs
    peer.isSnubbing = false
  }

  /** @returns the piece that has got a new block. */
  onEnd(peer: PeerState): ActivePiece | undefined {
    const incoming = peer.incoming!
    peer.incoming = undefined
    peer.blocksSinceAsked++
    this.requests.settle(peer, this.requests.idOf(incoming.piece, incoming.block))
    const piece = incoming.active
    piece?.unclaim(incoming.block, peer.key)
    if (!piece || !incoming.target || !isStillWanted(peer, incoming)) return undefined
    if (!incoming.direct) piece.blockBytes(incoming.block).set(incoming.target)
    piece.complete(incoming.block, peer.remotePeer)
    if (piece.requestersOf(incoming.block) > 0) this.requests.cancelEverywhere(piece, incoming.block)
    return piece
  }

  onPeerGone(peer: PeerState): void {
    const incoming = peer.incoming
    incoming?.active?.unclaim(incoming.block, peer.key)
  }
}

/** Whether the block that is arriving has a place yet: another peer may have been faster, or the piece given up. */
function isStillWanted(peer: PeerState, { active, block }: IncomingBlock): boolean {
  return active?.isOpenTo(peer.key) === true && !active.has(block)
}
