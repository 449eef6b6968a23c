import { keyHash32 } from '@onehop/overlay'
import type { Cancel, Failure, Key, LookupOptions, Outcome, PeerHandle, Pointer } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import type { Intake } from './intake.ts'
import {
  MAX_LOOKUP_ATTEMPTS,
  MAX_TAUGHT_PER_ANSWER,
  MAX_TRIES_PER_PEER,
  NEGATIVES_TO_CONCLUDE,
  UNSETTLED_ANSWERS_TO_CONCLUDE,
} from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Found } from './messages.ts'
import { Costs } from './outcome.ts'
import type { Requests, Silence } from './requests.ts'
import type { KelipsState } from './state.ts'

/** Somebody to ask, and how far away: 1 whom we know ourselves, 2 whom one of those named, and so on. */
interface Candidate {
  readonly peer: PeerHandle
  readonly depth: number
}

interface Asked {
  tries: number
  depth: number
  silence: Silence | undefined
}

/**
 * One lookup: the ladder from the own table to the closest contact of the key's group, to the next ones, to those
 * that others name, to anybody who may know somebody, and to another try of those who stayed silent.
 */
export class Lookup {
  private readonly state: KelipsState
  private readonly requests: Requests
  private readonly intake: Intake
  private readonly key: Key
  private readonly options: LookupOptions
  private readonly finished: (outcome: Outcome) => void
  private readonly costs: Costs
  private readonly asked = new Map<PeerHandle, Asked>()
  private readonly taught: Candidate[] = []
  private readonly closers: Cancel[] = []
  private readonly found = new Map<string, Pointer>()
  private hops = 0
  private negatives = 0
  private unsettledAnswers = 0
  private isOver = false

  constructor(
    parts: { readonly state: KelipsState; readonly requests: Requests; readonly intake: Intake },
    key: Key,
    options: LookupOptions,
    finished: (outcome: Outcome) => void,
  ) {
    this.state = parts.state
    this.requests = parts.requests
    this.intake = parts.intake
    this.key = key
    this.options = options
    this.finished = finished
    this.costs = new Costs(this.state.now())
  }

  /** Starts, once the node has entered the network. The deadline runs from the construction on. */
  start(): void {
    if (this.isOver) return
    if (this.state.isHolder(this.key)) {
      this.collect(this.ownPointers(), 0)
      if (this.found.size > 0 && this.state.settled) this.conclude()
      else if (this.state.settled) this.negatives++
    }
    this.next()
  }

  /** The deadline has passed. */
  expire(): void {
    this.finish('timed out')
  }

  cancel(): void {
    this.finish('cancelled')
  }

  private ownPointers(): Pointer[] {
    return this.state.filetuples.find(this.key, this.state.nowS(), this.options.limit)
  }

  private next(): void {
    if (this.isOver) return
    const candidate = this.costs.attempts < MAX_LOOKUP_ATTEMPTS ? this.nextCandidate() : undefined
    if (candidate === undefined) this.conclude()
    else this.ask(candidate)
  }

  private nextCandidate(): Candidate | undefined {
    return (
      this.unasked(this.state.coveringPeers(keyHash32(this.key))) ??
      this.takeTaught() ??
      (this.negatives === 0 ? this.desperate() : undefined)
    )
  }

  private unasked(peers: readonly PeerHandle[]): Candidate | undefined {
    const peer = peers.find(other => !this.asked.has(other))
    return peer === undefined ? undefined : { peer, depth: 1 }
  }

  private takeTaught(): Candidate | undefined {
    for (let next = this.taught.shift(); next !== undefined; next = this.taught.shift()) {
      const isNew = !this.asked.has(next.peer)
      if (isNew) this.markAsked(next)
      this.state.handles.drop(next.peer)
      if (isNew) return next
    }
    return undefined
  }

  /** Members of the groups that follow, and everybody else known. */
  private unaskedElsewhere(): Candidate | undefined {
    return this.unasked([...this.state.roster.peers()])
  }

  /** Nobody responsible has answered: once more, then those who may know somebody, then to the end. */
  private desperate(): Candidate | undefined {
    return this.silentOne(2) ?? this.unaskedElsewhere() ?? this.silentOne(MAX_TRIES_PER_PEER)
  }

