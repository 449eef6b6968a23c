import { BoundedMap, bytesToHex, equalBytes, type Verdict } from '@onehop/primitives'
import {
  type BlockRange,
  formatPeerAddress,
  type Handshake,
  type InfoHash,
  infohashOfV2,
  type Parting,
  type PeerAddress,
  type PeerKey,
  type TorrentMachine,
  type WireConnection,
  type WireMessage,
} from '@onehop/swarm'
import { IDLE_BEFORE_EVICTION_MS, MAX_CANDIDATES, MAX_CONNECTIONS_PER_TORRENT } from '../limits.ts'
import { type LinkHandler, PeerLink } from '../peer-link.ts'
import type { TorrentHost } from '../torrent/torrent-host.ts'
import { peerIdentity } from './peer-identity.ts'
import { type Established, survives } from './same-peer.ts'

/** What a torrent's links need of it. */
export interface LinksOwner {
  /** What the torrent goes by: a hybrid has two. */
  readonly infohashes: readonly InfoHash[]
  /** 32 bytes, of v2 and hybrids. */
  readonly infohashV2: Uint8Array | undefined
  /** The machine that new links talk to. */
  readonly machine: TorrentMachine
  /** Whether links are wanted at all. */
  readonly isOpen: boolean
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array>
  onReadFailed(error: unknown): void
  onUpload(bytes: number): void
}

/** How a connection that we opened has ended. */
export interface LinkEnd {
  /** Its BitTorrent peer id in hex, and what it would be banned by; absent when it did not shake hands. */
  readonly peerId?: string
  readonly identity?: string
  /** Whether a block went one way or the other. */
  readonly wasUseful: boolean
  /** Whether it was given up because both sides have everything. */
  readonly isSeed: boolean
  /** Whether the connection led to this very session. */
  readonly isOurselves: boolean
}

/** A link that has shaken hands. */
interface Attached extends Established {
  readonly link: PeerLink
  readonly identity: string
  /** `host:port`, once it has said so. */
  listensAt?: string
}

/** What becomes known of a connection before it ends. */
interface Account {
  peerId?: string
  identity?: string
  wasUseful: boolean
  isSeed: boolean
  isOurselves: boolean
}

/** The connections of one torrent. */
export class TorrentLinks {
  private readonly host: TorrentHost
  private readonly owner: LinksOwner
  private readonly links = new Map<PeerKey, Attached>()
  private readonly accounts = new Map<PeerLink, Account>()
  /** By identity: how those are shown who are, or were, connected. */
  private readonly shownNames = new BoundedMap<string, string>(MAX_CANDIDATES)
  private nextKey = 1

  constructor(host: TorrentHost, owner: LinksOwner) {
    this.host = host
    this.owner = owner
  }

  get count(): number {
    return this.links.size
  }

  /** Whether one more connection may be opened; those that shake hands count. */
  get hasRoom(): boolean {
    return Math.max(this.accounts.size, this.links.size) < MAX_CONNECTIONS_PER_TORRENT
  }

  /** A peer as people know it: its libp2p peer id, or its address. */
  shown(identity: string): string {
    return this.shownNames.get(identity) ?? identity
  }

  /** The connection behind a key of the machine's. */
  connectionOf(key: PeerKey): WireConnection | undefined {
    return this.links.get(key)?.link.connection
  }

  /** @param peerId its BitTorrent peer id in hex, if that is known. */
  isConnectedTo(remotePeer: string, peerId?: string): boolean {
    for (const { link, peerIdHex, listensAt } of this.links.values()) {
      if (link.remotePeer === remotePeer || listensAt === remotePeer || peerIdHex === peerId) return true
    }
    return false
  }

  /**
   * Takes a connection that was opened by us: shakes hands, and uses it.
   * @param infohash the one of the torrent's that the handshake names.
   * @param onGone when it is closed.
   */
  connect(connection: WireConnection, infohash: InfoHash, onGone: (end: LinkEnd) => void): void {
    const account: Account = { wasUseful: false, isSeed: false, isOurselves: false }
    if (!this.owner.isOpen || !this.host.connections.admitConnection()) {
      connection.close()
      onGone(account)
      return
    }
    const link: PeerLink = new PeerLink(
      connection,
      true,
      handshake => this.onReply(link, handshake),
      rejection => this.host.onMisbehaviour(link.remotePeer, rejection),
      () => {
        this.accounts.delete(link)
        this.host.connections.releaseConnection()
        onGone(account)
      },
    )
    this.accounts.set(link, account)
    this.sendHandshake(link, infohash)
  }

  /** Who was asked for a hybrid by its SHA-1 may answer by its other infohash (BEP 52). */
  private onReply(link: PeerLink, handshake: Handshake): void {
    if (this.owner.infohashes.some(own => equalBytes(handshake.infohash, own))) this.attach(link, handshake)
    else link.close()
  }

