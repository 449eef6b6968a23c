import { OK, type Verdict } from '@onehop/primitives'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import type { InfoHash } from '../metainfo/infohash.ts'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import {
  EXTENDED_HANDSHAKE_ID,
  encodeExtensionHandshake,
  OUR_UT_METADATA_ID,
  OUR_UT_PEX_ID,
  parseExtensionHandshake,
} from './extension-handshake.ts'
import { MetadataExchange } from './metadata-exchange.ts'
import type { MetadataOutcome } from './metadata-fetch.ts'
import { PeerExchange } from './peer-exchange.ts'

/** What the extensions need to know of their torrent. */
export interface ExtensionOptions {
  readonly infohash: InfoHash
  readonly environment: TorrentEnvironment
  readonly peers: ReadonlyMap<PeerKey, PeerState>
  readonly info: TorrentInfo | undefined
  readonly listenPort: number | undefined
}

/** The extension protocol of one torrent (BEP 10), with ut_metadata (BEP 9) and ut_pex (BEP 11). */
export class ExtensionProtocol {
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly listenPort: number | undefined
  private readonly metadata: MetadataExchange
  private readonly exchange: PeerExchange
  private info: TorrentInfo | undefined

  constructor({ infohash, environment, peers, info, listenPort }: ExtensionOptions) {
    this.environment = environment
    this.peers = peers
    this.info = info
    this.listenPort = listenPort
    this.metadata = new MetadataExchange(infohash, environment, peers, info?.bytes)
    this.exchange = new PeerExchange(environment, peers)
  }

  /** Whether to fetch the info dictionary when it is not known. */
  setMetadataWanted(isWanted: boolean): void {
    this.metadata.setWanted(isWanted)
  }

  /** The info dictionary is known: peers are told that we have it, and whether we exchange peers. */
  setInfo(info: TorrentInfo): void {
    this.info = info
    this.metadata.setMetadata(info.bytes)
    this.greetAll(false)
  }

  /** Tells everybody again, as something has changed. */
  greetAll(isUploadOnly: boolean): void {
    for (const peer of this.peers.values()) this.greet(peer, isUploadOnly)
  }

  /** Tells the peer what we speak. @param isUploadOnly whether we want nothing. */
  greet(peer: PeerState, isUploadOnly: boolean): void {
    if (!peer.extensions) return
    const payload = encodeExtensionHandshake({
      exchangesPeers: !this.info?.isPrivate,
      isUploadOnly,
      ...(this.info ? { metadataSize: this.info.bytes.length } : {}),
      ...(this.listenPort ? { listenPort: this.listenPort } : {}),
      ...(peer.address ? { yourHost: peer.address.host } : {}),
    })
    this.environment.send(peer.key, { type: 'extended', id: EXTENDED_HANDSHAKE_ID, payload })
  }

  tick(): void {
    this.metadata.advance()
    // Until we know that the torrent is not private, we tell nobody of anybody.
    if (this.info && !this.info.isPrivate) this.exchange.tick()
  }

  onPeerGone(peer: PeerState): void {
    this.metadata.onPeerGone(peer)
    this.exchange.onPeerGone(peer)
  }

  /** Extensions that we did not offer are ignored. */
  onExtended(peer: PeerState, id: number, payload: Uint8Array): MetadataOutcome {
    if (id === EXTENDED_HANDSHAKE_ID) return this.onHandshake(peer, payload)
    if (id === OUR_UT_METADATA_ID) return this.metadata.onMessage(peer, payload)
    if (id === OUR_UT_PEX_ID && !this.info?.isPrivate) return this.exchange.onMessage(peer, payload)
    return OK
  }

  /** May come again, when something has changed. */
  private onHandshake(peer: PeerState, payload: Uint8Array): Verdict {
    const parsed = parseExtensionHandshake(payload)
    if (!parsed.ok) return parsed
    peer.extension = { ...peer.extension, ...parsed.value }
    if (parsed.value.listenPort !== undefined && peer.listenAddress) {
      this.environment.peerListensAt(peer.key, peer.listenAddress)
    }
    this.metadata.advance()
    return OK
  }
}
