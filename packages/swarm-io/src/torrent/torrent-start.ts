import { equalBytes } from '@onehop/primitives'
import {
  type InfoHash,
  infoHashToHex,
  infohashOfV2,
  isInfohashOf,
  type PieceLayers,
  type TorrentInfo,
  toInfoHash,
} from '@onehop/swarm'
import type { TorrentSource } from '../session-types.ts'
import { SwarmError } from '../swarm-error.ts'
import type { Torrent } from './torrent.ts'

/** What a torrent begins with. */
export interface TorrentStart {
  readonly infohash: InfoHash
  readonly infohashV2?: Uint8Array
  readonly info?: TorrentInfo
  readonly pieceLayers?: PieceLayers
}

/** What a torrent of this source begins with. */
export function startOf(source: TorrentSource): TorrentStart {
  if ('torrent' in source) {
    const { info, pieceLayers } = source.torrent
    return { infohash: info.infohash, info, ...(pieceLayers ? { pieceLayers } : {}) }
  }
  const { infohash, infohashV2 } = source
  return { infohash: toInfoHash(infohash), ...(infohashV2 ? { infohashV2 } : {}) }
}

/** What a torrent may be called by those who look for it, its own infohash first. */
export function namesOf({ infohash, infohashV2, info }: TorrentStart): readonly InfoHash[] {
  if (info) return info.infohashes
  const short = infohashV2 && infohashOfV2(infohashV2)
  return short === undefined || equalBytes(short, infohash) ? [infohash] : [infohash, short]
}

/** A link may name two torrents as if they were one. @throws {SwarmError} when what is known goes by a name of each. */
export function assertSame(known: Torrent, wanted: TorrentStart): void {
  const { info } = wanted
  const isSame = info
    ? known.infohashes.every(name => isInfohashOf(name, info))
    : known.info === undefined || namesOf(wanted).every(name => known.goesBy(name))
  if (isSame) return
  throw new SwarmError(
    'bad-metainfo',
    `One of the infohashes is of ${naming(known)}, which is here, the other is not.`,
  )
}

/** A torrent in a sentence, for people. */
export function naming({ shownName, infohash }: Torrent): string {
  return `${shownName} (${infoHashToHex(infohash)})`
}
