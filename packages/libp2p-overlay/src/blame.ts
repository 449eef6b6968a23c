import type { Logger } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { describeRejection, type Verdict } from '@onehop/primitives'
import type { OverlayComponents } from './components.ts'
import { OPEN_TIMEOUT_MS, OVERLAY_PENALTY_POINTS } from './limits.ts'
import type { PenaltyLedger } from './penalty-ledger.ts'

/** What a ban means to the overlay. */
export interface BlamePort {
  onBan(peerId: string, reason: Error): void
  onUnreachable(peerId: string): void
}

/** What peers are to blame for: points for what the machine reports, an end to all connections for a ban. */
export class Blame {
  private readonly components: OverlayComponents
  private readonly penalties: PenaltyLedger
  private readonly port: BlamePort
  private readonly log: Logger
  private readonly stopListening: () => void

  constructor(components: OverlayComponents, penalties: PenaltyLedger, port: BlamePort) {
    this.components = components
    this.penalties = penalties
    this.port = port
    this.log = components.logger.forComponent('onehop:overlay:blame')
    this.stopListening = penalties.onBan((peerId, reason) => this.onBan(peerId, reason))
  }

  penalise(peerId: string, verdict: Verdict): void {
    if (verdict.ok || verdict.blame !== 'sender') return
    this.log('peer %s: %s', peerId, describeRejection(verdict))
    this.penalties.penalise(peerId, OVERLAY_PENALTY_POINTS, describeRejection(verdict))
  }

  stop(): void {
    this.stopListening()
  }

  private onBan(peerId: string, reason: string): void {
    this.log('peer %s is banned: %s', peerId, reason)
    this.port.onBan(peerId, new Error(`banned: ${reason}`))
    // Not in this turn: the ban may come from the middle of the machine's work.
    setImmediate(() => this.port.onUnreachable(peerId))
    const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS)
    this.components.connectionManager
      .closeConnections(peerIdFromString(peerId), { signal })
      .catch(error => this.log.error('could not close connections of %s: %e', peerId, error))
  }
}
