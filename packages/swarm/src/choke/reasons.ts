import type { ChokerPeer } from './choker.ts'

/** Why a peer that is not served is not. */
export function chokedReason(peer: ChokerPeer, whenOutdone: string): string {
  if (!peer.interested) return 'wants nothing from us'
  return peer.snubbing
    ? 'sent nothing for a minute; waits for its turn'
    : `${whenOutdone}; waits for its turn`
}

/** Why a peer is served that did not earn it. */
export function optimisticReason(peer: ChokerPeer): string {
  return peer.snubbing ? 'its turn, though it sent nothing for a minute' : 'its turn'
}
