import { IDLE_TIMEOUT_MS, KEEP_ALIVE_INTERVAL_MS } from '../limits.ts'
import type { PeerState } from './peer-state.ts'
import type { TorrentEnvironment } from './torrent-environment.ts'

/** Sends a keep-alive when it is time (BEP 3). @returns whether the peer has been silent for too long. */
export function watchSilence(peer: PeerState, environment: TorrentEnvironment): boolean {
  const now = environment.now()
  if (now - peer.lastReceivedMs >= IDLE_TIMEOUT_MS) return true
  if (now - peer.keptAliveMs >= KEEP_ALIVE_INTERVAL_MS) {
    peer.keptAliveMs = now
    environment.send(peer.key, { type: 'keepAlive' })
  }
  return false
}
