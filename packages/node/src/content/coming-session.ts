/** What the session is about to have (H5); this file goes as soon as it does. */
import type {
  ByteRange,
  FileChoice,
  LimitChanges,
  PeerDetails,
  RateLimits,
  SwarmSession,
  TorrentDetails,
} from '@onehop/swarm-io'

export type ComingSession = SwarmSession & {
  readonly limits: RateLimits
  details(infohash: Uint8Array): TorrentDetails | undefined
  recheck(infohash: Uint8Array): Promise<unknown>
  move(infohash: Uint8Array, path: string): Promise<unknown>
  renameFile(infohash: Uint8Array, index: number, path: string): Promise<unknown>
  setFiles(infohash: Uint8Array, choice: FileChoice): Promise<unknown>
  setLimits(infohash: Uint8Array | 'all', changes: LimitChanges): Promise<unknown>
  torrentFile(infohash: Uint8Array): Uint8Array | undefined
  openContent(
    infohash: Uint8Array,
    index: number,
    range: ByteRange,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>
}

export type ComingPeer = PeerDetails & { readonly client?: string }
