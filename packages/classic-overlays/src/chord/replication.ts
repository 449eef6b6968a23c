import { Costs } from '@onehop/overlay'
import type { Custody } from './custody.ts'
import type { Identifier } from './identifiers.ts'
import { GRACE_ROUNDS } from './limits.ts'
import type { Why } from './messages.ts'
import type { Range } from './pointer-index.ts'
import type { Position } from './position.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'
import type { Transfer } from './transfer.ts'
import { Walk } from './walk.ts'

/** Nodes of different machines, the first of each, at most so many. */
export function differentPeers<T extends { readonly peer: number }>(rows: readonly T[], most: number): T[] {
  const chosen: T[] = []
  for (const row of rows) {
    if (chosen.length === most) break
    if (!chosen.some(({ peer }) => peer === row.peer)) chosen.push(row)
  }
  return chosen
}

/** What one place has seen to. */
interface Duties {
  /** Successors that hold what this place owns. */
  readonly replicas: Set<Identifier>
  /** The predecessor that has what is its own by now. */
  predecessor: Identifier | undefined
  comparedMs: number
  isBusy: boolean
}

/** Keeps k copies of what this node owns, and hands on what others own. Works a step at a time, once a round. */
export class Replication {
  private readonly parts: {
    readonly state: ChordState
    readonly routing: Routing
    readonly custody: Custody
    readonly transfer: Transfer
  }
  private readonly state: ChordState
  private readonly custody: Custody
  private readonly duties = new Map<Position, Duties>()
  private surplusRounds = 0
  private isRehoming = false

  constructor(parts: Replication['parts']) {
    this.parts = parts
    this.state = parts.state
    this.custody = parts.custody
  }

  /** Fetches all that the successor holds for a place that has just entered: its own part, and those of its predecessors. */
  fetch(position: Position, costs: Costs, done: () => void): void {
    const { head } = position
    if (head === undefined || head.peer === this.state.environment.self) {
      this.custody.settle(position)
      done()
      return
    }
    const range = { after: head.identifier, upTo: position.identifier }
    this.parts.transfer.pull(
      head.entry,
      range,
      'join',
      () => {
        if (this.state.phase === 'left') return
        this.custody.settle(position)
        done()
      },
      costs,
    )
  }

  round(position: Position): void {
    if (!this.custody.isSettled(position)) return
    const duties = this.dutiesOf(position)
    const { predecessor } = position
    if (duties.isBusy || predecessor === undefined) return
    const isPeriodic = this.state.now() - duties.comparedMs >= this.state.options.compareMs
    if (isPeriodic) {
      duties.replicas.clear()
      duties.comparedMs = this.state.now()
    }
    if (duties.predecessor !== predecessor.identifier) this.serve(position, duties, predecessor)
    else this.copy(position, duties, predecessor, isPeriodic ? 'maintenance' : 'join')
  }

  /** Once for all places: what none of them should hold is brought to its owner, and then dropped. */
  rehome(): void {
    const pointer = this.custody.surplus()
    this.surplusRounds = pointer === undefined ? 0 : this.surplusRounds + 1
    if (pointer === undefined || this.surplusRounds < GRACE_ROUNDS || this.isRehoming) return
    const target = this.custody.placeOf(pointer.key)
    const quest = { target, why: 'join' as const, strict: true, limit: 1 }
    this.isRehoming = true
    new Walk({ ...this.parts, costs: new Costs(this.state.now()) }, quest, ({ entries: [owner], by }) => {
      if (owner === undefined || by === undefined) this.isRehoming = false
      else this.bringHome(owner, this.rangeBetween(by, owner))
    }).start()
  }

  /** Whether the successor is known to hold what this place owns. */
  isCopied(position: Position): boolean {
    const { head } = position
    return head !== undefined && this.dutiesOf(position).replicas.has(head.identifier)
  }

  private bringHome(owner: RingEntry, range: Range): void {
    this.parts.transfer.reconcile(owner, range, 'join', isReconciled => {
      this.isRehoming = false
      if (isReconciled) this.custody.dropSurplus(range)
    })
  }

  private rangeBetween(from: RingEntry, to: RingEntry): Range {
    const { space } = this.state
    return { after: from.identifierIn(space), upTo: to.identifierIn(space) }
  }

  /** A new predecessor gets what it owns, and holds copies of. */
  private serve(position: Position, duties: Duties, { entry, identifier, peer }: RingPeer): void {
    const range = { after: this.custody.floorOf(position) ?? position.identifier, upTo: identifier }
    if (peer === this.state.environment.self || this.custody.digestOf(range).count === 0) {
      duties.predecessor = identifier
      return
    }
    duties.isBusy = true
    this.parts.transfer.reconcile(entry, range, 'join', isReconciled => {
      duties.isBusy = false
      if (isReconciled) duties.predecessor = identifier
    })
  }

  /** The next successor that should hold what this place owns, and is not known to, is compared with. */
  private copy(position: Position, duties: Duties, predecessor: RingPeer, why: Why): void {
    const { self } = this.state.environment
    const others = position.successors.filter(({ peer }) => peer !== self)
    const wanted = differentPeers(others, this.state.options.replicas - 1)
    for (const known of [...duties.replicas])
      if (!wanted.some(({ identifier }) => identifier === known)) duties.replicas.delete(known)
    const range = { after: predecessor.identifier, upTo: position.identifier }
    const isEmpty = this.custody.digestOf(range).count === 0
    for (const { entry, identifier } of wanted) {
      if (duties.replicas.has(identifier)) continue
      duties.replicas.add(identifier)
      if (isEmpty && why === 'join') continue
      this.parts.transfer.reconcile(entry, range, why, isReconciled => {
        if (!isReconciled) duties.replicas.delete(identifier)
      })
    }
  }

  private dutiesOf(position: Position): Duties {
    const known = this.duties.get(position)
    if (known !== undefined) return known
    const duties = {
      replicas: new Set<Identifier>(),
      predecessor: undefined,
      comparedMs: this.state.now(),
      isBusy: false,
    }
    this.duties.set(position, duties)
    return duties
  }
}
