import type { PeerHandle } from '@onehop/overlay'
import {
  type Cancel,
  Costs,
  type Failure,
  type Key,
  type Outcome,
  type Pointer,
  type Publication,
  publicationId,
} from '@onehop/overlay'
import { REGISTER_BATCH, REGISTRATIONS_AT_ONCE, RENEWALS_PER_TICK } from './limits.ts'
import type { FastTrackState } from './state.ts'

/** Somebody waits until a registration is confirmed. */
interface Waiter {
  readonly costs: Costs
  readonly done: (outcome: Outcome) => void
}

/** A pointer that the supernode has not confirmed yet. */
interface Registration {
  pointer: Pointer
  moved: boolean
  isSent: boolean
  readonly waiters: Waiter[]
}

/** What the registrar needs of its machine. */
export interface RegistrarParts {
  readonly state: FastTrackState
  readonly parent: () => PeerHandle | undefined
  /** It does not answer, or says that this node is no child of it. */
  readonly onRefused: (parent: PeerHandle) => void
  /** Supernodes that may still have this node's pointers. */
  readonly formerParents: () => readonly PeerHandle[]
}

/** What this node has, as its supernode is to know it: registered, renewed, taken back, and moved to the next one. */
export class Registrar {
  /** All that was to be registered is. */
  onSettled: () => void = () => {}
  private readonly parts: RegistrarParts
  private readonly waiting = new Map<string, Registration>()
  private readonly timers = new Set<Cancel>()
  private underWay = 0
  /** Counts supernodes: what one was sent, the next does not have. */
  private epoch = 0

  constructor(parts: RegistrarParts) {
    this.parts = parts
  }

  get size(): number {
    return this.waiting.size
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    this.begin([this.parts.state.own.put(publication)], done)
  }

  withdraw(key: Key, target: Uint8Array | undefined, done: (outcome: Outcome) => void): void {
    const { state, formerParents } = this.parts
    const removed = state.own.remove(key, target)
    if (removed.length === 0) {
      done(new Costs(state.now()).outcome(state.now(), { failure: 'not found' }))
      return
    }
    for (const peer of formerParents())
      state.send(peer, {
        type: 'register',
        request: 0,
        moved: false,
        pointers: removed.slice(0, REGISTER_BATCH),
      })
    this.begin(removed, done)
  }

  /** A new supernode knows nothing yet. */
  onParent(): void {
    this.epoch++
    this.underWay = 0
    for (const registration of this.waiting.values()) registration.isSent = false
    for (const pointer of this.parts.state.own.pointers()) this.put(pointer, true)
    this.flush()
  }

  /** This node is its own supernode now: there is nobody to tell. */
  onPromoted(): void {
    this.epoch++
    this.underWay = 0
    for (const id of [...this.waiting.keys()]) this.confirm(id, 0)
  }

  /** The supernode is lost; what it was sent may not have arrived. */
  onLost(): void {
    this.epoch++
    this.underWay = 0
    for (const registration of this.waiting.values()) registration.isSent = false
  }

  /** Nobody was found who could be told. Publications stand, and are registered when somebody is. */
  failAll(failure: Failure): void {
    for (const { waiters } of this.waiting.values())
      for (const waiter of waiters.splice(0)) this.finish(waiter, failure)
  }

  tick(): void {
    const { state } = this.parts
    const renewed = state.own.renewDue(RENEWALS_PER_TICK)
    if (state.answersForItself) return
    for (const pointer of renewed) this.put(pointer, false)
    this.flush()
  }

  clear(): void {
    this.epoch++
    this.waiting.clear()
    for (const cancel of this.timers) cancel()
    this.timers.clear()
  }

  flush(): void {
    const { state, parent } = this.parts
    const peer = parent()
    if (state.answersForItself) this.onPromoted()
    if (peer === undefined) return
    while (this.underWay < REGISTRATIONS_AT_ONCE) {
      const batch = this.nextBatch()
      if (batch.length === 0) break
      this.send(peer, batch)
    }
    if (this.waiting.size === 0) this.onSettled()
  }

  /** Registers, and tells when all are confirmed. */
  private begin(pointers: readonly Pointer[], done: (outcome: Outcome) => void): void {
    const { state } = this.parts
    const costs = new Costs(state.now())
    if (state.answersForItself) {
      done(costs.outcome(state.now(), {}))
      return
    }
    let left = pointers.length
    let isDone = false
    const end = (outcome: Outcome) => {
      left--
      if (isDone || (left > 0 && outcome.failure === undefined)) return
      isDone = true
      cancel()
      this.timers.delete(cancel)
      done(outcome)
    }
    const waiter: Waiter = { costs, done: end }
    const cancel = state.environment.setTimer(state.options.publishTimeoutMs, () => this.giveUp(waiter))
    this.timers.add(cancel)
    for (const pointer of pointers) this.put(pointer, false).waiters.push(waiter)
    this.flush()
  }

  private giveUp(waiter: Waiter): void {
    for (const { waiters } of this.waiting.values()) {
      const place = waiters.indexOf(waiter)
      if (place >= 0) waiters.splice(place, 1)
    }
    this.finish(waiter, this.parts.parent() === undefined ? 'no peers' : 'not acknowledged')
  }

  private put(pointer: Pointer, moved: boolean): Registration {
    const id = publicationId(pointer.key, pointer.target)
    const known = this.waiting.get(id)
    const registration = { pointer, moved, isSent: false, waiters: known?.waiters ?? [] }
    this.waiting.set(id, registration)
    return registration
  }

  private nextBatch(): [string, Registration][] {
    const batch: [string, Registration][] = []
    for (const [id, registration] of this.waiting) {
      if (registration.isSent) continue
      if (batch.length > 0 && batch[0]![1].moved !== registration.moved) continue
      batch.push([id, registration])
      if (batch.length === REGISTER_BATCH) break
    }
    return batch
  }

  private send(peer: PeerHandle, batch: readonly [string, Registration][]): void {
    const { state, onRefused } = this.parts
    const { epoch } = this
    const pointers = batch.map(([, { pointer }]) => pointer)
    const { moved } = batch[0]![1]
    for (const [, registration] of batch) {
      registration.isSent = true
      for (const { costs } of registration.waiters) {
        costs.messages++
        costs.attempts++
      }
    }
    this.underWay++
    const failed = () => {
      if (epoch === this.epoch) onRefused(peer)
    }
    state.ask(peer, request => ({ type: 'register', request, moved, pointers }), {
      onReply: reply => {
        if (epoch !== this.epoch) return
        if (reply.type !== 'registered' || !reply.accepted) {
          failed()
          return
        }
        this.underWay--
        for (const [id, registration] of batch) if (this.waiting.get(id) === registration) this.confirm(id, 1)
        this.flush()
      },
      onSilence: failed,
    })
  }

  private confirm(id: string, acknowledgements: number): void {
    const registration = this.waiting.get(id)
    this.waiting.delete(id)
    const { state } = this.parts
    for (const { costs, done } of registration?.waiters.splice(0) ?? [])
      done(costs.outcome(state.now(), { acknowledgements }))
  }

  private finish({ costs, done }: Waiter, failure: Failure): void {
    done(costs.outcome(this.parts.state.now(), { failure }))
  }
}
