import type { PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type OverlayComponents, openConnectionTo, openStreamTo, type Way } from '@onehop/libp2p-overlay'
import { DIRECT_DIAL_MS, RELAYED_DIAL_MS } from './limits.ts'
import { SWARM_PROTOCOL } from './swarm-stream.ts'

/** Where a swarm stream is to lead, and what may be tried for it. */
export interface SwarmTarget {
  readonly components: OverlayComponents
  readonly peerId: PeerId
  readonly addresses: readonly Multiaddr[]
  /** Asks the peer to dial us. Resolves when it has, or when nothing will come of it. */
  readonly comeToUs: (() => Promise<unknown>) | undefined
  readonly signal: AbortSignal
}

/**
 * A swarm stream to a peer: over a direct connection if there is one or the peer can be dialled; else over one that the
 * peer opens when the overlay asks it to; at last through a relay, which others pay for.
 * @throws when none of the three leads there.
 */
export async function openSwarmPath(target: SwarmTarget): Promise<Stream> {
  try {
    return await open(target, 'direct', DIRECT_DIAL_MS)
  } catch (error) {
    target.signal.throwIfAborted()
    if (await comesToUs(target)) return open(target, 'direct', DIRECT_DIAL_MS)
    return open(target, 'relayed', RELAYED_DIAL_MS).catch(() => {
      throw error
    })
  }
}

function open({ components, peerId, addresses, signal }: SwarmTarget, way: Way, limitMs: number) {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  return openStreamTo(components, peerId, addresses, SWARM_PROTOCOL, limit, way)
}

async function comesToUs({ components, peerId, comeToUs }: SwarmTarget): Promise<boolean> {
  await comeToUs?.().catch(() => undefined)
  return openConnectionTo(components, peerId, 'direct') !== undefined
}
