import { infohashToMultihash, multihashToCid } from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'

/** SHA2-256 and its 32 bytes, as a multihash says it. */
const SHA256_PREFIX = Uint8Array.of(0x12, 0x20)

/** What names a torrent: of a v2 one the first is the beginning of the second. */
export interface TorrentId {
  readonly infohash: Uint8Array
  readonly infohashV2?: Uint8Array | undefined
}

/** All that names a torrent. */
export interface TorrentIds extends TorrentId {
  readonly infohashes: readonly Uint8Array[]
}

/** A torrent's name in the overlay: its v1 infohash; of a torrent that has none (BEP 52) the v2 one. */
export function multihashOf({ infohash, infohashV2 }: TorrentId): Uint8Array {
  const isV2Only = infohashV2 !== undefined && equalBytes(infohashV2.subarray(0, infohash.length), infohash)
  return isV2Only ? Uint8Array.of(...SHA256_PREFIX, ...infohashV2) : infohashToMultihash(infohash)
}

/** All its names in the overlay: who has a link to a hybrid may know one infohash of two. */
export function multihashesOf({ infohashes, infohashV2 }: TorrentIds): Uint8Array[] {
  return infohashes.map(infohash => multihashOf({ infohash, infohashV2 }))
}

/** The same as people see it. */
export function cidOf(id: TorrentId): string {
  return multihashToCid(multihashOf(id))
}

/** The same for all its names. */
export function cidsOf(ids: TorrentIds): string[] {
  return multihashesOf(ids).map(multihash => multihashToCid(multihash))
}

/** The 32 bytes in a multihash of SHA2-256: a v2 infohash. */
export function multihashToInfohashV2(multihash: Uint8Array): Uint8Array | undefined {
  const isSha256 = multihash.length === 34 && SHA256_PREFIX.every((byte, i) => multihash[i] === byte)
  return isSha256 ? multihash.subarray(SHA256_PREFIX.length) : undefined
}
