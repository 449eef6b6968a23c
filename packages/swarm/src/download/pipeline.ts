import {
  BLOCK_BYTES,
  MAX_PIPELINE_DEPTH,
  MIN_PIPELINE_DEPTH,
  PIPELINE_HORIZON_MS,
  SLOW_PEER_HORIZON_MS,
  SLOW_START_DEPTH,
  SLOW_START_MS,
  SNUBBED_PIPELINE_DEPTH,
} from '../limits.ts'
import type { PeerState } from '../machine/peer-state.ts'

/**
 * Requests to have outstanding at a peer: what covers its latency and a bit of its rate. As long as the rate is not
 * known every block makes room for two, as in TCP's slow start; a slow peer has no more than it can send in a while.
 */
export function pipelineDepth(peer: PeerState, nowMs: number): number {
  if (peer.isSnubbing) return SNUBBED_PIPELINE_DEPTH
  const blocksPerMs = peer.download.bytesPerSecond(nowMs) / 1000 / BLOCK_BYTES
  const forRate = Math.ceil(blocksPerMs * ((peer.latencyMs ?? 0) + PIPELINE_HORIZON_MS))
  const isStarting = nowMs - peer.askedSinceMs < SLOW_START_MS
  const least = isStarting
    ? SLOW_START_DEPTH + peer.blocksSinceAsked
    : Math.min(MIN_PIPELINE_DEPTH, Math.max(2, Math.ceil(blocksPerMs * SLOW_PEER_HORIZON_MS)))
  const most = Math.min(MAX_PIPELINE_DEPTH, peer.queueLimit)
  return Math.max(1, Math.min(most, Math.max(least, forRate)))
}
