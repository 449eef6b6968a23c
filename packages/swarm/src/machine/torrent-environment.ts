import type { RandomSource, Sha1, Verdict } from '@onehop/primitives'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import type { PeerAddress } from '../peer-address.ts'
import type { WireMessage } from '../wire/wire-messages.ts'
import type { PeerKey } from './peer-state.ts'

/** Everything that a {@link TorrentMachine} knows of the world. Calls must not call back into the machine at once. */
export interface TorrentEnvironment {
  /** Milliseconds; never runs backwards. */
  now(): number
  readonly random: RandomSource
  readonly sha1: Sha1
  /**
   * Copies all of `source` into `target` from `at`. Default: the language's own way, which is slow into shared memory,
   * where pieces are put together.
   */
  readonly copy?: (source: Uint8Array, target: Uint8Array, at: number) => void
  /** Messages to one peer arrive in order. Byte arrays in them are not changed afterwards. */
  send(peer: PeerKey, message: WireMessage): void
  /** Close the connection; the machine has forgotten the peer. A rejection says what the peer is to blame for. */
  drop(peer: PeerKey, reason: Verdict, parting: Parting): void
  /** There are blocks to send: take them with {@link TorrentMachine.takeUpload} as the connection has room. */
  uploadsReady(peer: PeerKey): void
  /**
   * Verify the piece and write it, then call {@link TorrentMachine.onPieceStored}. The bytes stay as they are until
   * then, and not longer.
   */
  storePiece(piece: number, bytes: Uint8Array): void
  /** The info dictionary is here and has the right hash. Call {@link TorrentMachine.start} when storage is ready. */
  metadataReady(info: TorrentInfo): void
  /** The piece is verified and stored. */
  pieceVerified(piece: number): void
  /** All wanted pieces are. Again, when more were wanted and those are here too. */
  completed(): void
  /** The info dictionary is genuine and we cannot use it: an unsafe name, absurd sizes. */
  metadataRefused(verdict: Verdict): void
  /** A peer tells where others listen (BEP 11); never called for a private torrent. At most 100 addresses a call. */
  peersLearned(addresses: readonly PeerAddress[]): void
  /** A connected peer says where it takes connections itself: its extension handshake's `p` and its own host. */
  peerListensAt(peer: PeerKey, address: PeerAddress): void
}

/** Why the machine lets a peer go: it did wrong, it said nothing for long, or neither side has anything to give. */
export type Parting = 'fault' | 'silent' | 'both-complete'

/** What became of a piece that was to be stored. */
export type StoreOutcome = 'stored' | 'corrupt' | 'failed'
