import { Costs, type Failure, type Outcome, type PeerHandle } from '@onehop/overlay'
import { BoundedMap, randomElement } from '@onehop/primitives'
import type { Custody } from './custody.ts'
import type { FingerFixing } from './finger-fixing.ts'
import {
  CLOSER_PEERS,
  MAX_ABSENCE_MS,
  MAX_ENTRIES_PER_MESSAGE,
  MAX_INTRODUCERS,
  MAX_OPERATIONS,
  MOST_VIRTUAL_NODES,
} from './limits.ts'
import type { Position } from './position.ts'
import type { Replication } from './replication.ts'
import type { RingEntry } from './ring-entry.ts'
import type { Routing } from './routing.ts'
import type { Stabilising } from './stabilising.ts'
import type { ChordState } from './state.ts'
import { type Finding, Walk } from './walk.ts'

interface JoiningParts {
  readonly state: ChordState
  readonly routing: Routing
  readonly custody: Custody
  readonly replication: Replication
  readonly fixing: FingerFixing
  readonly stabilisingOf: (position: Position) => Stabilising
}

/** How a node enters the ring, comes back to it, and finds the other part of one that was split. */
export class Joining {
  private readonly parts: JoiningParts
  private readonly state: ChordState
  private readonly introducers = new BoundedMap<string, RingEntry>(MAX_INTRODUCERS)
  private readonly waiting: (() => void)[] = []
  private underWay = 0
  private wantsToJoin = false

  constructor(parts: JoiningParts) {
    this.parts = parts
    this.state = parts.state
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    const { state } = this
    const costs = new Costs(state.now())
    const end = (failure?: Failure) => {
      done(costs.outcome(state.now(), { failure }))
      this.runWaiting()
    }
    const entries = introducers
      .filter(peer => peer !== state.environment.self)
      .map(peer => state.entryOf(peer, 0))
    for (const entry of entries) this.introducers.set(entry.identifierIn(state.space), entry)
    this.wantsToJoin = true
    if (entries.length > 0) this.enterOrMerge(entries, costs, end)
    else this.begin(end)
  }

  /** Runs when the node has entered, or knows that it could not. */
  whenReady(ready: () => void): void {
    if (this.underWay > 0 && this.state.phase === 'new' && this.waiting.length < MAX_OPERATIONS)
      this.waiting.push(ready)
    else ready()
  }

  /** Now and then: those who are gone may be back, and who is alone asks its introducers again. */
  lookAround(): void {
    const { state } = this
    if (!this.wantsToJoin || this.underWay > 0) return
    const costs = new Costs(state.now())
    for (const [identifier, { sinceMs }] of [...state.departed.entries()])
      if (state.now() - sinceMs > MAX_ABSENCE_MS) state.departed.delete(identifier)
    const isAlone = state.members.every(({ head }) => head === undefined)
    const known = [...state.departed.values()].map(({ entry }) => entry)
    if (isAlone) known.push(...this.introducers.values())
    const entry = randomElement(() => state.environment.random(), known)
    if (entry !== undefined) this.enterOrMerge([entry], costs, () => this.runWaiting())
  }

  /** All successors of a place are gone: whoever else is known leads to those that follow now. */
  recover(position: Position): void {
    const { fingers, predecessor } = position
    const entries = fingers.all.map(({ row }) => row.entry)
    if (predecessor !== undefined) entries.push(predecessor.entry)
    for (const { head } of this.state.members) if (head !== undefined) entries.push(head.entry)
    entries.push(...this.introducers.values())
    this.merge([position], entries, new Costs(this.state.now()), () => {})
  }

  /** The places that could not enter yet try again, by way of the others. */
  enterRest(): void {
    if (this.state.phase !== 'member' || this.underWay > 0) return
    const position = this.state.positions.find(({ isMember }) => !isMember)
    if (position !== undefined) this.enter(position, [], new Costs(this.state.now()), () => {})
  }

  stop(): void {
    this.waiting.length = 0
  }

  private runWaiting(): void {
    for (const ready of this.waiting.splice(0)) ready()
  }

  /** This node is the first. */
  private begin(end: (failure?: Failure) => void): void {
    const { state } = this
    if (state.phase === 'new') {
      const [first] = state.positions
      first!.isMember = true
      this.parts.custody.settle(first!)
      state.phase = 'member'
    }
    end()
  }

