import type { Outcome, PeerId } from '@onehop/overlay'
import { JOIN_TIMEOUT_MS } from './limits.ts'
import { failedOutcome, SOMEBODY_ANSWERED, within } from './operations.ts'

/** What entering needs of the driver. */
export interface EntrancePort {
  now(): number
  /** The peer at the address; undefined when there is nobody to join through. Rejects with the signal's reason. */
  reach(address: string, signal?: AbortSignal): Promise<PeerId | undefined>
  /** Has the machine join through these. */
  join(introducers: readonly PeerId[], signal: AbortSignal): Promise<Outcome>
}

/** Enters the network through peers at addresses that a user gave, and tells when it has been entered. */
export class Entrance {
  /** How the first join ended that succeeded, or that had failed before a peer spoke to us; or `cancelled`. */
  readonly ready: Promise<Outcome>
  private readonly port: EntrancePort
  private readonly markReady: (outcome: Outcome) => void
  private lastJoin: Promise<unknown> = Promise.resolve()
  private hasBegun = false
  private hasFailed = false
  private readyNow = false

  constructor(port: EntrancePort) {
    this.port = port
    let markReady: (outcome: Outcome) => void = () => {}
    this.ready = new Promise(resolve => {
      markReady = resolve
    })
    this.markReady = markReady
  }

  /** Whether {@link ready} has resolved. */
  get isReady(): boolean {
    return this.readyNow
  }

  /** Whether the machine has been told to join. */
  get isBegun(): boolean {
    return this.hasBegun
  }

  async join(introducers: readonly string[], signal: AbortSignal | undefined): Promise<Outcome> {
    const beganMs = this.port.now()
    const dials = await Promise.all(introducers.map(address => this.port.reach(address, signal)))
    const ids = dials.filter(id => id !== undefined)
    if (ids.length === 0 && introducers.length > 0)
      return failedOutcome('unreachable', introducers.length, this.port.now() - beganMs)
    this.hasBegun = true
    const outcome = await this.joinInTurn(ids, signal)
    if (outcome.failure === undefined) this.becomeReady(outcome)
    else this.hasFailed = true
    return outcome
  }

  /** A peer has spoken to us. */
  onMessage(): void {
    if (this.hasFailed && !this.readyNow) this.becomeReady(SOMEBODY_ANSWERED)
  }

  stop(): void {
    this.becomeReady(failedOutcome('cancelled'))
  }

  private becomeReady(outcome: Outcome): void {
    this.readyNow = true
    this.markReady(outcome)
  }

  /** One after the other. */
  private joinInTurn(introducers: readonly PeerId[], signal: AbortSignal | undefined): Promise<Outcome> {
    const turn = this.lastJoin.then(() =>
      within(JOIN_TIMEOUT_MS, signal, either => this.port.join(introducers, either)),
    )
    this.lastJoin = turn.catch(() => {})
    return turn
  }
}
