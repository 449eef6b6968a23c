import {
  type Cancel,
  type Costs,
  type Environment,
  Handles,
  OwnPublications,
  type PeerHandle,
  type PeerId,
  type Pointer,
  PointerIntake,
  type RequestSilence,
  Requests,
} from '@onehop/overlay'
import { equalBytes, type Verdict } from '@onehop/primitives'
import {
  DIAL_ROUND_TRIPS,
  MAX_PENDING_REQUESTS,
  MAX_PUBLICATIONS,
  MAX_ROUND_TRIP_TIMES,
  MAX_SIGNATURE_CHECKS,
  MAX_SIGNATURE_CHECKS_PER_PEER,
} from './limits.ts'
import type { NapsterMessage, NapsterReply } from './messages.ts'
import type { NapsterOptions } from './options.ts'

/** What becomes of a question that is asked again when nothing is heard. */
export interface Answered {
  onReply(reply: NapsterReply, from: PeerHandle): void
  onSilence(silence: RequestSilence): void
}

/** How often to ask, who counts it, and whether the answer takes longer than a round trip. */
export interface Asking {
  readonly tries: number
  readonly costs?: Costs
  readonly extraMs?: number
}

/** What all parts of a Napster node have in common. */
export class NapsterState {
  readonly environment: Environment<NapsterMessage>
  readonly options: NapsterOptions
  readonly handles: Handles
  readonly requests: Requests<NapsterMessage, NapsterReply>
  readonly own: OwnPublications
  readonly intake: PointerIntake
  hasLeft = false
  /** A version of a pointer that the directory holds: set by the server's part. */
  knownAs: (pointer: Pointer) => Pointer | undefined = () => undefined

  constructor(environment: Environment<NapsterMessage>, options: NapsterOptions) {
    this.environment = environment
    this.options = options
    this.handles = new Handles(environment)
    this.requests = new Requests(environment, this.handles, {
      defaultTimeoutMs: options.defaultTimeoutMs,
      minimumTimeoutMs: options.minimumTimeoutMs,
      dialRoundTrips: DIAL_ROUND_TRIPS,
      mostPending: MAX_PENDING_REQUESTS,
      mostTimes: MAX_ROUND_TRIP_TIMES,
    })
    this.own = new OwnPublications(environment, {
      lifetimeMs: options.pointerLifetimeMs,
      refreshMs: options.pointerRefreshMs,
      limit: MAX_PUBLICATIONS,
    })
    this.intake = new PointerIntake({
      environment,
      handles: this.handles,
      hasLeft: () => this.hasLeft,
      limits: { inAll: MAX_SIGNATURE_CHECKS, perPeer: MAX_SIGNATURE_CHECKS_PER_PEER },
      knownAs: pointer => this.knownAs(pointer),
    })
  }

  get nowMs(): number {
    return this.environment.now()
  }

  get nowS(): number {
    return Math.floor(this.environment.now() / 1000)
  }

  /** Asks a peer, and again when its time is over; who cannot be reached is not asked again. */
  ask(
    peer: PeerHandle,
    build: (request: number) => NapsterMessage,
    { tries, costs, extraMs = 0 }: Asking,
    answered: Answered,
  ): Cancel {
    let left = tries
    let cancel: Cancel = () => {}
    if (costs !== undefined) costs.attempts++
    const attempt = () => {
      left--
      if (costs !== undefined) costs.messages++
      const timeoutMs = this.requests.timeoutMsOf(peer) + extraMs
      cancel = this.requests.send(
        peer,
        build,
        {
          onReply: (reply, from) => answered.onReply(reply, from),
          onSilence: silence => {
            if (costs !== undefined) costs.timeouts++
            if (silence === 'timed out' && left > 0) attempt()
            else answered.onSilence(silence)
          },
        },
        { timeoutMs },
      )
    }
    attempt()
    return () => cancel()
  }

  penalise(peer: PeerHandle, verdict: Verdict): void {
    if (peer !== this.environment.self) this.environment.penalise(peer, verdict)
  }

  isSelf(id: PeerId): boolean {
    return equalBytes(id, this.environment.idOf(this.environment.self))
  }

  /** Whether this peer may be a server for us. */
  isTrusted(id: PeerId): boolean {
    const { trustedServers } = this.options
    return trustedServers === undefined || trustedServers.some(trusted => equalBytes(trusted, id))
  }
}
