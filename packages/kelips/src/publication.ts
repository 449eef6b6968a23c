import {
  bytesKey,
  type Key,
  type Outcome,
  type PeerHandle,
  type Pointer,
  type Publication,
} from '@onehop/overlay'
import { Costs } from './outcome.ts'
import type { KelipsState } from './state.ts'
import type { Stores } from './stores.ts'

/** Rounds of further members that are asked when none of the first confirmed. */
const MORE_ROUNDS = 2

/** A publication of this node, with the pointer that stands for it now. */
export interface OwnPublication {
  readonly publication: Publication
  pointer: Pointer
  refreshAtMs: number
  /** The groups that held it when it was last sent. */
  holders: string
}

/** What names a publication: its key and its target. */
export function publicationId(key: Key, target: Uint8Array | undefined): string {
  return target === undefined ? bytesKey(key) : `${bytesKey(key)}/${bytesKey(target)}`
}

/** Brings one pointer to the members that are to hold it, and counts those that confirm. */
export class Placement {
  private readonly state: KelipsState
  private readonly stores: Stores
  private readonly pointer: Pointer
  private readonly costs: Costs
  private readonly done: (outcome: Outcome) => void
  private readonly asked = new Set<PeerHandle>()
  private outstanding = 0
  private acknowledgements = 0
  private rounds = 0
  private isHeldHere = false

  constructor(
    parts: { readonly state: KelipsState; readonly stores: Stores },
    pointer: Pointer,
    done: (outcome: Outcome) => void,
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

  /** Asks those not asked yet, all at once; ends when there are none, or when some have confirmed. */
  private askMore(): void {
    const { publishTargets } = this.state.options
    const unasked = this.stores.targetsOf(this.pointer.key).filter(peer => !this.asked.has(peer))
    if (unasked.length === 0 || this.acknowledgements > 0 || this.rounds > MORE_ROUNDS) {
      this.finish()
      return
    }
    this.rounds++
    const targets = unasked.slice(0, publishTargets)
    this.outstanding += targets.length
    for (const peer of targets) this.asked.add(this.state.handles.hold(peer))
    for (const peer of targets)
      this.stores.send(peer, [this.pointer], this.costs, held => this.onAnswer(held))
  }

  private onAnswer(held: number | undefined): void {
    if (held !== undefined && held > 0) this.acknowledgements++
    this.outstanding--
    if (this.outstanding === 0) this.askMore()
  }

  private finish(): void {
    for (const peer of this.asked) this.state.handles.drop(peer)
    const { acknowledgements } = this
    const hops = acknowledgements > 0 ? 1 : 0
    const isAlone = this.isHeldHere && this.asked.size === 0 && this.state.settled
    const failure =
      acknowledgements > 0 || isAlone ? undefined : this.asked.size === 0 ? 'no peers' : 'not acknowledged'
    this.done(this.costs.outcome(this.state.now(), { hops, acknowledgements, failure }))
  }
}