  /** @param infohash whoever asks for one of two is answered by the same. */
  private sendHandshake(link: PeerLink, infohash: InfoHash): void {
    const v2 = this.owner.infohashV2 !== undefined
    link.sendHandshake({ infohash, peerId: this.host.peerId, extensions: true, fast: true, v2 })
  }

  /** Uses a connection whose handshake was for this torrent, or closes it. */
  attach(link: PeerLink, handshake: Handshake): void {
    const account = this.accountOf(link, handshake)
    const attached: Attached = {
      link,
      identity: account.identity!,
      connection: link.connection,
      isOutbound: link.isOutbound,
      peerIdHex: account.peerId!,
      sinceMs: this.host.nowMs(),
    }
    // Who is refused is told who we are: it may find that it is connected to us already, or is ourselves.
    if (!link.isOutbound && this.isWelcome(attached)) this.sendHandshake(link, handshake.infohash)
    if (account.isOurselves || !this.admits(attached)) {
      link.close()
      return
    }
    const key = this.nextKey++ as PeerKey
    this.links.set(key, attached)
    this.shownNames.set(attached.identity, link.remotePeer)
    link.attach(this.handlerOf(key, account))
    const { address } = link.connection
    this.owner.machine.addPeer({
      key,
      remotePeer: attached.identity,
      extensions: handshake.extensions,
      fast: handshake.fast === true,
      v2: handshake.v2 === true || this.isV2(handshake.infohash),
      peerId: handshake.peerId,
      isOutbound: link.isOutbound,
      ...(address ? { address } : {}),
    })
  }

  private isV2(infohash: InfoHash): boolean {
    const { infohashV2 } = this.owner
    return infohashV2 !== undefined && equalBytes(infohash, infohashOfV2(infohashV2))
  }

  private accountOf(link: PeerLink, { peerId }: Handshake): Account {
    const account = this.accounts.get(link) ?? { wasUseful: false, isSeed: false, isOurselves: false }
    account.peerId = bytesToHex(peerId)
    account.identity = peerIdentity(link.connection, peerId)
    account.isOurselves = equalBytes(peerId, this.host.peerId)
    return account
  }

  private isWelcome({ identity }: Attached): boolean {
    return this.owner.isOpen && !this.owner.machine.isBanned(identity)
  }

  private admits(newer: Attached): boolean {
    if (!this.isWelcome(newer)) return false
    const ourId = bytesToHex(this.host.peerId)
    for (const older of [...this.links.values()]) {
      const verdict = survives(older, newer, ourId)
      if (verdict === 'older') return false
      if (verdict === 'newer') older.link.close()
    }
    if (this.links.size >= MAX_CONNECTIONS_PER_TORRENT) this.makeRoom()
    return this.links.size < MAX_CONNECTIONS_PER_TORRENT
  }

  /** Who has been here for a while, wants nothing and has nothing that we want makes room for someone new. */
  private makeRoom(): void {
    const untilMs = this.host.nowMs() - IDLE_BEFORE_EVICTION_MS
    for (const { key, amInterested, peerInterested } of this.owner.machine.peerSnapshots()) {
      const attached = this.links.get(key)
      if (amInterested || peerInterested || !attached || attached.sinceMs > untilMs) continue
      attached.link.close()
      return
    }
  }

  private handlerOf(key: PeerKey, account: Account): LinkHandler {
    const { owner } = this
    const { machine } = owner
    return {
      onMessage: message => machine.onMessage(key, message),
      onBlockStart: (piece, begin, length) => machine.onBlockStart(key, piece, begin, length),
      onBlockBytes: bytes => machine.onBlockBytes(key, bytes),
      onBlockEnd: () => {
        account.wasUseful = true
        machine.onBlockEnd(key)
      },
      afterBatch: () => machine.afterBatch(key),
      onMalformed: rejection => machine.onMalformed(key, rejection),
      takeUpload: () => {
        const range = machine.takeUpload(key)
        if (range) owner.onUpload(range.length)
        if (range) account.wasUseful = true
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
    this.links.get(key)?.link.sendMessage(message)
  }

  uploadsReady(key: PeerKey): void {
    this.links.get(key)?.link.uploadsReady()
  }

  /** The machine has dropped the peer. */
  drop(key: PeerKey, reason: Verdict, parting: Parting): void {
    const link = this.links.get(key)?.link
    if (!link) return
    const account = this.accounts.get(link)
    if (account) account.isSeed = parting === 'both-complete'
    if (!reason.ok && reason.blame === 'sender') this.host.onMisbehaviour(link.remotePeer, reason)
    link.close()
  }

  /** A peer that came to us says where it takes connections: it is not dialled there as long as it is connected. */
  onListening(key: PeerKey, address: PeerAddress): void {
    const attached = this.links.get(key)
    if (attached) attached.listensAt = formatPeerAddress(address)
  }

  /** Closes all, those that still shake hands too. */
  closeAll(): void {
    for (const link of this.accounts.keys()) link.close()
    for (const { link } of [...this.links.values()]) link.close()
  }
}
