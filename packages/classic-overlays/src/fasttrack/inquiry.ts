import {
  type AnswerSource,
  type Cancel,
  Costs,
  type Failure,
  isLive,
  type Key,
  type LookupOptions,
  type Outcome,
  type PeerEntry,
  type PeerHandle,
  type Pointer,
  pointerName,
} from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import type { Flooding } from './flooding.ts'
import { MAX_WANTED } from './limits.ts'
import type { Find, Found } from './messages.ts'
import type { FastTrackState } from './state.ts'

/** What an inquiry needs of its machine. */
export interface InquiryParts {
  readonly state: FastTrackState
  readonly flooding: Flooding
  readonly parent: () => PeerHandle | undefined
  /** A number for a question; answers that carry it come to {@link Inquiry.onFound}. */
  readonly number: (inquiry: Inquiry) => number
  /** It denied what another one found. */
  readonly onBad: (peer: PeerHandle) => void
  readonly onSilent: (peer: PeerHandle) => void
  readonly onGood: (peer: PeerHandle) => void
  readonly onOrigin: (pointer: Pointer, supernode: PeerEntry) => void
}

/** Whom it asks, and what it is content with. */
export interface InquiryPlan {
  readonly keys: readonly Key[]
  readonly options: LookupOptions
  /** Own pointers count. Not where others are asked whether they find them. */
  readonly looksAtHome: boolean
  /** Not the own supernode. */
  readonly foreignOnly: boolean
  readonly opinions: number
}

/** One lookup or search: its supernode is asked, and others when that one finds nothing or is silent. */
export class Inquiry {
  /** Of each asked: what is known of it. */
  private readonly asked = new Map<PeerHandle, 'asked' | 'answering' | 'waited for' | 'denied'>()
  /** Pointers that came under each number, and how many were to come. */
  private readonly told = new Map<number, number>()
  private readonly totals = new Map<number, number>()
  private readonly parts: InquiryParts
  private readonly plan: InquiryPlan
  private readonly finished: (outcome: Outcome) => void
  private readonly costs: Costs
  private readonly found = new Map<string, Pointer>()
  private readonly cancelDeadline: Cancel
  private cancelTry: Cancel = () => {}
  private stopSearch: Cancel = () => {}
  private opinionsLeft: number
  private hops = 0
  private answeredBy: AnswerSource | undefined
  private denials = 0
  private unreachable = 0
  private isRepeated = false
  private isSecondRound = false
  private isOver = false
  private current: PeerHandle | undefined

  constructor(parts: InquiryParts, plan: InquiryPlan, finished: (outcome: Outcome) => void) {
    this.parts = parts
    this.plan = plan
    this.finished = finished
    this.opinionsLeft = plan.opinions
    const { state } = parts
    this.costs = new Costs(state.now())
    this.cancelDeadline = state.environment.setTimer(plan.options.deadlineMs, () => this.onDeadline())
  }

  /** The node has entered the network, or nobody is known: called when it can begin. */
  start(): void {
    const { state, flooding } = this.parts
    if (this.isOver) return
    if (state.phase === 'new') {
      this.conclude('no peers')
      return
    }
    if (this.plan.looksAtHome) this.accept(flooding.ownMatches(this.plan.keys, this.wanted), 0, 'own table')
    if (this.isOver) return
    if (state.isSupernode && !this.plan.foreignOnly) this.search()
    else this.askNext()
  }

  cancel(): void {
    this.conclude('cancelled')
  }

  /** Who has looked and found nothing was heard; that others were silent does not change it. */
  private onDeadline(): void {
    this.conclude(this.denials > 0 ? 'not found' : 'timed out')
  }

