import { invalid, OK, type Rejection } from '@onehop/primitives'
import {
  BLOCK_BYTES,
  MAX_METADATA_ATTEMPTS,
  MAX_METADATA_BYTES,
  MAX_METADATA_SOURCES,
  METADATA_PIPELINE_DEPTH,
  METADATA_RETRY_MS,
  METADATA_SLOW_MS,
  METADATA_TIMEOUT_MS,
} from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import type { InfoHash } from '../metainfo/infohash.ts'
import { isInfoOf } from '../metainfo/parse-info.ts'
import { encodeMetadataMessage, type MetadataMessage } from './metadata-message.ts'

/** One peer's copy of the info dictionary, as it arrives. */
interface Attempt {
  readonly parts: (Uint8Array | undefined)[]
  readonly totalSize: number
  nextPart: number
  received: number
  readonly beganMs: number
  progressMs: number
}

/** Result of a message: the info dictionary when it is whole, or what the sender is to blame for. */
export type MetadataOutcome = { readonly ok: true; readonly metadata?: Uint8Array } | Rejection

/**
 * Fetches the info dictionary (BEP 9). Each source sends all of it, a few sources at once: the first good copy wins,
 * and a bad one has exactly one author.
 */
export class MetadataFetch {
  private readonly infohash: InfoHash
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly attempts = new Map<PeerKey, Attempt>()
  /** Those who did not answer, or said no, and when. Asked again after a while; sooner when nobody else is left. */
  private readonly passedOver = new Map<PeerKey, number>()

  constructor(infohash: InfoHash, environment: TorrentEnvironment, peers: ReadonlyMap<PeerKey, PeerState>) {
    this.infohash = infohash
    this.environment = environment
    this.peers = peers
  }

  /** Asks more peers when there is room. Call when one has told its extensions, and every tick. */
  advance(): void {
    this.passOverSilent()
    for (const peer of this.peers.values()) {
      if (this.swiftAttempts() >= MAX_METADATA_SOURCES) return
      if (this.isEligible(peer)) this.begin(peer)
    }
  }

  /** Those who take their time do not keep others from being asked. */
  private swiftAttempts(): number {
    const now = this.environment.now()
    let swift = 0
    for (const { beganMs } of this.attempts.values()) if (now - beganMs < METADATA_SLOW_MS) swift++
    return swift
  }

  private isEligible({ key }: PeerState): boolean {
    if (this.attempts.has(key)) return false
    const passedOverMs = this.passedOver.get(key) ?? Number.NEGATIVE_INFINITY
    const waitMs = this.attempts.size === 0 ? METADATA_TIMEOUT_MS : METADATA_RETRY_MS
    return this.environment.now() - passedOverMs >= waitMs
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
    this.makeRoom()
    const now = this.environment.now()
    const attempt: Attempt = {
      parts: new Array<Uint8Array | undefined>(Math.ceil(metadataSize / BLOCK_BYTES)).fill(undefined),
      totalSize: metadataSize,
      nextPart: 0,
      received: 0,
      beganMs: now,
      progressMs: now,
    }
    this.attempts.set(peer.key, attempt)
    this.requestMore(peer, attempt)
  }

  /** The oldest attempt has had its time. */
  private makeRoom(): void {
    const [oldest] = this.attempts.keys()
    if (this.attempts.size >= MAX_METADATA_ATTEMPTS && oldest !== undefined) this.passOver(oldest)
  }

  private requestMore(peer: PeerState, attempt: Attempt): void {
    const id = peer.extension.utMetadataId
    // It may have turned the extension off.
    if (!id) this.passOver(peer.key)
    while (
      id &&
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
    this.passedOver.set(key, this.environment.now())
  }
}
