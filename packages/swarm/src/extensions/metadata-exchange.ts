import { invalid, OK, type Verdict } from '@onehop/primitives'
import { BLOCK_BYTES, METADATA_PIPELINE_DEPTH, METADATA_SERVINGS_PER_PEER } from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import type { InfoHash } from '../metainfo/infohash.ts'
import { MetadataFetch, type MetadataOutcome } from './metadata-fetch.ts'
import { encodeMetadataMessage, type MetadataMessage, parseMetadataMessage } from './metadata-message.ts'

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
