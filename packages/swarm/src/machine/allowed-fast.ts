import { type Sha1, utf8Encode } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import { ALLOWED_FAST_PIECES, MAX_ALLOWED_FAST_BYTES } from '../limits.ts'
import { pieceCount, type TorrentInfo } from '../metainfo/torrent-info.ts'
import { parseIpAddress } from '../peer-address.ts'
import { readUint32 } from '../wire/wire-messages.ts'
import type { PeerState } from './peer-state.ts'
import type { TorrentEnvironment } from './torrent-environment.ts'

/** A newcomer may have a few of our pieces at once, so that it soon has something to give (BEP 6). */
export function grantAllowedFast(
  peer: PeerState,
  have: Bitfield,
  info: TorrentInfo,
  environment: TorrentEnvironment,
): void {
  if (!peer.fast || peer.grantedFast || have.count === 0 || !peer.have) return
  if (peer.have.count >= ALLOWED_FAST_PIECES) return
  const set = allowedFastSet(peer, info, environment.sha1)
  peer.grantedFast = new Set([...set].filter(piece => have.has(piece)))
  for (const piece of peer.grantedFast) environment.send(peer.key, { type: 'allowedFast', piece })
}

/**
 * The pieces that a peer may have while it is choked (BEP 6): the same whenever it comes back, and the same for all of
 * its network, so that nobody gets more by coming again.
 */
function allowedFastSet(peer: PeerState, info: TorrentInfo, sha1: Sha1): Set<number> {
  const pieces = pieceCount(info)
  const size = Math.min(
    pieces,
    ALLOWED_FAST_PIECES,
    Math.floor(MAX_ALLOWED_FAST_BYTES / info.pieceLengthBytes),
  )
  return canonicalSet(size, pieces, networkOf(peer), info.infohash, sha1)
}

/**
 * BEP 6, canonical generation.
 * @param size members; at most `pieces`.
 * @param network who it is for: of an IPv4 address the first three bytes and a zero.
 */
export function canonicalSet(
  size: number,
  pieces: number,
  network: Uint8Array,
  infohash: Uint8Array,
  sha1: Sha1,
): Set<number> {
  const set = new Set<number>()
  let hash = new Uint8Array(network.length + infohash.length)
  hash.set(network)
  hash.set(infohash, network.length)
  while (set.size < size) {
    hash = Uint8Array.from(sha1(hash))
    for (let at = 0; at < hash.length && set.size < size; at += 4) set.add(readUint32(hash, at) % pieces)
  }
  return set
}

/** IPv4: as BEP 6 has it. IPv6: its /48. Others: who they are. */
function networkOf(peer: PeerState): Uint8Array {
  const address = peer.address && parseIpAddress(peer.address.host)
  if (address === undefined) return utf8Encode(peer.remotePeer)
  const kept = address.length === 4 ? 3 : 6
  return address.map((byte, i) => (i < kept ? byte : 0))
}