  /** An answer, checked already. @param pointers those of its pointers that are right. */
  onFound(
    from: PeerHandle,
    { hops, supernode, last, request, ...found }: Found,
    pointers: readonly Pointer[],
  ): void {
    if (this.isOver || !this.asked.has(from)) return
    const told = (this.told.get(request) ?? 0) + found.pointers.length
    this.told.set(request, told)
    if (last) this.totals.set(request, found.total)
    const isLast = told >= (this.totals.get(request) ?? Number.POSITIVE_INFINITY)
    if (isLast && told === 0) this.asked.set(from, 'denied')
    else if (this.asked.get(from) === 'asked') this.asked.set(from, 'answering')
    if (pointers.length > 0) this.onHit(from, pointers, hops, supernode)
    if (this.isOver || !(last || isLast) || from !== this.current) return
    this.cancelTry()
    if (!isLast) {
      this.awaitMissing(from)
      return
    }
    if (this.found.size > 0) this.conclude(undefined)
    else {
      this.denials++
      this.next()
    }
  }

  onUnreachable(peer: PeerHandle): void {
    if (this.isOver || peer !== this.current) return
    this.cancelTry()
    this.unreachable++
    this.costs.timeouts++
    if (this.denials > 0) this.next()
    else this.askNext()
  }

  private get wanted(): number {
    return Math.min(MAX_WANTED, this.plan.options.limit)
  }

  private onHit(
    from: PeerHandle,
    pointers: readonly Pointer[],
    hops: number,
    supernode: PeerEntry | undefined,
  ): void {
    this.parts.onGood(from)
    for (const [other, standing] of this.asked)
      if (other !== from && standing === 'denied') this.parts.onBad(other)
    if (supernode !== undefined) for (const pointer of pointers) this.parts.onOrigin(pointer, supernode)
    this.accept(pointers, hops, this.asked.size === 1 ? 'first request' : 'later try')
  }

  private accept(pointers: readonly Pointer[], hops: number, source: AnswerSource): void {
    const { state } = this.parts
    for (const pointer of pointers) {
      const isAsked = this.plan.keys.some(key => equalBytes(key, pointer.key))
      if (this.isOver || !isAsked || !isLive(pointer, state.nowS())) continue
      const name = pointerName(pointer)
      const known = this.found.get(name)
      if (known !== undefined && known.sequence >= pointer.sequence) continue
      this.found.set(name, pointer)
      if (known !== undefined) continue
      if (this.answeredBy === undefined) {
        this.answeredBy = source
        this.hops = hops
      }
      this.plan.options.onPointer?.(pointer)
      if (this.found.size >= this.plan.options.limit) this.conclude(undefined)
    }
  }

  /** As a supernode: an own flood. */
  private search(): void {
    const { flooding, state } = this.parts
    if (this.isOver) return
    if (!flooding.hasRoom) {
      this.conclude('timed out')
      return
    }
    this.opinionsLeft--
    this.costs.attempts++
    this.costs.messages++
    const wanted = Math.max(1, this.wanted - this.found.size)
    this.stopSearch = flooding.search(this.plan.keys, wanted, {
      onPointers: (pointers, hops, supernode, from) => {
        for (const pointer of pointers) this.parts.onOrigin(pointer, supernode)
        state.handles.while(from, () => this.accept(pointers, hops, 'first request'))
      },
      onEnd: () => {
        this.denials++
        if (this.found.size > 0) this.conclude(undefined)
        else if (state.isSupernode) this.next()
        else this.askNext()
      },
    })
  }

  private next(): void {
    const { state } = this.parts
    if (this.opinionsLeft <= 0) this.conclude('not found')
    else if (state.isSupernode && !this.plan.foreignOnly) this.search()
    else this.askNext()
  }

  private askNext(): void {
    const peer = this.nextPeer()
    if (peer === undefined) {
      this.conclude(this.denials > 0 || this.found.size > 0 ? 'not found' : this.silence())
      return
    }
    this.opinionsLeft--
    this.isRepeated = false
    if (!this.asked.has(peer)) this.parts.state.handles.hold(peer)
    this.asked.set(peer, 'asked')
    this.costs.attempts++
    this.ask(peer)
  }

