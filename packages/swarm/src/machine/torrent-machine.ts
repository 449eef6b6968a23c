import { assert, invalid, OK, type Rejection, sha256, type Verdict } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import type { Choker } from '../choke/choker.ts'
import { TitForTatChoker } from '../choke/tit-for-tat-choker.ts'
import { Uploads } from '../choke/uploads.ts'
import { Downloads } from '../download/downloads.ts'
import type { FilePriority } from '../download/file-priorities.ts'
import type { ReadAhead } from '../download/read-ahead.ts'
import { ExtensionProtocol } from '../extensions/extension-protocol.ts'
import { VerifiablePieces } from '../hashes/verifiable-pieces.ts'
import type { InfoHash } from '../metainfo/infohash.ts'
import { infoKnownAs, parseInfoNamed } from '../metainfo/parse-info.ts'
import type { PieceLayers } from '../metainfo/piece-layers.ts'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import type { BlockRange, WholeMessage } from '../wire/wire-messages.ts'
import { DownloadWishes } from './download-wishes.ts'
import { IncomingMessages, type MessageContext } from './incoming-messages.ts'
import { settleEarlyPieces } from './peer-pieces.ts'
import { PeerRegistry } from './peer-registry.ts'
import { PeerRelations, type RelationsContext } from './peer-relations.ts'
import type { NewPeer, PeerKey, PeerState } from './peer-state.ts'
import { announcePieces, introducePieces } from './piece-announcements.ts'
import { watchSilence } from './silence.ts'
import type { StoreOutcome, TorrentEnvironment } from './torrent-environment.ts'
import { describePeer, type PeerSnapshot } from './torrent-snapshot.ts'
import type { TransferLimits } from './transfer-limits.ts'

/** What a torrent is made of. Without `info`, it begins by fetching that. */
export interface TorrentMachineOptions {
  readonly infohash: InfoHash
  /** All 32 bytes, where a link says them: what is fetched must be of both. */
  readonly infohashV2?: Uint8Array
  readonly environment: TorrentEnvironment
  /** The info dictionary, when it is known; otherwise it is fetched from peers. */
  readonly info?: TorrentInfo
  /** The hashes of the pieces of v2, as far as they are known; the others are fetched from peers. */
  readonly pieceLayers?: PieceLayers
  readonly choker?: Choker
  /** What may be sent and taken: the torrent's own limits, and those that it shares with others. */
  readonly limits?: TransferLimits
  /** Where we take TCP connections; told to peers (BEP 10, `p`). */
  readonly listenPort?: number
}

const NO_LIMITS: TransferLimits = { upload: [], download: [] }

/**
 * One torrent: fetches the info dictionary and the pieces from peers, and serves what it has. Synchronous: time,
 * randomness, sending and storage are the {@link TorrentEnvironment}'s.
 *
 * The driver hands in messages as they arrive, calls {@link afterBatch} when it has no more at the moment, and
 * {@link tick} every {@link TICK_INTERVAL_MS}.
 */
export class TorrentMachine {
  readonly infohash: InfoHash
  private readonly infohashV2: Uint8Array | undefined
  private readonly environment: TorrentEnvironment
  private readonly registry: PeerRegistry
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly uploads: Uploads
  private readonly extensions: ExtensionProtocol
  private readonly verifiable: VerifiablePieces
  private downloads: Downloads | undefined
  private knownInfo: TorrentInfo | undefined
  private isFetching = false
  private readonly wishes = new DownloadWishes()
  private readonly limits: TransferLimits
  private readonly relations: PeerRelations
  private readonly messages: IncomingMessages

  constructor(options: TorrentMachineOptions) {
    this.infohash = options.infohash
    this.infohashV2 = options.infohashV2
    this.knownInfo = options.info
    this.environment = options.environment
    this.limits = options.limits ?? NO_LIMITS
    this.registry = new PeerRegistry(this.environment, {
      onGone: peer => this.onGone(peer),
      onBanned: remotePeer => this.downloads?.discardFrom(remotePeer),
    })
    this.peers = this.registry.connected
    this.uploads = new Uploads(
      this.environment,
      this.peers,
      options.choker ?? new TitForTatChoker(),
      this.limits.upload,
    )
    this.extensions = new ExtensionProtocol({
      infohash: options.infohash,
      environment: this.environment,
      peers: this.peers,
      info: options.info,
      listenPort: options.listenPort,
    })
    this.verifiable = new VerifiablePieces(this.environment, this.peers, sha256)
    if (options.info) this.verifiable.setInfo(options.info, options.pieceLayers)
    const context = this.context()
    this.relations = new PeerRelations(this.registry, this.environment, context)
    this.messages = new IncomingMessages(context)
  }

