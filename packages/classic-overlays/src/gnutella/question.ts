import {
  type AnswerSource,
  type Cancel,
  Costs,
  type Failure,
  type LookupOptions,
  type Outcome,
  type Pointer,
  pointerName,
  rankContents,
} from '@onehop/overlay'
import { bytesKey, invalid } from '@onehop/primitives'
import { type DescriptorId, newDescriptorId } from './descriptor-id.ts'
import type { Flooding } from './flooding.ts'
import { MAX_FOUND_POINTERS, MAX_TTL_AND_HOPS } from './limits.ts'
import type { QueryHit, Sought } from './messages.ts'
import type { Neighbour } from './neighbours.ts'
import type { GnutellaState } from './state.ts'

/** Answers are waited for as long as this many of the slowest known round trips, for every hop of the flood. */
const WINDOW_FACTOR = 1.5

/** Where questions send and register. */
export interface QuestionParts {
  readonly state: GnutellaState
  readonly flooding: Flooding
  /** Floods of questions that are under way, by the lower half of their ids. */
  readonly floods: Map<number, Question>
}

/** One lookup or search: a flood, or several one after the other, until enough was found or the time is over. */
export class Question {
  private readonly parts: QuestionParts
  private readonly sought: Sought
  private readonly options: LookupOptions
  private readonly finished: (outcome: Outcome) => void
  private readonly costs: Costs
  private readonly found = new Map<string, Pointer>()
  private readonly ids: DescriptorId[] = []
  private hops = 0
  private answeredBy: AnswerSource | undefined
  private cancelWindow: Cancel | undefined
  private cancelDeadline: Cancel | undefined
  private floodsLeft: number[]
  private isOver = false

  constructor(
    parts: QuestionParts,
    sought: Sought,
    options: LookupOptions,
    finished: (outcome: Outcome) => void,
  ) {
    this.parts = parts
    this.sought = sought
    this.options = options
    this.finished = finished
    const { state } = parts
    this.costs = new Costs(state.now())
    const { ringTtls, ttl, queryAttempts } = state.options
    this.floodsLeft = [...ringTtls, ...new Array<number>(queryAttempts - 1).fill(ttl)]
    this.cancelDeadline = state.environment.setTimer(options.deadlineMs, () => this.onDeadline())
  }

  /** Starts, once the node is in the network. */
  start(): void {
    if (this.isOver) return
    const { state } = this.parts
    if (state.phase !== 'entered') this.finish('no peers')
    else {
      const own = state.files.matching(this.sought)
      this.collect(
        own.map(({ pointer }) => pointer),
        0,
        'own table',
      )
      if (this.hasEnough()) this.finish(undefined)
      else this.flood()
    }
  }

  cancel(): void {
    this.finish('cancelled')
  }

  /** One question too many is under way, and this is the oldest. */
  drop(): void {
    this.finish('timed out')
  }

  onHit({ id, hops, results }: QueryHit, from: Neighbour): void {
    if (!this.ids.some(own => own.high === id.high)) return
    const pointers = results.map(({ pointer }) => pointer)
    const { keys } = this.sought
    const fitting = pointers.filter(({ key, withdrawn }) => keys.includes(bytesKey(key)) && !withdrawn)
    const isOwnAnswer = hops === 0
    const { state } = this.parts
    if (isOwnAnswer && pointers.some(({ key }) => !keys.includes(bytesKey(key))))
      state.blame(from, invalid('gnutella-wrong-key'))
    const sender = isOwnAnswer ? from.peer : state.environment.self
    state.intake.verify(fitting, sender, valid =>
      this.onPointers(valid, Math.min(hops, MAX_TTL_AND_HOPS) + 1),
    )
  }

  private onPointers(valid: readonly Pointer[], hops: number): void {
    if (this.isOver) return
    this.collect(valid, hops, this.ids.length > 1 ? 'later try' : 'first request')
    if (this.hasEnough()) this.finish(undefined)
  }

  private flood(): void {
    const { state, flooding, floods } = this.parts
    const ttl = this.floodsLeft.shift()
    if (ttl === undefined) {
      this.finish(this.found.size > 0 ? undefined : 'not found')
      return
    }
    const id = newDescriptorId(state.environment)
    this.ids.push(id)
    floods.set(id.low, this)
    const sent = flooding.beginQuery({
      type: 'query',
      id,
      ttl,
      hops: 0,
      sought: this.sought,
      next: undefined,
    })
    this.costs.messages += sent
    this.costs.attempts += sent
    if (sent === 0) this.finish(this.found.size > 0 ? undefined : this.lonelyFailure())
    else this.cancelWindow = state.environment.setTimer(this.windowMs(ttl), () => this.onWindowEnd())
  }

  /** Nobody has it where this node is all there is. Where there were others, they may have it. */
  private lonelyFailure(): Failure {
    return this.parts.state.hosts.size > 0 ? 'no peers' : 'not found'
  }

  private windowMs(ttl: number): number {
    const { options, neighbours } = this.parts.state
    const slowestMs = neighbours.slowestMs()
    const wantedMs =
      slowestMs === undefined ? options.mostWindowMs / 2 : WINDOW_FACTOR * slowestMs * (ttl + 1)
    return Math.ceil(Math.max(options.leastWindowMs, Math.min(options.mostWindowMs, wantedMs)))
  }

  private onWindowEnd(): void {
    if (this.found.size > 0) this.finish(undefined)
    else this.flood()
  }

  private onDeadline(): void {
    this.finish(this.found.size > 0 ? undefined : 'timed out')
  }

  /** A search weighs contents against one another, so it waits for all of them. */
  private hasEnough(): boolean {
    return this.sought.words === undefined && this.found.size >= this.options.limit
  }

  private collect(pointers: readonly Pointer[], hops: number, source: AnswerSource): void {
    for (const pointer of pointers) {
      if (this.hasEnough() || this.found.size >= MAX_FOUND_POINTERS) return
      const name = pointerName(pointer)
      const known = this.found.get(name)
      if (known !== undefined && known.sequence >= pointer.sequence) continue
      this.found.set(name, pointer)
      if (known === undefined) this.options.onPointer?.(pointer)
      if (this.answeredBy !== undefined) continue
      this.answeredBy = source
      this.hops = hops
    }
  }

  private finish(failure: Failure | undefined): void {
    if (this.isOver) return
    this.isOver = true
    this.cancelWindow?.()
    this.cancelDeadline?.()
    const { floods, state } = this.parts
    for (const { low } of this.ids) if (floods.get(low) === this) floods.delete(low)
    const pointers = failure === undefined ? this.best() : []
    const reason = failure ?? (pointers.length === 0 ? 'not found' : undefined)
    const { hops, answeredBy } = this
    this.finished(
      this.costs.outcome(state.now(), {
        ...{ pointers, hops: pointers.length === 0 ? 0 : hops, failure: reason },
        answeredBy: pointers.length === 0 ? undefined : answeredBy,
      }),
    )
  }

  /** Of a search all pointers to the best contents, content by content. */
  private best(): Pointer[] {
    const pointers = [...this.found.values()]
    const { words } = this.sought
    if (words === undefined) return pointers
    const contents = rankContents(words, pointers).slice(0, Math.max(1, this.options.limit))
    return contents.flatMap(content => content.pointers)
  }
}