  /** The last message is here and some before it are not: late, or lost. */
  private awaitMissing(peer: PeerHandle): void {
    const { state } = this.parts
    this.asked.set(peer, 'waited for')
    const missing = () => {
      if (this.found.size > 0) this.conclude(undefined)
      else if (this.isRepeated) this.onTimeout(peer)
      else {
        this.isRepeated = true
        this.ask(peer)
      }
    }
    this.cancelTry = state.environment.setTimer(state.requests.timeoutMsOf(peer), missing)
  }

  private silence(): Failure {
    if (this.asked.size === 0) return 'no peers'
    return this.unreachable === this.asked.size ? 'unreachable' : 'timed out'
  }

  /** The own supernode, then others that are known, at random. */
  private nextPeer(): PeerHandle | undefined {
    const { state, parent } = this.parts
    const own = parent()
    if (!this.plan.foreignOnly && own !== undefined && !this.asked.has(own)) return own
    const others = state.cache
      .supernodes()
      .filter(peer => peer !== own && !this.asked.has(peer) && !state.cache.isDistrusted(peer))
    return others[Math.floor(state.environment.random() * others.length)] ?? this.askedPeer(own)
  }

  /** Nobody else is left: those who said nothing are asked once more, or for another opinion who has given one. */
  private askedPeer(own: PeerHandle | undefined): PeerHandle | undefined {
    for (const [peer, standing] of this.asked) {
      if (this.isSecondRound || standing === 'denied') continue
      this.isSecondRound = true
      return peer
    }
    if (this.denials === 0 || this.opinionsLeft <= 0) return undefined
    return own !== undefined && this.asked.has(own) ? own : this.asked.keys().next().value
  }

  private ask(peer: PeerHandle): void {
    const { state } = this.parts
    const { keys } = this.plan
    this.current = peer
    const limit = Math.max(1, this.wanted - (this.plan.looksAtHome ? this.found.size : 0))
    const find: Find = { type: 'find', request: this.parts.number(this), keys, limit }
    this.costs.messages++
    state.send(peer, find)
    const timeoutMs = state.requests.timeoutMsOf(peer)
    this.cancelTry = state.environment.setTimer(timeoutMs, () => this.onTimeout(peer))
  }

  /** Nothing at all: once more, for messages get lost. A first answer without the last: the flood has its time. */
  private onTimeout(peer: PeerHandle): void {
    if (this.isOver || peer !== this.current) return
    const { state, onSilent } = this.parts
    if (this.asked.get(peer) === 'answering') {
      this.asked.set(peer, 'waited for')
      const floodMs = state.options.windowMs + 2 * state.options.defaultTimeoutMs
      this.cancelTry = state.environment.setTimer(floodMs, () => this.onTimeout(peer))
      return
    }
    if (this.asked.get(peer) === 'asked' && !this.isRepeated) {
      this.isRepeated = true
      this.ask(peer)
      return
    }
    this.costs.timeouts++
    onSilent(peer)
    if (this.found.size > 0) this.conclude(undefined)
    else if (this.denials > 0) this.next()
    else this.askNext()
  }

  private conclude(failure: Failure | undefined): void {
    if (this.isOver) return
    this.isOver = true
    this.cancelDeadline()
    this.cancelTry()
    this.stopSearch()
    const { state } = this.parts
    for (const peer of this.asked.keys()) state.handles.drop(peer)
    const isFound = this.found.size > 0 && failure !== 'cancelled'
    const reason = isFound ? undefined : (failure ?? 'not found')
    this.finished(
      this.costs.outcome(state.now(), {
        pointers: isFound ? [...this.found.values()] : [],
        hops: isFound ? this.hops : 0,
        answeredBy: isFound ? this.answeredBy : undefined,
        failure: reason,
      }),
    )
  }
}
