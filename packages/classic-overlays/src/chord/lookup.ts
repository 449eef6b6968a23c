import {
  type AnswerSource,
  type Cancel,
  Costs,
  type Failure,
  FoundPointers,
  type Key,
  type LookupOptions,
  type Outcome,
  type Pointer,
} from '@onehop/overlay'
import { equalBytes, invalid } from '@onehop/primitives'
import type { Custody } from './custody.ts'
import type { Finder } from './finding.ts'
import type { Identifier } from './identifiers.ts'
import { MAX_TRIES, NEGATIVES_TO_CONCLUDE, WIDER_PARTS } from './limits.ts'
import type { Got } from './messages.ts'
import { differentPeers } from './replication.ts'
import type { RingPeer } from './ring-entry.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'

/** What a lookup works with. */
export interface LookupParts {
  readonly state: ChordState
  readonly routing: Routing
  readonly finder: Finder
  readonly custody: Custody
}

interface Holder {
  readonly row: RingPeer
  tries: number
  isOver: boolean
}

/** One lookup: finds the key's owner and asks it, and the replicas where it says nothing or has just come. */
export class Lookup {
  private readonly parts: LookupParts
  private readonly state: ChordState
  private readonly key: Key
  private readonly target: Identifier
  private readonly options: LookupOptions
  private readonly finished: (outcome: Outcome) => void
  private readonly costs: Costs
  private readonly found: FoundPointers
  private readonly holders: Holder[] = []
  private readonly cancelDeadline: Cancel
  private cancelFinding: Cancel = () => {}
  private closeRequest: Cancel = () => {}
  private hopsToHolders = 1
  private negatives = 0
  private widenings = 0
  private silence: Failure | undefined
  private isOver = false

  constructor(parts: LookupParts, key: Key, options: LookupOptions, finished: (outcome: Outcome) => void) {
    this.parts = parts
    this.state = parts.state
    this.key = key
    this.target = this.state.space.ofKey(key)
    this.options = options
    this.found = new FoundPointers(options)
    this.finished = finished
    this.costs = new Costs(this.state.now())
    const { environment } = this.state
    this.cancelDeadline = environment.setTimer(options.deadlineMs, () => this.finish('timed out'))
  }

  /** Starts, once the node has entered the network. The deadline runs from the construction on. */
  start(): void {
    if (this.isOver) return
    const { routing } = this.parts
    const owner = routing.ownerOf(this.target)
    if (owner !== undefined) {
      this.askOwnTable()
      if (!this.isOver) this.askHolders([...owner.successors], 1)
      return
    }
    this.findHolders(this.state.chainLength)
  }

  private findHolders(limit: number): void {
    const { finder } = this.parts
    const quest = { target: this.target, why: 'lookup' as const, strict: false, limit }
    this.cancelFinding = finder.find(quest, this.costs, ({ entries, hops, failure }) => {
      if (this.isOver) return
      if (entries.length === 0) this.finish(failure ?? 'no peers')
      else {
        const rows = entries.map(entry => this.state.hold(entry))
        this.askHolders(rows, hops + 1)
        for (const row of rows) this.state.drop(row)
      }
    })
  }

  cancel(): void {
    this.finish('cancelled')
  }

  private askOwnTable(): void {
    const { custody } = this.parts
    const pointers = custody.find(this.key, this.options.limit)
    const isSettled = custody.isSettledFor(this.target)
    this.collect(pointers, 0, 'own table')
    this.conclude(pointers.length, isSettled)
  }

  private askHolders(rows: readonly RingPeer[], hops: number): void {
    this.hopsToHolders = hops
    const most = this.state.options.replicas + this.holders.length
    for (const row of differentPeers(rows, most)) {
      const isKnown = this.holders.some(holder => holder.row.peer === row.peer)
      if (!isKnown) this.holders.push({ row: this.state.hold(row.entry), tries: 0, isOver: false })
    }
    this.next()
  }

  /** Asks the owner first, then those that follow it; who let its time pass is asked again after all others. */
  private next(): void {
    let next: Holder | undefined
    for (const holder of this.holders)
      if (!holder.isOver && holder.tries < MAX_TRIES && (next === undefined || holder.tries < next.tries))
        next = holder
    if (next === undefined) this.widen()
    else if (next.row.peer === this.state.environment.self) {
      next.isOver = true
      this.askOwnTable()
      if (!this.isOver) this.next()
    } else this.ask(next)
  }

  /** Nobody has said anything: there must be others that follow, who hold the key or will. */
  private widen(): void {
    const part = this.negatives === 0 && this.found.size === 0 ? WIDER_PARTS[this.widenings++] : undefined
    const limit = Math.floor((part ?? 0) * this.state.successorLimit)
    if (this.silence === undefined || part === undefined || limit <= this.holders.length)
      this.finish(this.failure())
    else this.findHolders(limit)
  }

  private failure(): Failure {
    if (this.silence === undefined || this.negatives > 0) return 'not found'
    return this.silence
  }

  private ask(holder: Holder): void {
    const { key } = this
    const { limit } = this.options
    const { row } = holder
    holder.tries++
    this.costs.messages++
    this.costs.attempts++
    this.closeRequest = this.state.ask(row.peer, 'got', request => ({ type: 'get', request, key, limit }), {
      onReply: got => {
        holder.isOver = true
        this.onGot(row, got)
      },
      onSilence: silence => {
        if (this.isOver) return
        this.costs.timeouts++
        this.silence = silence
        if (silence === 'unreachable') holder.isOver = true
        this.state.noteSilence(row)
        this.next()
      },
    })
  }

  private onGot({ peer, identifier }: RingPeer, { pointers, isSettled }: Got): void {
    this.state.noteAnswer(identifier)
    if (!pointers.every(pointer => equalBytes(pointer.key, this.key))) {
      this.state.blame(peer, invalid('chord-wrong-key'))
      this.next()
      return
    }
    const live = pointers.filter(({ withdrawn }) => !withdrawn).slice(0, this.options.limit)
    this.parts.custody.intake.verify(live, peer, valid => {
      if (this.isOver) return
      this.collect(valid, this.hopsToHolders, this.sourceNow())
      if (!this.isOver) this.conclude(valid.length, isSettled && valid.length === live.length)
      if (!this.isOver) this.next()
    })
  }

  private sourceNow(): AnswerSource {
    if (this.costs.timeouts > 0) return 'later try'
    return this.costs.attempts === 1 ? 'first request' : 'first try'
  }

  /** What one holder's answer means for the whole. */
  private conclude(count: number, isSettled: boolean): void {
    if (this.found.isFull || (isSettled && count > 0)) this.finish(undefined)
    else if (isSettled) {
      this.negatives++
      if (this.negatives >= NEGATIVES_TO_CONCLUDE) this.finish('not found')
    }
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
    this.cancelDeadline()
    this.cancelFinding()
    this.closeRequest()
    for (const { row } of this.holders) this.state.drop(row)
    this.finished(this.found.outcome(this.costs, this.state.now(), failure))
  }
}
