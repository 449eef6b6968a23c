import type { Cancel, Costs } from '@onehop/overlay'
import type { Finder } from './finding.ts'
import type { Identifier } from './identifiers.ts'
import { WIDER_PARTS } from './limits.ts'
import type { RingEntry } from './ring-entry.ts'
import type { ChordState } from './state.ts'
import type { Finding } from './walk.ts'

/** Who owns a point: the first of its successors that answers. */
export interface Owner {
  /** Undefined when nobody answered. */
  readonly entry?: RingEntry
  /** Hops to it: one more than to who told of it. */
  readonly hops: number
}

/** Chord's own operation: the node that is responsible for a point, asked whether it is there. */
export class OwnerSearch {
  private readonly state: ChordState
  private readonly finder: Finder
  private readonly target: Identifier
  private readonly costs: Costs
  private readonly done: (owner: Owner) => void
  private readonly silent = new Set<Identifier>()
  private widenings = 0
  private cancelFinding: Cancel = () => {}
  private isOver = false

  constructor(
    parts: { readonly state: ChordState; readonly finder: Finder; readonly costs: Costs },
    target: Identifier,
    done: (owner: Owner) => void,
  ) {
    this.state = parts.state
    this.finder = parts.finder
    this.costs = parts.costs
    this.target = target
    this.done = done
  }

  start(): void {
    this.find(this.state.chainLength)
  }

  cancel(): void {
    this.isOver = true
    this.cancelFinding()
  }

  private find(limit: number): void {
    const quest = { target: this.target, why: 'lookup' as const, strict: false, limit }
    this.cancelFinding = this.finder.find(quest, this.costs, finding => this.tryNext(finding, 0))
  }

  private tryNext(finding: Finding, i: number): void {
    if (this.isOver || this.state.phase === 'left') return
    const entry = finding.entries[i]
    if (entry === undefined) this.widen()
    else if (this.silent.has(entry.identifierIn(this.state.space))) this.tryNext(finding, i + 1)
    else this.ask(entry, finding, i)
  }

  private ask(entry: RingEntry, finding: Finding, i: number): void {
    const row = this.state.hold(entry)
    this.costs.messages++
    this.costs.attempts++
    this.state.ask(row.peer, 'pong', request => ({ type: 'ping', request, index: entry.index }), {
      onReply: () => {
        this.state.drop(row)
        this.end({ entry, hops: finding.hops + 1 })
      },
      onSilence: () => {
        this.costs.timeouts++
        this.silent.add(row.identifier)
        this.state.noteSilence(row)
        this.state.drop(row)
        this.tryNext(finding, i + 1)
      },
    })
  }

  private widen(): void {
    const part = WIDER_PARTS[this.widenings++]
    if (part === undefined) this.end({ hops: 0 })
    else this.find(Math.max(this.state.chainLength, Math.floor(part * this.state.successorLimit)))
  }

  private end(owner: Owner): void {
    if (this.isOver) return
    this.isOver = true
    this.done(owner)
  }
}
