import {
  type AnswerSource,
  type Cancel,
  Costs,
  type Failure,
  FoundPointers,
  internEntry,
  type Key,
  type LookupOptions,
  type Outcome,
  type PeerEntry,
  type PeerHandle,
  type Pointer,
  type Requests,
} from '@onehop/overlay'
import { equalBytes, invalid } from '@onehop/primitives'
import type { Forwarding } from './forwarding.ts'
import type { Journeys } from './journeys.ts'
import { DENIALS_TO_CONCLUDE, MAX_TRIES } from './limits.ts'
import type { Found, PastryMessage, Reply } from './messages.ts'
import type { PastryState } from './state.ts'
import type { Store } from './store.ts'

/** What a lookup needs of the machine. */
export interface LookupParts {
  readonly state: PastryState
  readonly requests: Requests<PastryMessage, Reply>
  readonly journeys: Journeys
  readonly forwarding: Forwarding
  readonly store: Store
}

/**
 * One lookup: routed to the node closest to the key. When that has nothing, the other holders are asked before the
 * answer is "not found"; when it does not answer, the request goes by other ways.
 */
export class Lookup {
  private readonly parts: LookupParts
  private readonly key: Key
  private readonly options: LookupOptions
  private readonly finished: (outcome: Outcome) => void
  private readonly costs: Costs
  private readonly found: FoundPointers
  private readonly cancels: Cancel[] = []
  private denials = 0
  private isOver = false

  constructor(parts: LookupParts, key: Key, options: LookupOptions, finished: (outcome: Outcome) => void) {
    this.parts = parts
    this.key = key
    this.options = options
    this.found = new FoundPointers(options)
    this.finished = finished
    this.costs = new Costs(parts.state.now())
    this.cancels.push(parts.state.environment.setTimer(options.deadlineMs, () => this.finish('timed out')))
  }

  /** Starts, once the node has entered the network. The deadline runs from the construction on. */
  start(): void {
    if (this.isOver) return
    if (this.parts.state.isInNetwork) this.attempt()
    else this.finish('no peers')
  }

  cancel(): void {
    this.finish('cancelled')
  }

  private attempt(): void {
    const { journeys, forwarding, state } = this.parts
    const attempt = this.costs.attempts++
    const begin = (number: number) => {
      const route = { request: 0, hops: 0, detours: 0, attempt, origin: state.own, number }
      const { limit } = this.options
      forwarding.start({ type: 'route', errand: 'get', key: this.key, limit, ...route }, this.costs)
    }
    const cancel = journeys.begin(
      begin,
      (arrival, from) => {
        if (arrival.type === 'found') this.onFound(arrival, from)
        else this.tryAgain()
      },
      () => {
        this.costs.timeouts++
        this.tryAgain()
      },
    )
    this.addCancel(cancel)
  }

  private tryAgain(): void {
    if (this.isOver) return
    if (this.costs.attempts < MAX_TRIES) this.attempt()
    else this.concludeWithoutAnswer()
  }

  private onFound({ hops, pointers, members }: Found, from: PeerHandle): void {
    const isOwn = from === this.parts.state.environment.self
    const again = this.costs.attempts > 1 ? 'later try' : 'first request'
    this.collect(from, pointers, hops, isOwn ? 'own table' : again, isGood => {
      if (this.found.size > 0) this.finish(undefined)
      else if (isGood && (members.length > 0 || this.isDenialEnough())) this.askOthers(members, hops + 1)
      else this.tryAgain()
    })
  }

  /**
   * Who has nothing names the other holders, unless it knows that the pointers were withdrawn, or lies. Others are asked
   * before it is believed; whoever is alone has nobody to ask.
   */
  private isDenialEnough(): boolean {
    this.denials++
    return this.denials >= DENIALS_TO_CONCLUDE || this.parts.state.leafSet.members.length === 0
  }

  /** The closest node has nothing: it may have come just now, or lie. The others that should hold the key are asked. */
  private askOthers(members: readonly PeerEntry[], hops: number): void {
    const { state } = this.parts
    let open = 1
    const end = () => {
      open--
      if (open === 0) this.conclude()
    }
    for (const member of members.slice(0, state.options.replicas)) {
      if (equalBytes(member.id, state.own.id)) continue
      open++
      this.fetch(member, hops, end)
    }
    end()
  }

  private fetch(member: PeerEntry, hops: number, end: () => void): void {
    const { state, requests } = this.parts
    const { key, costs } = this
    const { limit } = this.options
    costs.messages++
    const cancel = state.handles.while(internEntry(state.environment, member), peer =>
      requests.send(peer, request => ({ type: 'fetch', request, key, limit }), {
        onReply: (reply, from) => {
          const pointers = reply.type === 'found' ? reply.pointers : []
          this.collect(from, pointers, hops, 'later try', end)
        },
        onSilence: () => {
          costs.timeouts++
          end()
        },
      }),
    )
    this.addCancel(cancel)
  }

  /** Takes pointers that somebody answered. @param done told whether all of them were genuine. */
  private collect(
    from: PeerHandle,
    pointers: readonly Pointer[],
    hops: number,
    source: AnswerSource,
    done: (isGood: boolean) => void,
  ): void {
    const { state, store } = this.parts
    if (!pointers.every(({ key }) => equalBytes(key, this.key))) {
      state.blame(from, invalid('pastry-wrong-key'))
      done(false)
      return
    }
    store.intake.verify(pointers, from, valid => {
      if (this.isOver) return
      for (const pointer of valid) this.take(pointer, hops, source)
      if (!this.isOver) done(valid.length === pointers.length)
    })
  }

  private take(pointer: Pointer, hops: number, source: AnswerSource): void {
    if (!pointer.withdrawn && !this.isOver) this.found.take(pointer, hops, source)
  }

  private conclude(): void {
    this.takeOwn()
    this.finish(this.found.size > 0 ? undefined : 'not found')
  }

  private concludeWithoutAnswer(): void {
    this.takeOwn()
    this.finish('timed out')
  }

  /** We hold the key too, though others are closer to it. */
  private takeOwn(): void {
    const own = this.parts.store.find(this.key, this.options.limit)
    for (const pointer of own) this.take(pointer, 0, 'own table')
  }

  private addCancel(cancel: Cancel): void {
    if (this.isOver) cancel()
    else this.cancels.push(cancel)
  }

  private finish(failure: Failure | undefined): void {
    if (this.isOver) return
    this.isOver = true
    for (const cancel of this.cancels) cancel()
    this.finished(this.found.outcome(this.costs, this.parts.state.now(), failure))
  }
}
