import {
  type Cancel,
  Costs,
  type Key,
  type Outcome,
  OwnPublications,
  type Pointer,
  type Publication,
  publicationId,
  sideBySide,
} from '@onehop/overlay'
import type { Forwarding } from './forwarding.ts'
import type { Journeys } from './journeys.ts'
import { MAX_PUBLICATIONS, MAX_RENEWALS_PER_TICK, MAX_TRIES } from './limits.ts'
import type { PastryState } from './state.ts'

/** What publishing needs of the machine. */
export interface PublisherParts {
  readonly state: PastryState
  readonly forwarding: Forwarding
  readonly journeys: Journeys
}

/** What this node says that it has: routed to the node closest to each key, and again before it expires. */
export class Publisher {
  private readonly parts: PublisherParts
  private readonly own: OwnPublications
  /** Publications that nobody holds yet. */
  private readonly unplaced = new Set<string>()
  private readonly pauses = new Set<Cancel>()

  constructor(parts: PublisherParts) {
    this.parts = parts
    const { environment, options } = parts.state
    this.own = new OwnPublications(environment, {
      lifetimeMs: options.pointerLifetimeMs,
      refreshMs: options.pointerRefreshMs,
      limit: MAX_PUBLICATIONS,
    })
  }

  get size(): number {
    return this.own.size
  }

  /** @throws {AssertionError} for a publication that no pointer can be made of, and for one too many. */
  assertPublishable(publication: Publication): void {
    this.own.assertPublishable(publication)
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    const pointer = this.own.put(publication)
    const name = publicationId(pointer.key, pointer.target)
    this.unplaced.add(name)
    this.place(pointer, outcome => {
      if (outcome.failure === undefined) this.unplaced.delete(name)
      done(outcome)
    })
  }

  /** Takes over a publication that its holders have already. */
  adopt(publication: Publication): Pointer {
    return this.own.put(publication)
  }

  withdraw(key: Key, target: Uint8Array | undefined, done: (outcome: Outcome) => void): void {
    const removed = this.own.remove(key, target)
    if (removed.length === 0) {
      const nowMs = this.parts.state.now()
      done(new Costs(nowMs).outcome(nowMs, { failure: 'not found' }))
      return
    }
    for (const pointer of removed) this.unplaced.delete(publicationId(pointer.key, pointer.target))
    sideBySide(removed, (pointer, placed) => this.place(pointer, placed), done)
  }

  /** We leave: takes everything back, without waiting for an answer. @returns what says so. */
  withdrawAll(): readonly Pointer[] {
    const withdrawn = this.own.removeAll()
    for (const pointer of withdrawn) this.send(pointer, 0, 0, undefined)
    this.unplaced.clear()
    return withdrawn
  }

  stop(): void {
    for (const cancel of this.pauses) cancel()
    this.pauses.clear()
  }

  /** Renews what is due, and publishes what has failed. */
  tick(): void {
    if (!this.parts.state.isInNetwork) return
    const due = this.own.renewDue(MAX_RENEWALS_PER_TICK)
    for (const pointer of due) this.place(pointer, () => {})
    for (const name of [...this.unplaced].slice(0, MAX_RENEWALS_PER_TICK)) this.placeAgain(name)
  }

  private placeAgain(name: string): void {
    this.unplaced.delete(name)
    for (const pointer of this.own.pointers())
      if (publicationId(pointer.key, pointer.target) === name)
        this.place(pointer, ({ failure }) => {
          if (failure !== undefined && this.own.find(pointer.key, pointer.target)) this.unplaced.add(name)
        })
  }

  /** Routes the pointer to its place; by another way when no answer comes. */
  private place(pointer: Pointer, done: (outcome: Outcome) => void): void {
    const { state } = this.parts
    const costs = new Costs(state.now())
    if (state.isInNetwork) this.attempt(pointer, costs, done)
    else done(costs.outcome(state.now(), { failure: 'no peers' }))
  }

  private get isAloneResponsible(): boolean {
    const { leafSet, options } = this.parts.state
    return options.replicas === 1 || leafSet.members.length === 0
  }

  private attempt(pointer: Pointer, costs: Costs, done: (outcome: Outcome) => void): void {
    const { state, journeys } = this.parts
    journeys.begin(
      number => this.send(pointer, number, costs.attempts++, costs),
      arrival => {
        const held = arrival.type === 'stored' ? arrival.held : 0
        const isHeld = held > 0 || (arrival.hops === 0 && this.isAloneResponsible)
        const failure = isHeld ? undefined : 'not acknowledged'
        if (!isHeld && costs.attempts < MAX_TRIES) this.attemptLater(pointer, costs, done)
        else done(costs.outcome(state.now(), { hops: arrival.hops, acknowledgements: held, failure }))
      },
      () => {
        if (costs.attempts < MAX_TRIES) this.attempt(pointer, costs, done)
        else done(costs.outcome(state.now(), { failure: 'timed out' }))
      },
    )
  }

  /** Nobody takes it: whoever answered may not know yet who is responsible. */
  private attemptLater(pointer: Pointer, costs: Costs, done: (outcome: Outcome) => void): void {
    const { environment, options } = this.parts.state
    const cancel = environment.setTimer(options.settleMs, () => {
      this.pauses.delete(cancel)
      this.attempt(pointer, costs, done)
    })
    this.pauses.add(cancel)
  }

  private send(pointer: Pointer, number: number, attempt: number, costs: Costs | undefined): void {
    const { forwarding, state } = this.parts
    const route = { request: 0, hops: 0, detours: 0, attempt, origin: state.own, number }
    forwarding.start({ type: 'route', errand: 'put', pointers: [pointer], ...route }, costs)
  }
}
