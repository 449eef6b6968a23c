import {
  type AnswerSource,
  Costs,
  type Failure,
  FoundPointers,
  type Key,
  keyHash32,
  type LookupOptions,
  type Outcome,
  type Pointer,
} from '@onehop/overlay'
import { equalBytes, invalid } from '@onehop/primitives'
import type { Intake } from './intake.ts'
import { MAX_TAUGHT_PER_ANSWER, UNSETTLED_ANSWERS_TO_CONCLUDE } from './limits.ts'
import type { Find, Found } from './messages.ts'
import type { Requests } from './requests.ts'
import type { Step } from './rungs.ts'
import type { KelipsState } from './state.ts'
import { type Goal, Walk, type Worth } from './walk.ts'

/** One lookup: the own table, then a {@link Walk} to those who hold the key, until somebody has pointers or nobody can. */
export class Lookup implements Goal {
  readonly hash32: number
  private readonly state: KelipsState
  private readonly intake: Intake
  private readonly key: Key
  private readonly options: LookupOptions
  private readonly finished: (outcome: Outcome) => void
  private readonly costs: Costs
  private readonly walk: Walk
  private readonly found: FoundPointers
  private unsettledAnswers = 0
  private isOver = false

  constructor(
    parts: { readonly state: KelipsState; readonly requests: Requests; readonly intake: Intake },
    key: Key,
    options: LookupOptions,
    finished: (outcome: Outcome) => void,
  ) {
    this.state = parts.state
    this.intake = parts.intake
    this.key = key
    this.hash32 = keyHash32(key)
    this.options = options
    this.found = new FoundPointers(options)
    this.finished = finished
    this.costs = new Costs(this.state.now())
    this.walk = new Walk({ ...parts, costs: this.costs }, this)
  }

  /** Starts, once the node has entered the network. The deadline runs from the construction on. */
  start(): void {
    if (this.isOver) return
    const { holders } = this.state
    const isSettled = this.state.isSettledFor(this.hash32)
    if (holders.isPrimary(this.hash32)) {
      this.collect(this.ownPointers(), 0, 'own table')
      if (this.found.size > 0 && isSettled) this.onEnd()
    }
    if (!this.isOver) this.walk.begin(holders.isPrimary(this.hash32) && isSettled)
  }

  /** The deadline has passed. */
  expire(): void {
    this.finish('timed out')
  }

  cancel(): void {
    this.finish('cancelled')
  }

  ask(request: number): Find {
    return { type: 'find', request, key: this.key, limit: this.options.limit }
  }

  judge(answer: Found, from: Step, judged: (worth: Worth) => void): void {
    const { peer } = from
    if (!answer.pointers.every(pointer => equalBytes(pointer.key, this.key))) {
      this.state.trust.blame(peer, invalid('kelips-wrong-key'))
      judged('false')
      return
    }
    const live = answer.pointers.filter(pointer => !pointer.withdrawn).slice(0, this.options.limit)
    this.intake.verify(live, peer, valid => {
      if (this.isOver) return
      if (valid.length > 0) this.onPointers(valid, from, answer.settled, judged)
      else if (live.length > 0) judged('false')
      else
        this.intake.vouch(answer.members.slice(0, MAX_TAUGHT_PER_ANSWER), peer, () =>
          judged(answer.settled ? 'negative' : 'nothing'),
        )
    })
  }

  /** Everybody of use has been asked, or enough has been found. */
  onEnd(): void {
    if (this.isOver) return
    if (this.found.size === 0) this.collect(this.ownPointers(), 0, 'own table')
    this.finish(this.found.size > 0 ? undefined : this.walk.failure())
  }

  private ownPointers(): Pointer[] {
    return this.state.filetuples.find(this.key, this.state.nowS(), this.options.limit)
  }

  private onPointers(
    valid: readonly Pointer[],
    { peer, hops }: Step,
    isSettled: boolean,
    judged: (worth: Worth) => void,
  ): void {
    this.collect(valid, hops, this.walk.sourceOf(peer))
    this.state.trust.vindicate(peer)
    if (!isSettled) this.unsettledAnswers++
    const isEnough = isSettled || this.found.isFull || this.unsettledAnswers >= UNSETTLED_ANSWERS_TO_CONCLUDE
    judged(isEnough ? 'enough' : 'some')
  }

  private collect(pointers: readonly Pointer[], hops: number, source: AnswerSource): void {
    for (const pointer of pointers) {
      this.found.take(pointer, hops, source)
      if (this.isOver) return
    }
  }

  private finish(failure: Failure | undefined): void {
    if (this.isOver) return
    this.isOver = true
    if (this.found.size > 0) this.doubtDeniers()
    this.walk.stop()
    this.finished(this.found.outcome(this.costs, this.state.now(), failure))
  }

  /** They said that there is nothing where there was something. */
  private doubtDeniers(): void {
    for (const peer of this.walk.deniersAsked()) this.state.trust.doubt(peer)
  }
}
