import { attemptDecode, invalid, OK, type Verdict } from '@onehop/primitives'
import { Bitfield } from '../bitfield.ts'
import type { Downloads } from '../download/downloads.ts'
import { MAX_EARLY_HAVES, MAX_PIECES } from '../limits.ts'
import type { PeerState } from './peer-state.ts'

/**
 * Keeps what peers say that they have: in each peer's bitfield, in its count of pieces that we lack, and in the
 * picker's availability. `downloads` is undefined as long as the number of pieces is not known.
 */
export function onHave(peer: PeerState, piece: number, downloads: Downloads | undefined): Verdict {
  if (!downloads || !peer.have) {
    if (piece < MAX_PIECES && peer.earlyHaves.size < MAX_EARLY_HAVES) peer.earlyHaves.add(piece)
    return OK
  }
  if (piece >= peer.have.length) return invalid('bad-have', `piece ${piece}`)
  gain(peer, peer.have, piece, downloads)
  return OK
}

/** A peer says so once at most (BEP 3). Real clients do not always say it first. */
export function onBitfield(peer: PeerState, bits: Uint8Array, downloads: Downloads | undefined): Verdict {
  if (peer.sentBitfield) return invalid('repeated-bitfield')
  peer.sentBitfield = true
  if (!downloads || !peer.have) {
    peer.earlyBits = bits.slice()
    return OK
  }
  const parsed = attemptDecode('bad-bitfield', () => Bitfield.parse(bits, downloads.have.length))
  if (!parsed.ok) return parsed
  for (let piece = 0; piece < parsed.value.length; piece++) {
    if (parsed.value.has(piece)) gain(peer, peer.have, piece, downloads)
  }
  return OK
}

/** The number of pieces is known now: what the peer said before is checked and counted. */
export function settleEarlyPieces(peer: PeerState, downloads: Downloads): Verdict {
  const { length } = downloads.have
  const early = attemptDecode('bad-bitfield', () =>
    Bitfield.parse(peer.earlyBits ?? new Uint8Array(0), length),
  )
  if (peer.earlyBits && !early.ok) return early
  const have = new Bitfield(length)
  peer.have = have
  for (let piece = 0; piece < length; piece++) {
    const hasIt = (early.ok && early.value.has(piece)) || peer.earlyHaves.has(piece)
    if (hasIt) gain(peer, have, piece, downloads)
  }
  peer.earlyBits = undefined
  peer.earlyHaves.clear()
  return OK
}

function gain(peer: PeerState, have: Bitfield, piece: number, downloads: Downloads): void {
  if (!have.set(piece)) return
  downloads.picker.addHave(piece)
  if (downloads.lacks(piece)) peer.wanted++
}
