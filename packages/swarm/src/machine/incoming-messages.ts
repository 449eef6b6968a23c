import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Uploads } from '../choke/uploads.ts'
import type { Downloads } from '../download/downloads.ts'
import { EXTENDED_HANDSHAKE_ID } from '../extensions/extension-handshake.ts'
import type { ExtensionProtocol } from '../extensions/extension-protocol.ts'
import type { VerifiablePieces } from '../hashes/verifiable-pieces.ts'
import { MAX_MESSAGES, MESSAGES_SPAN_MS, MIN_REFUSAL_MS } from '../limits.ts'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import type { WholeMessage } from '../wire/wire-messages.ts'
import { onAllowedFast, onBitfield, onHave, onHaveAll } from './peer-pieces.ts'
import type { PeerState } from './peer-state.ts'

/** What messages act upon. */
export interface MessageContext {
  readonly uploads: Uploads
  readonly extensions: ExtensionProtocol
  readonly verifiable: VerifiablePieces
  /** Undefined as long as there is no storage. */
  readonly downloads: Downloads | undefined
  readonly info: TorrentInfo | undefined
  now(): number
  /** The peer has said which extensions it speaks, and perhaps that it wants nothing. */
  onExtensions(peer: PeerState): void
  /** The peer has said what it has. */
  onNews(peer: PeerState): void
  /** The info dictionary is here, and has the right hash. */
  onMetadata(metadata: Uint8Array): void
}

/** Does what peers' messages say, all but blocks. What follows for others is left to the end of the batch. */
export class IncomingMessages {
  /** Somebody has become interested in what we have, or is no more: who may fetch is to be decided again. */
  interestHasChanged = false
  /** A peer has said what it has: it may be asked for hashes. */
  hasNews = false
  /** Blocks that a peer was asked for can be asked of others. */
  hasFreedBlocks = false
  private readonly context: MessageContext

  constructor(context: MessageContext) {
    this.context = context
  }

  /** @returns what the peer is to blame for. */
  handle(peer: PeerState, message: WholeMessage): Verdict {
    if (isFlooding(peer)) return invalid('too-many-messages')
    const { downloads, info, uploads } = this.context
    switch (message.type) {
      case 'choke':
        return this.onChoke(peer)
      case 'unchoke':
        return this.onUnchoke(peer)
      case 'interested':
      case 'notInterested':
        return this.onInterest(peer, message.type === 'interested')
      case 'have':
        return this.onNews(peer, onHave(peer, message.piece, downloads))
      case 'bitfield':
        return this.onNews(peer, onBitfield(peer, message.bits, downloads, this.context.now()))
      case 'request':
        return uploads.onRequest(peer, message, info, downloads?.have)
      case 'cancel':
        return uploads.onCancel(peer, message)
      case 'extended':
        return this.onExtended(peer, message.id, message.payload)
      case 'keepAlive':
        return OK
      case 'hashRequest':
      case 'hashes':
      case 'hashReject':
        return this.context.verifiable.onMessage(peer, message)
      default:
        return peer.fast ? this.onFast(peer, message) : invalid('fast-not-agreed', message.type)
    }
  }

  /** The messages of BEP 6. What a peer suggests is advice; the rarest come first all the same. */
  private onFast(peer: PeerState, message: WholeMessage): Verdict {
    const { downloads } = this.context
    switch (message.type) {
      case 'haveAll':
        onHaveAll(peer, downloads)
        return this.onNews(peer, OK)
      case 'haveNone':
        return this.onNews(peer, OK)
      case 'reject':
        downloads?.onReject(peer, message)
        this.hasFreedBlocks = true
        return OK
      case 'allowedFast':
        return onAllowedFast(peer, message.piece, downloads)
      default:
        return OK
    }
  }

  private onChoke(peer: PeerState): Verdict {
    if (peer.peerChoking) return OK
    peer.peerChoking = true
    this.context.downloads?.onChoked(peer)
    this.hasFreedBlocks = true
    return OK
  }

  /** What it refused before it choked us it may give now; but it cannot have us ask for it without end. */
  private onUnchoke(peer: PeerState): Verdict {
    peer.peerChoking = false
    if (this.context.now() - peer.refusedSinceMs >= MIN_REFUSAL_MS) peer.forgetRefusals()
    return OK
  }

  private onInterest(peer: PeerState, isInterested: boolean): Verdict {
    if (peer.peerInterested === isInterested) return OK
    peer.peerInterested = isInterested
    this.interestHasChanged = true
    return OK
  }

  private onNews(peer: PeerState, verdict: Verdict): Verdict {
    this.hasNews = true
    if (verdict.ok) this.context.onNews(peer)
    return verdict
  }

  private onExtended(peer: PeerState, id: number, payload: Uint8Array): Verdict {
    const outcome = this.context.extensions.onExtended(peer, id, payload)
    if (outcome.ok && outcome.metadata) this.context.onMetadata(outcome.metadata)
    if (outcome.ok && id === EXTENDED_HANDSHAKE_ID) this.context.onExtensions(peer)
    return outcome
  }
}

function isFlooding(peer: PeerState): boolean {
  const { lastReceivedMs } = peer
  if (lastReceivedMs - peer.messagesSinceMs >= MESSAGES_SPAN_MS) {
    peer.messagesSinceMs = lastReceivedMs
    peer.messages = 0
  }
  return ++peer.messages > MAX_MESSAGES
}