  /** Messages get lost: a peer that stayed silent is asked again, those least tried first. */
  private silentOne(mostTries: number): Candidate | undefined {
    let best: Candidate | undefined
    let leastTries = mostTries
    for (const [peer, { silence, tries, depth }] of this.asked) {
      if (silence !== 'timed out' || tries >= leastTries) continue
      best = { peer, depth }
      leastTries = tries
    }
    return best
  }

  private markAsked({ peer, depth }: Candidate): Asked {
    const known = this.asked.get(peer)
    if (known !== undefined) return known
    const asked = { tries: 0, depth, silence: undefined }
    this.asked.set(this.state.handles.hold(peer), asked)
    return asked
  }

  private ask(candidate: Candidate): void {
    const { peer } = candidate
    const asked = this.markAsked(candidate)
    asked.tries++
    this.costs.attempts++
    this.costs.messages++
    const { key, options } = this
    this.closers.push(
      this.requests.send(peer, request => ({ type: 'find', request, key, limit: options.limit }), {
        onReply: reply => {
          asked.silence = undefined
          if (reply.type === 'found') this.onFound(peer, asked.depth, reply)
        },
        onSilence: silence => {
          asked.silence = silence
          this.next()
        },
      }),
    )
  }

  private onFound(from: PeerHandle, depth: number, answer: Found): void {
    const { key } = this
    const matching = answer.pointers.filter(
      pointer => bytesKey(pointer.key) === bytesKey(key) && !pointer.withdrawn,
    )
    this.intake.verify(matching, from, valid => {
      if (this.isOver) return
      this.collect(valid, depth)
      if (valid.length > 0) this.onPositive(answer.settled)
      else this.learn(from, depth, answer.members, () => this.onNegative(answer.settled))
    })
  }

  private onPositive(isSettled: boolean): void {
    if (!isSettled) this.unsettledAnswers++
    const isFull = this.found.size >= this.options.limit
    if (isSettled || isFull || this.unsettledAnswers >= UNSETTLED_ANSWERS_TO_CONCLUDE) this.conclude()
    else this.next()
  }

  /** One empty answer may be a liar's or a newcomer's: a second member is asked before it is believed. */
  private onNegative(isSettled: boolean): void {
    if (isSettled) this.negatives++
    if (this.negatives >= NEGATIVES_TO_CONCLUDE) this.conclude()
    else this.next()
  }

  private collect(pointers: readonly Pointer[], depth: number): void {
    for (const pointer of pointers) {
      const provider = bytesKey(pointer.provider)
      const name = pointer.target === undefined ? provider : `${provider}/${bytesKey(pointer.target)}`
      if (this.found.has(name) || this.found.size >= this.options.limit) continue
      if (this.found.size === 0) this.hops = depth
      this.found.set(name, pointer)
      this.options.onPointer?.(pointer)
      if (this.isOver) return
    }
  }

  /** Members that an answer names become candidates. */
  private learn(from: PeerHandle, depth: number, entries: readonly MemberEntry[], done: () => void): void {
    const { handles, environment } = this.state
    const useful = entries.slice(0, MAX_TAUGHT_PER_ANSWER)
    this.intake.members(useful, from, () => {
      if (this.isOver) return
      for (const { record } of useful) {
        handles.with(record.id, peer => {
          if (peer === environment.self || this.asked.has(peer)) return
          this.taught.push({ peer: handles.hold(peer), depth: depth + 1 })
        })
      }
      done()
    })
  }

  private conclude(): void {
    if (this.isOver) return
    if (this.found.size === 0) this.collect(this.ownPointers(), 0)
    this.finish(this.found.size > 0 ? undefined : this.failure())
  }

  private failure(): Failure {
    const silences = [...this.asked.values()].map(({ silence }) => silence)
    if (this.negatives > 0) return 'not found'
    if (silences.includes('timed out')) return 'timed out'
    if (silences.includes(undefined)) return 'not found'
    if (silences.length > 0) return 'unreachable'
    return this.state.settled ? 'not found' : 'no peers'
  }

  private finish(failure: Failure | undefined): void {
    if (this.isOver) return
    this.isOver = true
    for (const close of this.closers) close()
    for (const peer of this.asked.keys()) this.state.handles.drop(peer)
    for (const { peer } of this.taught.splice(0)) this.state.handles.drop(peer)
    const pointers = [...this.found.values()]
    const reason = pointers.length > 0 && failure !== 'cancelled' ? undefined : failure
    this.finished(this.costs.outcome(this.state.now(), { pointers, hops: this.hops, failure: reason }))
  }
}
