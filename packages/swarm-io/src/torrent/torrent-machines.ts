import {
  type PieceLayers,
  ProportionalShareChoker,
  TitForTatChoker,
  type TorrentEnvironment,
  type TorrentInfo,
  TorrentMachine,
} from '@onehop/swarm'
import { copyBytes } from '../copy-bytes.ts'
import { sha1Now } from '../piece-hash.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentHost } from './torrent-host.ts'

/** What a machine tells of pieces and of the info dictionary; the rest goes to peers. */
export type MachineListener = Pick<
  TorrentEnvironment,
  'storePiece' | 'metadataReady' | 'metadataRefused' | 'pieceVerified' | 'completed'
>

/** What is known of a torrent when its machine is made. */
export interface KnownMetadata {
  readonly infohashV2?: Uint8Array | undefined
  readonly info?: TorrentInfo | undefined
  readonly pieceLayers?: PieceLayers | undefined
}

/** A machine for a torrent, joined to its connections and its session's limits. */
export function newMachine(
  torrent: Torrent,
  host: TorrentHost,
  { infohashV2, info, pieceLayers }: KnownMetadata,
  listener: MachineListener,
): TorrentMachine {
  return new TorrentMachine({
    infohash: torrent.infohash,
    ...(infohashV2 ? { infohashV2 } : {}),
    environment: {
      now: () => host.nowMs(),
      random: host.random,
      sha1: sha1Now,
      copy: copyBytes,
      send: (peer, message) => torrent.links.send(peer, message),
      drop: (peer, reason, parting) => torrent.links.drop(peer, reason, parting),
      uploadsReady: peer => torrent.links.uploadsReady(peer),
      peersLearned: addresses => torrent.search.onPeersLearned(addresses),
      peerListensAt: (peer, address) => torrent.links.onListening(peer, address),
      ...listener,
    },
    choker: host.strategy === 'proportional-share' ? new ProportionalShareChoker() : new TitForTatChoker(),
    limits: {
      upload: [host.uploadLimit, torrent.limits.upload],
      download: [host.downloadLimit, torrent.limits.download],
    },
    ...(info ? { info } : {}),
    ...(pieceLayers ? { pieceLayers } : {}),
    ...(host.btPort > 0 ? { listenPort: host.btPort } : {}),
  })
}
