import { setTimeout as delay } from 'node:timers/promises'
import type { Libp2pOverlay } from '@onehop/libp2p-overlay'
import { FIRST_REDIAL_MS, LAST_REJOIN_MS } from './limits.ts'
import type { NetworkLog } from './network-types.ts'

/** What entering the overlay needs. */
export interface JoinPort {
  readonly overlay: Pick<Libp2pOverlay<unknown>, 'join' | 'isReady'>
  readonly bootstrap: readonly string[]
  /** Addresses of peers that are connected already, whoever dialled. */
  connected(): string[]
  readonly signal: AbortSignal
  readonly log: NetworkLog
}

/** Enters the overlay through the introducers, again and again until one lets us in; with none, as the first. */
export async function joinOverlay(port: JoinPort): Promise<void> {
  const { overlay, bootstrap, signal, log } = port
  let delayMs = FIRST_REDIAL_MS
  while (!signal.aborted && !overlay.isReady) {
    try {
      const introducers = bootstrap.length === 0 ? [] : [...new Set([...bootstrap, ...port.connected()])]
      const outcome = await overlay.join(introducers, { signal })
      if (outcome.failure === undefined) return
      log('info', `the overlay could not be joined yet: ${outcome.failure}`)
      await delay(delayMs, undefined, { signal })
    } catch (error) {
      if (signal.aborted) return
      log('warn', `joining the overlay failed: ${(error as Error).message}`)
      return
    }
    delayMs = Math.min(LAST_REJOIN_MS, 2 * delayMs)
  }
}
