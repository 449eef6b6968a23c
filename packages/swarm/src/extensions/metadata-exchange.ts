import { invalid, OK, type Rejection, type Verdict } from '@onehop/primitives'
import {
  BLOCK_BYTES,
  MAX_METADATA_BYTES,
  MAX_METADATA_SOURCES,
  METADATA_PIPELINE_DEPTH,
  METADATA_SERVINGS_PER_PEER,
  METADATA_TIMEOUT_MS,
} from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import type { InfoHash } from '../metainfo/infohash.ts'
import { isInfoOf } from '../metainfo/parse-info.ts'
import { encodeMetadataMessage, type MetadataMessage, parseMetadataMessage } from './metadata-message.ts'

/** One peer's copy of the info dictionary, as it arrives. */
interface Attempt {
  readonly parts: (Uint8Array | undefined)[]
  readonly totalSize: number
  nextPart: number
  received: number
  progressMs: number
}

/** Result of a message: the info dictionary when it is whole, or what the sender is to blame for. */
export type MetadataOutcome = { readonly ok: true; readonly metadata?: Uint8Array } | Rejection

/**
 * Fetches the info dictionary (BEP 9). Each source sends all of it, a few sources at once: the first good copy wins,
 * and a bad one has exactly one author.
 */
class MetadataFetch {
  private readonly infohash: InfoHash
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly attempts = new Map<PeerKey, Attempt>()
  /** Those who did not answer, or said no. Asked again when nobody else is left. */
  private readonly passedOver = new Set<PeerKey>()
  private passedOverMs = 0

  constructor(infohash: InfoHash, environment: TorrentEnvironment, peers: ReadonlyMap<PeerKey, PeerState>) {
    this.infohash = infohash
    this.environment = environment
    this.peers = peers
  }

  /** Asks more peers when there is room. Call when one has told its extensions, and every tick. */
  advance(): void {
    this.passOverSilent()
    for (const peer of this.peers.values()) {
      if (this.attempts.size >= MAX_METADATA_SOURCES) return
      if (!this.attempts.has(peer.key) && !this.passedOver.has(peer.key)) this.begin(peer)
    }
    const isTimeToForgive = this.environment.now() - this.passedOverMs >= METADATA_TIMEOUT_MS
    if (this.attempts.size === 0 && isTimeToForgive) this.passedOver.clear()
  }

  private passOverSilent(): void {
    const now = this.environment.now()
    for (const [key, attempt] of this.attempts) {
      if (now - attempt.progressMs >= METADATA_TIMEOUT_MS) this.passOver(key)
    }
  }

  private begin(peer: PeerState): void {
    const { utMetadataId, metadataSize } = peer.extension
    if (!utMetadataId || metadataSize === undefined || metadataSize > MAX_METADATA_BYTES) return
    const attempt: Attempt = {
      parts: new Array<Uint8Array | undefined>(Math.ceil(metadataSize / BLOCK_BYTES)).fill(undefined),
      totalSize: metadataSize,
      nextPart: 0,
      received: 0,
      progressMs: this.environment.now(),
    }
    this.attempts.set(peer.key, attempt)
    this.requestMore(peer, attempt)
  }

  private requestMore(peer: PeerState, attempt: Attempt): void {
    const id = peer.extension.utMetadataId!
    while (
      attempt.nextPart < attempt.parts.length &&
      attempt.nextPart - attempt.received < METADATA_PIPELINE_DEPTH
    ) {
      const payload = encodeMetadataMessage({ type: 'request', piece: attempt.nextPart++ })
      this.environment.send(peer.key, { type: 'extended', id, payload })
    }
  }

  /** A `data` or `reject` from a peer. Late ones, of attempts that are over, are ignored. */
  onMessage(peer: PeerState, message: MetadataMessage): MetadataOutcome {
    const attempt = this.attempts.get(peer.key)
    if (!attempt) return OK
    if (message.type === 'data') return this.onData(peer, attempt, message)
    this.passOver(peer.key)
    this.advance()
    return OK
  }

