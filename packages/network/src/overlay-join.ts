import { setTimeout as delay } from 'node:timers/promises'
import type { Libp2pOverlay } from '@onehop/libp2p-overlay'
import { FIRST_REDIAL_MS, LAST_REJOIN_MS } from './limits.ts'
import type { NetworkLog } from './network-types.ts'

/** What entering the overlay needs. */
export interface JoinPort {
  readonly overlay: Pick<Libp2pOverlay<unknown>, 'join' | 'isReady'>
  readonly bootstrap: readonly string[]
  /** Addresses of peers that this node knew before it was started. */
  readonly remembered: readonly string[]
  /** Addresses of peers that are connected already, whoever dialled. */
  connected(): string[]
  /** Waits a moment until others can dial this node. */
  reachable(): Promise<void>
  /** Whether there are connected peers, and all of them run other overlays. */
  isAlone(): boolean
  readonly signal: AbortSignal
  readonly log: NetworkLog
}

/**
 * Enters the overlay through the introducers, again and again until one lets us in; with none, through peers of an
 * earlier run, and when they are gone, as the first. Among peers that all run other overlays, too, this node is the first.
 */
export async function joinOverlay(port: JoinPort): Promise<void> {
  const { overlay, bootstrap, remembered, signal, log } = port
  let delayMs = FIRST_REDIAL_MS
  while (!signal.aborted && !overlay.isReady) {
    try {
      const introducers = [...new Set([...bootstrap, ...remembered, ...port.connected()])]
      if (introducers.length > 0) await port.reachable()
      const outcome = await overlay.join(introducers, { signal })
      if (outcome.failure === undefined) return
      if (bootstrap.length === 0 || port.isAlone()) {
        await overlay.join([], { signal })
        return
      }
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
