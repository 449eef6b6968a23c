import type { Bitfield } from '../bitfield.ts'
import type { PeerState } from './peer-state.ts'
import type { TorrentEnvironment } from './torrent-environment.ts'

/** First of all messages but the extension handshake: what we have. BEP 6 has it said even when that is nothing. */
export function introducePieces(
  peer: PeerState,
  have: Bitfield | undefined,
  environment: TorrentEnvironment,
): void {
  const count = have?.count ?? 0
  if (peer.fast && count === 0) environment.send(peer.key, { type: 'haveNone' })
  else if (peer.fast && have?.isFull) environment.send(peer.key, { type: 'haveAll' })
  else if (have && count > 0) environment.send(peer.key, { type: 'bitfield', bits: have.toBytes() })
}

/** A bitfield may not follow other messages, so that peers who came before our pieces are told of each. */
export function announcePieces(peer: PeerState, have: Bitfield, environment: TorrentEnvironment): void {
  for (const piece of have.members()) environment.send(peer.key, { type: 'have', piece })
}