  private onData(
    peer: PeerState,
    attempt: Attempt,
    message: Extract<MetadataMessage, { type: 'data' }>,
  ): MetadataOutcome {
    const { piece, data } = message
    const expected = Math.min(BLOCK_BYTES, attempt.totalSize - piece * BLOCK_BYTES)
    if (piece >= attempt.nextPart || data.length !== expected)
      return invalid('bad-metadata-part', `part ${piece}`)
    if (attempt.parts[piece] !== undefined) return OK
    attempt.parts[piece] = data.slice()
    attempt.received++
    attempt.progressMs = this.environment.now()
    if (attempt.received < attempt.parts.length) {
      this.requestMore(peer, attempt)
      return OK
    }
    return this.finish(peer, attempt)
  }

  private finish(peer: PeerState, attempt: Attempt): MetadataOutcome {
    this.attempts.delete(peer.key)
    const metadata = new Uint8Array(attempt.totalSize)
    for (const [index, part] of attempt.parts.entries()) metadata.set(part!, index * BLOCK_BYTES)
    if (isInfoOf(metadata, this.infohash, this.environment.sha1)) return { ok: true, metadata }
    return invalid('corrupt-metadata')
  }

  onPeerGone(peer: PeerState): void {
    this.attempts.delete(peer.key)
    this.passedOver.delete(peer.key)
  }

  private passOver(key: PeerKey): void {
    this.attempts.delete(key)
    this.passedOver.add(key)
    this.passedOverMs = this.environment.now()
  }
}

/** ut_metadata of one torrent (BEP 9): fetches the info dictionary, and serves it. */
export class MetadataExchange {
  private readonly environment: TorrentEnvironment
  private readonly fetch: MetadataFetch
  /** The info dictionary, once it is known. */
  private metadata: Uint8Array | undefined
  private isWanted = false

  constructor(
    infohash: InfoHash,
    environment: TorrentEnvironment,
    peers: ReadonlyMap<PeerKey, PeerState>,
    metadata: Uint8Array | undefined,
  ) {
    this.environment = environment
    this.fetch = new MetadataFetch(infohash, environment, peers)
    this.metadata = metadata
  }

  /** Bytes of the info dictionary, once it is known. */
  get size(): number | undefined {
    return this.metadata?.length
  }

  /** Whether to fetch the info dictionary when it is not known. */
  setWanted(isWanted: boolean): void {
    this.isWanted = isWanted
    this.advance()
  }

  /** Asks more peers when there is room. Call when one has told its extensions, and every tick. */
  advance(): void {
    if (this.isWanted && !this.metadata) this.fetch.advance()
  }

  /** The info dictionary is known. */
  setMetadata(metadata: Uint8Array): void {
    this.metadata = metadata
  }

  onPeerGone(peer: PeerState): void {
    this.fetch.onPeerGone(peer)
  }

  onMessage(peer: PeerState, payload: Uint8Array): MetadataOutcome {
    const parsed = parseMetadataMessage(payload)
    if (!parsed.ok) return parsed
    const message = parsed.value
    if (message?.type === 'request')
      return serveMetadata(peer, message.piece, this.metadata, this.environment)
    return message && !this.metadata ? this.fetch.onMessage(peer, message) : OK
  }
}

/** Answers a request for a part of the info dictionary; no peer gets it more than a few times. */
function serveMetadata(
  peer: PeerState,
  part: number,
  metadata: Uint8Array | undefined,
  environment: TorrentEnvironment,
): Verdict {
  const id = peer.extension.utMetadataId
  if (!id) return OK
  const parts = metadata ? Math.ceil(metadata.length / BLOCK_BYTES) : 0
  const most = METADATA_SERVINGS_PER_PEER * Math.max(parts, METADATA_PIPELINE_DEPTH)
  if (peer.metadataPartsServed++ >= most) return invalid('too-many-metadata-requests')
  const message: MetadataMessage =
    metadata && part < parts
      ? { type: 'data', piece: part, totalSize: metadata.length, data: partOf(metadata, part) }
      : { type: 'reject', piece: part }
  environment.send(peer.key, { type: 'extended', id, payload: encodeMetadataMessage(message) })
  return OK
}

function partOf(metadata: Uint8Array, part: number): Uint8Array {
  return metadata.subarray(part * BLOCK_BYTES, (part + 1) * BLOCK_BYTES)
}
