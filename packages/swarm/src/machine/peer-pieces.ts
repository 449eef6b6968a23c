import { attemptDecode, invalid, OK, type Verdict } from '@onehop/primitives'
import { Bitfield } from '../bitfield.ts'
import type { Downloads } from '../download/downloads.ts'
import {
  BITFIELD_SPAN_MS,
  MAX_ALLOWED_FAST_TAKEN,
  MAX_BITFIELDS,
  MAX_EARLY_HAVES,
  MAX_PIECES,
} from '../limits.ts'
import type { EarlyPieces, PeerState } from './peer-state.ts'

/**
 * Keeps what peers say that they have: in each peer's bitfield, in its count of pieces that we lack, and in the
 * picker's availability. `downloads` is undefined as long as the number of pieces is not known.
 */
export function onHave(peer: PeerState, piece: number, downloads: Downloads | undefined): Verdict {
  if (!downloads || !peer.have) {
    const { haves } = earlyOf(peer)
    if (piece < MAX_PIECES && haves.size < MAX_EARLY_HAVES) haves.add(piece)
    return OK
  }
  if (piece >= peer.have.length) return invalid('bad-have', `piece ${piece}`)
  gain(peer, peer.have, piece, downloads)
  return OK
}

/**
 * BEP 3 has it once and first. Real clients send it late, and aria2 sends it again in place of many `have`s: what is
 * new in it counts.
 */
export function onBitfield(
  peer: PeerState,
  bits: Uint8Array,
  downloads: Downloads | undefined,
  nowMs: number,
): Verdict {
  if (nowMs - peer.bitfieldsSinceMs >= BITFIELD_SPAN_MS) {
    peer.bitfieldsSinceMs = nowMs
    peer.bitfields = 0
  }
  if (++peer.bitfields > MAX_BITFIELDS) return invalid('too-many-bitfields')
  if (!downloads || !peer.have) {
    earlyOf(peer).bits = bits.slice()
    return OK
  }
  return gainBits(peer, bits, downloads)
}

/** The peer has everything (BEP 6). */
export function onHaveAll(peer: PeerState, downloads: Downloads | undefined): void {
  if (downloads && peer.have) gainAll(peer, peer.have.length, downloads)
  else earlyOf(peer).bits = 'all'
}

/** The number of pieces is known now: what the peer said before is checked and counted. */
export function settleEarlyPieces(peer: PeerState, downloads: Downloads): Verdict {
  const { length } = downloads.have
  const { early } = peer
  peer.have = new Bitfield(length)
  peer.early = undefined
  if (early?.bits === 'all') gainAll(peer, length, downloads)
  const verdict = early?.bits instanceof Uint8Array ? gainBits(peer, early.bits, downloads) : OK
  if (!verdict.ok) return verdict
  for (const piece of early?.haves ?? []) if (piece < length) gain(peer, peer.have, piece, downloads)
  return OK
}

/** We may ask for the piece while the peer chokes us (BEP 6). It need not have it. */
export function onAllowedFast(peer: PeerState, piece: number, downloads: Downloads | undefined): Verdict {
  if (downloads && piece >= downloads.have.length) return invalid('bad-allowed-fast', `piece ${piece}`)
  if (piece < MAX_PIECES && peer.allowedFast.size < MAX_ALLOWED_FAST_TAKEN) peer.allowedFast.add(piece)
  return OK
}

function earlyOf(peer: PeerState): EarlyPieces {
  peer.early ??= { bits: undefined, haves: new Set() }
  return peer.early
}

function gainBits(peer: PeerState, bits: Uint8Array, downloads: Downloads): Verdict {
  const { length } = downloads.have
  const parsed = attemptDecode('bad-bitfield', () => Bitfield.parse(bits, length))
  if (!parsed.ok) return parsed
  const has = parsed.value
  if (has.isFull) gainAll(peer, length, downloads)
  else gainMany(peer, has.members(), downloads)
  return OK
}

function gainMany(peer: PeerState, pieces: Iterable<number>, downloads: Downloads): void {
  const gained: number[] = []
  for (const piece of pieces) if (peer.have!.set(piece)) gained.push(piece)
  if (gained.length === 0) return
  peer.exhaustedAt = -1
  downloads.picker.addHaves(gained)
  for (const piece of gained) if (downloads.lacks(piece)) peer.wanted++
}

/**
 * Counted as a seed, whatever the number of pieces: five bytes on the wire stand for all of them, and must not cost as
 * much. Said again it is no news.
 */
function gainAll(peer: PeerState, length: number, downloads: Downloads): void {
  if (peer.have!.isFull) return
  downloads.picker.removePeer(peer.have!)
  downloads.picker.addSeed()
  peer.have = Bitfield.full(length)
  peer.isKnownSeed = true
  peer.exhaustedAt = -1
  peer.wanted = downloads.wantedPiecesLeft
}

function gain(peer: PeerState, have: Bitfield, piece: number, downloads: Downloads): void {
  if (!have.set(piece)) return
  peer.exhaustedAt = -1
  downloads.picker.addHave(piece)
  if (downloads.lacks(piece)) peer.wanted++
}