  private context(): MessageContext & RelationsContext {
    const machine = this
    return {
      uploads: this.uploads,
      extensions: this.extensions,
      verifiable: this.verifiable,
      get downloads() {
        return machine.downloads
      },
      get info() {
        return machine.knownInfo
      },
      get isFetching() {
        return machine.isFetching
      },
      now: () => this.environment.now(),
      onExtensions: peer => this.relations.partIfDone(peer),
      onNews: peer => this.relations.onNews(peer),
      onMetadata: metadata => this.onMetadata(metadata),
    }
  }

  /** The info dictionary; undefined until it is known. */
  get info(): TorrentInfo | undefined {
    return this.knownInfo
  }

  /** The hashes of the pieces of v2's files, which grow as peers tell them; undefined of v1 and without info. */
  get pieceLayers(): PieceLayers | undefined {
    return this.verifiable.layers
  }

  /** Verified pieces; undefined before {@link start}. Not to be changed. */
  get have(): Bitfield | undefined {
    return this.downloads?.have
  }

  /** Whether all wanted pieces are here; `have.isFull` says whether all are. */
  get isComplete(): boolean {
    return this.downloads?.isComplete === true
  }

  /** Bytes of the wanted pieces that are not here; undefined before {@link start}. */
  get wantedBytesLeft(): number | undefined {
    return this.downloads?.wantedBytesLeft
  }

  /** Of each piece, how many connected peers have it, up to 65,535; undefined before {@link start}. A copy. */
  pieceAvailability(): Uint16Array | undefined {
    return this.downloads?.picker.availabilities()
  }

  /** Bytes of blocks in pieces verified by this machine, by who sent them. */
  get contributions(): ReadonlyMap<string, number> {
    return this.downloads?.contributions.all ?? new Map()
  }

  isBanned(remotePeer: string): boolean {
    return this.registry.isBanned(remotePeer)
  }

  /** What is known of each peer, for people. */
  peerSnapshots(): PeerSnapshot[] {
    const nowMs = this.environment.now()
    return [...this.peers.values()].map(peer => describePeer(peer, nowMs, this.uploads.decisionFor(peer.key)))
  }

  /** Bytes received from all peers in the last seconds, per second. */
  downloadBytesPerSecond(): number {
    const nowMs = this.environment.now()
    let sum = 0
    for (const peer of this.peers.values()) sum += peer.download.bytesPerSecond(nowMs)
    return sum
  }

  /**
   * Storage is ready: serving begins, and fetching if it is on.
   * @param have pieces that are stored and verified.
   */
  start(have: Bitfield): void {
    const info = this.knownInfo
    assert(
      info !== undefined && this.downloads === undefined,
      'a torrent starts once, when its info is known',
    )
    const downloads = new Downloads(info, have, this.environment, this.peers, this.limits.download)
    this.downloads = downloads
    this.verifiable.tell(downloads)
    this.wishes.applyTo(downloads)
    for (const peer of [...this.peers.values()]) {
      announcePieces(peer, have, this.environment)
      this.registry.check(peer, settleEarlyPieces(peer, downloads))
      this.relations.onNews(peer)
    }
    if (this.isFetching) this.verifiable.advance()
    if (downloads.isComplete) this.onComplete()
    else this.fillAll()
  }

  /** Turns fetching on or off. Off, what is there is still served. */
  setFetching(isFetching: boolean): void {
    if (this.isFetching === isFetching) return
    this.isFetching = isFetching
    if (!isFetching) this.downloads?.stop()
    this.relations.updateAll()
    this.extensions.setMetadataWanted(isFetching)
    this.fillAll()
  }

  /** What to fetch, and what of it first: in the order of the files, `normal` where nothing is said. */
  setFilePriorities(priorities: readonly FilePriority[]): void {
    this.wishes.priorities = priorities
    const { downloads } = this
    if (!downloads) return
    const wasComplete = downloads.isComplete
    downloads.setPriorities(priorities)
    this.relations.updateAll()
    if (downloads.isComplete && !wasComplete) this.onComplete()
    else this.fillAll()
    if (wasComplete && !downloads.isComplete) this.extensions.greetAll(false)
  }

  /** Whether pieces are fetched in order, not the rarest first. */
  setSequential(isSequential: boolean): void {
    this.wishes.isSequential = isSequential
    if (this.downloads) this.downloads.picker.isSequential = isSequential
  }

  /** What readers will want next: it comes before all else. */
  setReadAhead(readers: readonly ReadAhead[]): void {
    this.wishes.readAhead = readers
    this.downloads?.setReadAhead(readers)
    this.fillAll()
  }

  /** @returns a refusal for a banned peer. */
  addPeer(newcomer: NewPeer): Verdict {
    const added = this.registry.add(newcomer)
    if (!added.ok) return added
    const peer = added.value
    this.extensions.greet(peer, this.isComplete)
    introducePieces(peer, this.downloads?.have, this.environment)
    if (this.downloads) settleEarlyPieces(peer, this.downloads)
    return OK
  }

  /** The connection is closed. */
  removePeer(key: PeerKey): void {
    const peer = this.peers.get(key)
    if (!peer) return
    this.registry.remove(peer)
    this.fillAll()
    this.uploads.rechoke(this.isComplete)
  }

