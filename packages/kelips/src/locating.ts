import {
  Costs,
  type Failure,
  type Outcome,
  type PeerAddress,
  type PeerHandle,
  type PeerId,
} from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import type { Intake } from './intake.ts'
import { MAX_TAUGHT_PER_ANSWER } from './limits.ts'
import type { Found, Locate } from './messages.ts'
import type { Requests } from './requests.ts'
import type { Step } from './rungs.ts'
import type { KelipsState } from './state.ts'
import { type Goal, Walk, type Worth } from './walk.ts'

const NOWHERE: readonly PeerAddress[] = []

/** Where a peer can be dialled: its own signed word, kept by the members of its group. */
export class Locating implements Goal {
  readonly hash32: number
  private readonly state: KelipsState
  private readonly intake: Intake
  private readonly id: PeerId
  private readonly target: PeerHandle
  private readonly finished: (outcome: Outcome, addresses: readonly PeerAddress[]) => void
  private readonly costs: Costs
  private readonly walk: Walk
  private hops = 0
  private addresses: readonly PeerAddress[] = NOWHERE
  private isOver = false

  constructor(
    parts: { readonly state: KelipsState; readonly requests: Requests; readonly intake: Intake },
    id: PeerId,
    finished: (outcome: Outcome, addresses: readonly PeerAddress[]) => void,
  ) {
    this.state = parts.state
    this.intake = parts.intake
    this.id = id
    this.finished = finished
    const { environment, handles } = this.state
    this.target = handles.hold(environment.intern(id))
    this.hash32 = environment.hash32(this.target)
    this.costs = new Costs(this.state.now())
    this.walk = new Walk({ ...parts, costs: this.costs }, this)
  }

  /** Starts, once the node has entered the network. */
  start(): void {
    if (this.isOver) return
    const own = this.ownAnswer()
    if (own.length === 0)
      this.walk.begin(this.state.holders.isPrimary(this.hash32) && this.state.isSettledFor(this.hash32))
    else {
      this.addresses = own
      this.onEnd()
    }
  }

  expire(): void {
    this.finish('timed out')
  }

  cancel(): void {
    this.finish('cancelled')
  }

  ask(request: number): Locate {
    return { type: 'locate', request, target: this.id }
  }

  /** The first genuine record that is young enough is believed: only the peer itself can have made it. */
  judge(answer: Found, from: Step, judged: (worth: Worth) => void): void {
    const { settled } = answer
    const members = answer.members.slice(0, MAX_TAUGHT_PER_ANSWER)
    this.intake.vouch(members, from.peer, () => {
      if (this.isOver) return
      const entry = members.find(({ record }) => equalBytes(record.id, this.id))
      const isGood = entry !== undefined && entry.record.genuine === entry.record && !entry.record.left
      if (isGood && entry.ageMs < this.state.lifetimes.memberMs) {
        this.addresses = entry.record.addresses
        this.hops = from.hops
        judged('enough')
      } else judged(settled && entry === undefined ? 'negative' : 'nothing')
    })
  }

  onEnd(): void {
    this.finish(this.addresses.length > 0 ? undefined : this.walk.failure())
  }

  private ownAnswer(): readonly PeerAddress[] {
    const { environment, roster } = this.state
    if (this.target === environment.self) return environment.addresses()
    return roster.isSuspect(this.target) ? NOWHERE : (roster.recordOf(this.target)?.addresses ?? NOWHERE)
  }

  private finish(failure: Failure | undefined): void {
    if (this.isOver) return
    this.isOver = true
    this.walk.stop()
    this.state.handles.drop(this.target)
    const { hops, addresses } = this
    const reason = addresses.length > 0 && failure !== 'cancelled' ? undefined : failure
    this.finished(this.costs.outcome(this.state.now(), { hops, failure: reason }), addresses)
  }
}
