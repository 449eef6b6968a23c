import {
  Costs,
  type Failure,
  type Outcome,
  type PeerHandle,
  type Pointer,
  type Publication,
} from '@onehop/overlay'
import { MAX_TAUGHT_PER_ANSWER, MAX_TRIES_PER_PEER, REFUSALS_TO_GIVE_UP } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Silence } from './requests.ts'
import type { KelipsState } from './state.ts'
import type { Stores } from './stores.ts'

/** A publication of this node, with the pointer that stands for it now. */
export interface OwnPublication {
  readonly publication: Publication
  pointer: Pointer
  refreshAtMs: number
  /** The groups that held it when it was last sent. */
  holders: string
  /** Members that have not confirmed its last refresh yet. */
  unconfirmed: number
  /** Refreshes since all members confirmed one. */
  retries: number
  /** How often it was sent again, as far as that makes the next time later. */
  refreshes: number
}

/** What became of a placement. `isPartial`: some of the members that should hold it have not confirmed. */
export type Placed = (outcome: Outcome, isPartial: boolean) => void

/** Brings one pointer to the members that are to hold it, and counts those that confirm. */
export class Placement {
  private readonly state: KelipsState
  private readonly stores: Stores
  private readonly pointer: Pointer
  private readonly costs: Costs
  private readonly done: Placed
  private readonly tries = new Map<PeerHandle, number>()
  private readonly silent = new Set<PeerHandle>()
  /** Peers that others named, with their handles held. */
  private readonly named: PeerHandle[] = []
  private refusals = 0
  private outstanding = 0
  private acknowledgements = 0
  private isHeldHere = false
  private isOver = false

  constructor(
    parts: { readonly state: KelipsState; readonly stores: Stores },
    pointer: Pointer,
    done: Placed,
  ) {
    this.state = parts.state
    this.stores = parts.stores
    this.pointer = pointer
    this.done = done
    this.costs = new Costs(this.state.now())
  }

  start(): void {
    this.isHeldHere = this.stores.keep(this.pointer)
    this.askMore()
  }

  /** Asks some, all at once: those not asked yet, then those that stayed silent. Ends when one has confirmed. */
  private askMore(): void {
    const isDecided = this.acknowledgements > 0 || this.refusals >= REFUSALS_TO_GIVE_UP
    const targets = isDecided ? [] : this.nextTargets()
    if (targets.length === 0) {
      this.finish()
      return
    }
    this.outstanding += targets.length
    for (const peer of targets) this.markTried(peer)
    for (const peer of targets) {
      this.stores.send(peer, [this.pointer], this.costs, {
        onHeld: (held, named) => this.onHeld(peer, held, named),
        onSilence: silence => this.onSilence(peer, silence),
      })
    }
  }

  private nextTargets(): PeerHandle[] {
    const candidates = [...this.stores.targetsOf(this.pointer.key), ...this.named]
    const unasked = candidates.filter(peer => !this.tries.has(peer))
    const again = [...this.silent].filter(peer => this.tries.get(peer)! < MAX_TRIES_PER_PEER)
    const hasRoom = this.tries.size < this.state.options.publishTargets * MAX_TRIES_PER_PEER
    return [...(hasRoom ? unasked : []), ...again].slice(0, this.state.options.publishTargets)
  }

  private markTried(peer: PeerHandle): void {
    const before = this.tries.get(peer)
    if (before === undefined) this.state.handles.hold(peer)
    this.tries.set(peer, (before ?? 0) + 1)
    this.silent.delete(peer)
  }

  private onHeld(peer: PeerHandle, held: number, named: readonly MemberEntry[]): void {
    if (this.isOver) return
    if (held > 0) this.acknowledgements++
    else if (named.length === 0) this.refusals++
    else this.learn(named)
    if (!this.silent.delete(peer)) this.outstanding--
    if (this.outstanding === 0) this.askMore()
  }

  /** Others are to hold it, says one who is not. */
  private learn(named: readonly MemberEntry[]): void {
    const { handles, environment } = this.state
    for (const { record } of named.slice(0, MAX_TAUGHT_PER_ANSWER)) {
      handles.with(record.id, peer => {
        if (record.genuine !== record || peer === environment.self || this.named.includes(peer)) return
        environment.learnAddresses(peer, record.addresses)
        this.named.push(handles.hold(peer))
      })
    }
  }

  private onSilence(peer: PeerHandle, silence: Silence): void {
    if (this.isOver) return
    if (silence === 'timed out') this.silent.add(peer)
    this.outstanding--
    if (this.outstanding === 0) this.askMore()
  }

  private finish(): void {
    this.isOver = true
    for (const peer of [...this.tries.keys(), ...this.named]) this.state.handles.drop(peer)
    const { acknowledgements } = this
    const hops = acknowledgements > 0 ? 1 : 0
    const isAlone = this.isHeldHere && this.tries.size === 0 && this.state.settled
    const outcome = { hops, acknowledgements }
    const failure = this.tries.size === 0 ? 'no peers' : 'not acknowledged'
    const isPartial = acknowledgements < this.tries.size
    const result = acknowledgements > 0 || isAlone ? outcome : { ...outcome, failure: failure as Failure }
    this.done(this.costs.outcome(this.state.now(), result), isPartial)
  }
}
