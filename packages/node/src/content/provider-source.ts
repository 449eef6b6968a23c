import { setTimeout as sleep } from 'node:timers/promises'
import { describeProvider } from '@onehop/libp2p-overlay'
import type { Key, Pointer } from '@onehop/overlay'
import type { PeerSource } from '@onehop/swarm-io'
import { CONTENT_LOOKUP_DEADLINE_MS, PROVIDER_LOOKUP_INTERVAL_MS } from '../limits.ts'
import type { ContentOverlay } from './content-overlay.ts'
import type { SwarmDialer } from './swarm-dialer.ts'

/** What finding providers needs of the overlay, and getting through to them. */
type ProviderOverlay = Pick<ContentOverlay, 'lookup' | 'requestDelivery'>

/**
 * The providers of content for a fetch that may last: those of the first lookup, then, as long as the fetch goes on,
 * those of the next ones, so that providers that come later are used and lost ones are tried again.
 */
export async function* providersOf(
  overlay: ProviderOverlay,
  dialer: SwarmDialer,
  key: Key,
  first: readonly Pointer[],
  signal: AbortSignal,
): AsyncGenerator<PeerSource> {
  let pointers = first
  while (!signal.aborted) {
    for (const pointer of pointers) yield sourceOf(overlay, dialer, pointer)
    await sleep(PROVIDER_LOOKUP_INTERVAL_MS, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    pointers = (await overlay.lookup(key, { deadlineMs: CONTENT_LOOKUP_DEADLINE_MS })).pointers
  }
}

function sourceOf(overlay: ProviderOverlay, dialer: SwarmDialer, pointer: Pointer): PeerSource {
  const { peerId, addresses } = describeProvider(pointer)
  return {
    peerId,
    connect: signal =>
      dialer.openSwarmStream(peerId, addresses, signal, () => overlay.requestDelivery(pointer, { signal })),
  }
}