  private enterOrMerge(entries: readonly RingEntry[], costs: Costs, end: (failure?: Failure) => void): void {
    const { state } = this
    if (state.phase === 'member') this.merge(state.members, entries, costs, end)
    else this.enter(state.positions[0]!, entries, costs, end)
  }

  /**
   * Join (Zave 2017, §IV): the node whose place is before ours, and its successor after, hands us its successor list and
   * is our predecessor.
   */
  private enter(
    position: Position,
    introducers: readonly RingEntry[],
    costs: Costs,
    end: (failure?: Failure) => void,
  ): void {
    this.underWay++
    this.findPlace(position, introducers, costs, finding => {
      if (this.state.phase === 'left') return
      this.underWay--
      if (finding.failure !== undefined) end(joinFailure(finding.failure))
      else if (this.isTaken(position, finding)) this.moveOn(position, introducers, costs, end)
      else this.takePlace(position, finding, costs, end)
    })
  }

  private findPlace(
    position: Position,
    introducers: readonly RingEntry[],
    costs: Costs,
    done: (finding: Finding) => void,
  ): void {
    const quest = {
      target: position.identifier,
      why: 'join' as const,
      strict: true,
      limit: MAX_ENTRIES_PER_MESSAGE,
    }
    new Walk({ ...this.parts, costs }, quest, done).start(introducers)
  }

  /** Another peer stands where this one would. */
  private isTaken(position: Position, { entries }: Finding): boolean {
    const [first] = entries
    if (first === undefined || first.identifierIn(this.state.space) !== position.identifier) return false
    return this.state.environment.intern(first.id) !== this.state.environment.self
  }

  /** Identifiers collide: the place of another virtual node is taken instead. */
  private moveOn(
    position: Position,
    introducers: readonly RingEntry[],
    costs: Costs,
    end: (failure?: Failure) => void,
  ): void {
    const index = position.index + this.state.options.virtualNodes
    if (index >= MOST_VIRTUAL_NODES) {
      end('not acknowledged')
      return
    }
    position.moveTo(index)
    this.enter(position, introducers, costs, end)
  }

  private takePlace(
    position: Position,
    { entries, by }: Finding,
    costs: Costs,
    end: (failure?: Failure) => void,
  ): void {
    const { state, replication, fixing, stabilisingOf } = this.parts
    if (position.isMember || by === undefined) {
      end()
      return
    }
    const others = entries.filter(entry => entry.identifierIn(state.space) !== position.identifier)
    position.isMember = true
    position.adoptSuccessors(others.length > 0 ? others : [by])
    if (by.identifierIn(state.space) !== position.identifier) position.adoptPredecessor(by)
    state.phase = 'member'
    stabilisingOf(position).stabilise()
    this.announce(position, by)
    fixing.fill(position)
    replication.fetch(position, costs, () => end())
  }

  private announce({ ownEntry }: Position, by: RingEntry): void {
    const { state } = this
    const row = state.hold(by)
    state.tell(row.peer, { type: 'hint', index: by.index, hops: 0, entries: [ownEntry] })
    state.drop(row)
  }

  /** Two rings become one: each place looks for its neighbours in the other, and tells them of itself. */
  private merge(
    positions: readonly Position[],
    entries: readonly RingEntry[],
    costs: Costs,
    end: (failure?: Failure) => void,
  ): void {
    const { state, stabilisingOf } = this.parts
    let pending = positions.length
    let failure: Failure | undefined
    this.underWay++
    for (const position of positions)
      this.findPlace(position, entries, costs, finding => {
        if (state.phase === 'left') return
        failure = finding.failure
        for (const entry of finding.entries.slice(0, CLOSER_PEERS)) stabilisingOf(position).suggest(entry)
        const { by } = finding
        if (by !== undefined && this.isNews(position, by)) this.announce(position, by)
        pending--
        if (pending > 0) return
        this.underWay--
        end(failure)
      })
  }

  /** Whoever precedes this place in the other ring does not know it, unless it is the predecessor already. */
  private isNews({ predecessor, identifier }: Position, by: RingEntry): boolean {
    const place = by.identifierIn(this.state.space)
    return place !== identifier && place !== predecessor?.identifier
  }
}

/** Introducers that are there and know nobody have not entered themselves. */
function joinFailure(failure: Failure): Failure {
  return failure === 'not found' ? 'no peers' : failure
}
