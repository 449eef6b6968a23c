import { equalBytes, type Verdict } from '@onehop/primitives'
import type {
  BlockRange,
  Handshake,
  InfoHash,
  PeerKey,
  TorrentMachine,
  WireConnection,
  WireMessage,
} from '@onehop/swarm'
import { MAX_CONNECTIONS_PER_TORRENT } from './limits.ts'
import { type LinkHandler, PeerLink } from './peer-link.ts'
import type { TorrentHost } from './torrent.ts'

/** What a torrent's links need of it. */
export interface LinksOwner {
  /** The machine that new links talk to. */
  readonly machine: TorrentMachine
  /** Whether links are wanted at all. */
  readonly isOpen: boolean
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array>
  onReadFailed(error: unknown): void
  onUpload(bytes: number): void
}

/** The connections of one torrent. */
export class TorrentLinks {
  private readonly infohash: InfoHash
  private readonly host: TorrentHost
  private readonly owner: LinksOwner
  private readonly links = new Map<PeerKey, PeerLink>()
  private nextKey = 1

  constructor(infohash: InfoHash, host: TorrentHost, owner: LinksOwner) {
    this.infohash = infohash
    this.host = host
    this.owner = owner
  }

  get count(): number {
    return this.links.size
  }

  isConnectedTo(remotePeer: string): boolean {
    for (const link of this.links.values()) if (link.remotePeer === remotePeer) return true
    return false
  }

  /** Takes a connection that was opened by us: shakes hands, and uses it. @param onGone when it is closed. */
  connect(connection: WireConnection, onGone: () => void): void {
    if (!this.host.admitConnection()) {
      connection.close()
      onGone()
      return
    }
    const link: PeerLink = new PeerLink(
      connection,
      true,
      handshake => this.onReply(link, handshake),
      rejection => this.host.onMisbehaviour(link.remotePeer, rejection),
      () => {
        this.host.releaseConnection()
        onGone()
      },
    )
    this.sendHandshake(link)
  }

  private onReply(link: PeerLink, handshake: Handshake): void {
    if (equalBytes(handshake.infohash, this.infohash)) this.attach(link, handshake)
    else link.close()
  }

  private sendHandshake(link: PeerLink): void {
    link.sendHandshake({ infohash: this.infohash, peerId: this.host.peerId, extensions: true })
  }

  /** Uses a connection whose handshake was for this torrent, or closes it. */
  attach(link: PeerLink, handshake: Handshake): void {
    if (!this.admits(link, handshake)) {
      link.close()
      return
    }
    const key = this.nextKey++ as PeerKey
    if (!link.isOutbound) this.sendHandshake(link)
    this.links.set(key, link)
    link.attach(this.handlerOf(key))
    this.owner.machine.addPeer({ key, remotePeer: link.remotePeer, extensions: handshake.extensions })
  }

  private admits(link: PeerLink, handshake: Handshake): boolean {
    if (!this.owner.isOpen || this.owner.machine.isBanned(link.remotePeer)) return false
    if (equalBytes(handshake.peerId, this.host.peerId)) return false
    for (const other of [...this.links.values()]) {
      if (other.remotePeer !== link.remotePeer) continue
      if (this.survivorOf(other, link, handshake) === other) return false
      other.close()
    }
    return this.links.size < MAX_CONNECTIONS_PER_TORRENT
  }

  /**
   * Two peers may dial each other at the same moment; both then keep the connection that the lower peer id opened.
   * Of two that were opened by the same side, the newer one: whoever opened it knows that the older is dead.
   */
  private survivorOf(older: PeerLink, newer: PeerLink, handshake: Handshake): PeerLink {
    if (older.isOutbound === newer.isOutbound) return newer
    const ourIdIsLower = Buffer.compare(this.host.peerId, handshake.peerId) < 0
    return newer.isOutbound === ourIdIsLower ? newer : older
  }

  private handlerOf(key: PeerKey): LinkHandler {
    const { owner } = this
    const { machine } = owner
    return {
      onMessage: message => machine.onMessage(key, message),
      onBlockStart: (piece, begin, length) => machine.onBlockStart(key, piece, begin, length),
      onBlockBytes: bytes => machine.onBlockBytes(key, bytes),
      onBlockEnd: () => machine.onBlockEnd(key),
      afterBatch: () => machine.afterBatch(key),
      onMalformed: rejection => machine.onMalformed(key, rejection),
      takeUpload: () => {
        const range = machine.takeUpload(key)
        if (range) owner.onUpload(range.length)
        return range
      },
      readBlock: range => owner.readBlock(range),
      onReadFailed: error => owner.onReadFailed(error),
      onClosed: () => {
        this.links.delete(key)
        machine.removePeer(key)
      },
    }
  }

  send(key: PeerKey, message: WireMessage): void {
    this.links.get(key)?.sendMessage(message)
  }

  uploadsReady(key: PeerKey): void {
    this.links.get(key)?.uploadsReady()
  }

  /** The machine has dropped the peer. */
  drop(key: PeerKey, reason: Verdict): void {
    const link = this.links.get(key)
    if (!link) return
    if (!reason.ok && reason.blame === 'sender') this.host.onMisbehaviour(link.remotePeer, reason)
    link.close()
  }

  /** Closes all, or only those that we opened. */
  close(which: 'all' | 'outbound'): void {
    for (const link of [...this.links.values()]) if (which === 'all' || link.isOutbound) link.close()
  }
}
