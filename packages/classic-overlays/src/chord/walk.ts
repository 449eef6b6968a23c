import type { Costs, Failure, RequestSilence } from '@onehop/overlay'
import { invalid } from '@onehop/primitives'
import { type Identifier, isBetween, isInRange } from './identifiers.ts'
import { MAX_CANDIDATES, MAX_STEPS, MAX_TRIES } from './limits.ts'
import type { Found, Why } from './messages.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'

/** What is looked for: the successors of a point. */
export interface Quest {
  readonly target: Identifier
  readonly why: Why
  /** Only the point's direct predecessor may tell. */
  readonly strict: boolean
  /** Successors wanted. */
  readonly limit: number
}

/** Where a quest ended. */
export interface Finding {
  /** The point's successors, the nearest first; empty after a failure. */
  readonly entries: readonly RingEntry[]
  /** Who told; a place of this node when its own tables did. Undefined after a failure. */
  readonly by?: RingEntry
  /** Hops to who told: 0 for the own tables. */
  readonly hops: number
  readonly failure?: Failure
}

interface Step {
  readonly row: RingPeer
  readonly hops: number
  tries: number
  isOver: boolean
}

/**
 * Goes to a point step by step: asks the closest peer known before the point for a closer one, until one tells the
 * point's successors. Who is silent is gone round by way of others; each answer must lead on towards the point, so that
 * no liar can lead round in circles.
 */
export class Walk {
  private readonly state: ChordState
  private readonly routing: Routing
  private readonly quest: Quest
  private readonly costs: Costs
  private readonly done: (finding: Finding) => void
  private readonly steps: Step[] = []
  private asked = 0
  private silence: RequestSilence | undefined
  private close: () => void = () => {}
  private isOver = false

  constructor(
    parts: { readonly state: ChordState; readonly routing: Routing; readonly costs: Costs },
    quest: Quest,
    done: (finding: Finding) => void,
  ) {
    this.state = parts.state
    this.routing = parts.routing
    this.costs = parts.costs
    this.quest = quest
    this.done = done
  }

  /** Starts at the own tables, or at these peers. */
  start(introducers: readonly RingEntry[] = []): void {
    if (introducers.length === 0) {
      const { target, strict, limit } = this.quest
      const { isDone, entries, index } = this.routing.resolve(target, strict, limit)
      if (isDone) {
        this.finish({ entries, by: this.state.positionOf(index)!.ownEntry, hops: 0 })
        return
      }
      this.addSteps(entries, 1)
    } else this.addSteps(introducers, 1)
    this.next()
  }

  cancel(): void {
    if (this.isOver) return
    this.isOver = true
    this.close()
    this.dropSteps()
  }

  private addSteps(entries: readonly RingEntry[], hops: number): void {
    const { space, environment } = this.state
    for (const entry of entries) {
      const identifier = entry.identifierIn(space)
      const isKnown = this.steps.some(({ row }) => row.identifier === identifier)
      if (isKnown || this.steps.length >= MAX_CANDIDATES) continue
      const row = this.state.hold(entry)
      if (row.peer === environment.self && this.state.phase !== 'member') this.state.drop(row)
      else this.steps.push({ row, hops, tries: 0, isOver: false })
    }
  }

  /** Whom to ask next: first those who have not let their time pass, of them the closest before the point. */
  private best(): Step | undefined {
    let best: Step | undefined
    for (const step of this.steps) {
      if (step.isOver || step.tries >= MAX_TRIES) continue
      if (best === undefined || step.tries < best.tries) best = step
      else if (step.tries === best.tries && this.isCloser(step.row, best.row)) best = step
    }
    return best
  }

  private isCloser(a: RingPeer, b: RingPeer): boolean {
    return isBetween(b.identifier, a.identifier, this.quest.target)
  }

  private next(): void {
    const step = this.best()
    if (step === undefined || this.asked >= MAX_STEPS) {
      this.finish({ entries: [], hops: 0, failure: this.failure() })
      return
    }
    const { target, why, strict, limit } = this.quest
    step.tries++
    if (step.row.peer !== this.state.environment.self) {
      this.asked++
      this.costs.messages++
      this.costs.attempts++
    }
    this.close = this.state.ask(
      step.row.peer,
      'found',
      request => ({ type: 'find', request, why, target, strict, limit }),
      {
        onReply: found => this.onFound(step, found),
        onSilence: silence => this.onSilence(step, silence),
      },
    )
  }

  private failure(): Failure {
    return this.silence ?? (this.steps.length === 0 ? 'no peers' : 'not found')
  }

  private onSilence(step: Step, silence: RequestSilence): void {
    this.costs.timeouts++
    this.silence = silence
    if (silence === 'unreachable') step.isOver = true
    this.state.noteSilence(step.row)
    this.next()
  }

  private onFound(step: Step, found: Found): void {
    step.isOver = true
    this.state.noteAnswer(step.row.identifier)
    if (found.isDone) this.onDone(step, found)
    else {
      const closer = found.entries.filter(entry => this.leadsOn(step, entry))
      this.addSteps(closer, step.hops + 1)
      this.next()
    }
  }

  private leadsOn({ row }: Step, entry: RingEntry): boolean {
    return isBetween(row.identifier, entry.identifierIn(this.state.space), this.quest.target)
  }

  private onDone(step: Step, { index, entries }: Found): void {
    const by = this.state.entryOf(step.row.peer, index, step.row.entry.addresses)
    if (this.isRight(by, entries)) {
      this.finish({ entries, by, hops: step.hops })
      return
    }
    this.state.blame(step.row.peer, invalid('chord-wrong-successors'))
    this.next()
  }

  /** In order, round the point; and not so far from it that there must be others between. */
  private isRight(by: RingEntry, entries: readonly RingEntry[]): boolean {
    const { space } = this.state
    const { target } = this.quest
    const [first, ...others] = entries
    if (first === undefined) return false
    const owner = first.identifierIn(space)
    const place = by.identifierIn(space)
    if (owner !== place && !isInRange(place, target, owner)) return false
    let previous = owner
    for (const entry of others) {
      const identifier = entry.identifierIn(space)
      if (!isBetween(previous, identifier, owner)) return false
      previous = identifier
    }
    return this.state.isPlausibleOwner(this.quest.target, owner)
  }

  private finish(finding: Finding): void {
    if (this.isOver) return
    this.isOver = true
    this.dropSteps()
    this.done(finding)
  }

  private dropSteps(): void {
    for (const { row } of this.steps) this.state.drop(row)
    this.steps.length = 0
  }
}
