import { setTimeout as sleep } from 'node:timers/promises'
import type { Libp2pOverlay } from '@onehop/libp2p-overlay'
import { JOIN_WAIT_MS } from '../limits.ts'

/** Waits a while for a node that has just started to enter the overlay. @returns whether it has. */
export async function hasJoined(
  overlay: Pick<Libp2pOverlay<unknown>, 'isReady' | 'ready'>,
  signal?: AbortSignal,
  waitMs = JOIN_WAIT_MS,
): Promise<boolean> {
  if (overlay.isReady) return true
  await waitAtMost(overlay.ready, waitMs, signal)
  return overlay.isReady
}

/** Waits until it is settled, however, or the time is over, or the signal is aborted. */
export async function waitAtMost(
  work: Promise<unknown>,
  waitMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const waited = new AbortController()
  const wait = signal === undefined ? waited.signal : AbortSignal.any([signal, waited.signal])
  const timeout = sleep(waitMs, undefined, { signal: wait }).catch(() => undefined)
  await Promise.race([work.catch(() => undefined), timeout])
  waited.abort()
}
