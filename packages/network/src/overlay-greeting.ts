import type { IdentifyResult } from '@libp2p/interface'
import { GREETING_INTERVAL_MS, isRelayed, type Libp2pOverlay } from '@onehop/libp2p-overlay'
import { withPeerId } from './connection-keeper.ts'
import type { Introduction } from './introductions.ts'
import type { NetworkLog } from './network-types.ts'

/** What greeting needs. */
export interface GreetingPort {
  readonly overlay: Pick<Libp2pOverlay<unknown>, 'protocol' | 'isReady' | 'knows' | 'join'>
  readonly signal: AbortSignal
  now(): number
  readonly log: NetworkLog
}

/**
 * Two parts of an overlay that do not know of each other become one where a node of each meets the other on the chain:
 * among nodes of other overlays, both may have begun alone.
 */
export class OverlayGreeting {
  private readonly port: GreetingPort
  private greetedAtMs = Number.NEGATIVE_INFINITY

  constructor(port: GreetingPort) {
    this.port = port
  }

  /** A connected peer has told what it runs: a stranger that runs the same overlay is joined, one in a while. */
  onIdentify({ peerId, listenAddrs }: IdentifyResult, { overlay: itsOverlay }: Introduction): void {
    const { overlay, signal, log } = this.port
    const isOurs = itsOverlay !== undefined && overlay.protocol.endsWith(`/${itsOverlay}`)
    const id = peerId.toString()
    if (!isOurs || !overlay.isReady || overlay.knows(id)) return
    const address = listenAddrs.find(each => !isRelayed(each))
    const nowMs = this.port.now()
    if (address === undefined || nowMs - this.greetedAtMs < GREETING_INTERVAL_MS) return
    this.greetedAtMs = nowMs
    overlay
      .join([withPeerId(address, id).toString()], { signal })
      .catch(error => log('debug', `a stranger was not joined: ${(error as Error).message}`))
  }
}