  private onGone(peer: PeerState): void {
    this.downloads?.onPeerGone(peer)
    this.uploads.onPeerGone(peer)
    this.extensions.onPeerGone(peer)
    this.verifiable.onPeerGone(peer)
  }

  onMessage(key: PeerKey, message: WholeMessage): void {
    const peer = this.peers.get(key)
    if (!peer) return
    peer.lastReceivedMs = this.environment.now()
    this.registry.check(peer, this.messages.handle(peer, message))
  }

  /** A decoder could not make sense of what the peer sent. */
  onMalformed(key: PeerKey, rejection: Rejection): void {
    const peer = this.peers.get(key)
    if (peer) this.registry.drop(peer, rejection, 'fault')
  }

  /** The hash is right, so that a fault in it is its author's, not the sender's. */
  private onMetadata(metadata: Uint8Array): void {
    const parsed = parseInfoNamed(this.infohashV2, metadata, this.environment.sha1)
    if (!parsed.ok) {
      this.setFetching(false)
      this.environment.metadataRefused(parsed)
      return
    }
    const info = infoKnownAs(parsed.value, this.infohash)
    this.knownInfo = info
    this.verifiable.setInfo(info)
    this.extensions.setInfo(info)
    this.environment.metadataReady(info)
  }

  /** A block begins to arrive from the peer; its bytes follow, and its end, before anything else from it. */
  onBlockStart(key: PeerKey, piece: number, begin: number, length: number): void {
    const peer = this.peers.get(key)
    if (!peer) return
    peer.lastReceivedMs = this.environment.now()
    const verdict = this.downloads
      ? this.downloads.onBlockStart(peer, piece, begin, length)
      : invalid('unrequested-block')
    this.registry.check(peer, verdict)
  }

  onBlockBytes(key: PeerKey, bytes: Uint8Array): void {
    const peer = this.peers.get(key)
    if (peer) this.downloads?.onBlockBytes(peer, bytes)
  }

  onBlockEnd(key: PeerKey): void {
    const peer = this.peers.get(key)
    if (peer) this.downloads?.onBlockEnd(peer)
  }

  /** All that has arrived from the peer for now has been handed in: its pipeline is refilled, in one go. */
  afterBatch(key: PeerKey): void {
    const { messages } = this
    if (messages.interestHasChanged) this.uploads.rechoke(this.isComplete)
    if (messages.hasNews && this.isFetching) this.verifiable.advance()
    if (this.verifiable.tellNews() || messages.hasFreedBlocks) this.fillAll()
    messages.interestHasChanged = false
    messages.hasNews = false
    messages.hasFreedBlocks = false
    const peer = this.peers.get(key)
    if (peer && this.isFetching) this.downloads?.fill(peer)
  }

  /** The next block to send to the peer, from a verified piece; undefined when it waits for none. */
  takeUpload(key: PeerKey): BlockRange | undefined {
    const peer = this.peers.get(key)
    return peer && this.uploads.take(peer)
  }

  /** What became of a piece that was to be stored. After `failed`, fetching is off. */
  onPieceStored(piece: number, outcome: StoreOutcome): void {
    const { verified, hasFreed, liars } = this.downloads!.onStored(piece, outcome)
    for (const liar of liars) this.registry.ban(liar, invalid('corrupt-piece', `piece ${piece}`))
    if (outcome === 'failed') this.setFetching(false)
    if (verified) {
      this.environment.pieceVerified(piece)
      this.relations.onVerified(piece)
    }
    if (verified && this.isComplete) this.onComplete()
    else if (hasFreed) this.fillAll()
  }

  private onComplete(): void {
    this.relations.onComplete()
    // Whoever is told of all pieces knows.
    if (!this.have?.isFull) this.extensions.greetAll(true)
    this.environment.completed()
  }

  private fillAll(): void {
    if (this.isFetching) this.downloads?.fillAll()
  }

  /** Timeouts, keep-alives, the choker's rounds. Call every {@link TICK_INTERVAL_MS}. */
  tick(): void {
    for (const peer of [...this.peers.values()]) {
      if (watchSilence(peer, this.environment)) this.registry.drop(peer, OK, 'silent')
    }
    this.uploads.tick(this.isComplete)
    this.extensions.tick()
    if (!this.isFetching) return
    this.verifiable.advance()
    this.verifiable.tellNews()
    this.downloads?.tick()
    this.fillAll()
  }

  /** Somebody waits for bandwidth: call {@link releaseBandwidth} every BANDWIDTH_INTERVAL_MS. */
  get isHeldBack(): boolean {
    return this.uploads.isHeldBack || this.downloads?.isHeldBack === true
  }

  /** Lets those go on that limits or shares held back. {@link tick} does so too, only less often. */
  releaseBandwidth(): void {
    this.uploads.release()
    this.fillAll()
  }
}
