import {
  Costs,
  type Failure,
  type Key,
  type Outcome,
  OwnPublications,
  type Pointer,
  type Publication,
  publicationId,
  sideBySide,
} from '@onehop/overlay'
import type { Custody } from './custody.ts'
import type { Finder } from './finding.ts'
import { MAX_PUBLICATIONS, MAX_REFRESHES_PER_ROUND, MAX_TRIES } from './limits.ts'
import { differentPeers } from './replication.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { ChordState } from './state.ts'
import type { Transfer } from './transfer.ts'
import type { Finding } from './walk.ts'

interface PublisherParts {
  readonly state: ChordState
  readonly finder: Finder
  readonly custody: Custody
  readonly transfer: Transfer
}

/** What this node says that it has: at the owner of each key and the nodes that follow it, refreshed until taken back. */
export class Publisher {
  readonly own: OwnPublications
  private readonly parts: PublisherParts
  private readonly state: ChordState
  /** Who confirmed a publication last: told when it is taken back. */
  private readonly holders = new Map<string, readonly RingPeer[]>()
  /** Nobody has confirmed them yet. */
  private readonly unplaced = new Map<string, Pointer>()

  constructor(parts: PublisherParts) {
    this.parts = parts
    this.state = parts.state
    const { options, environment } = parts.state
    this.own = new OwnPublications(environment, {
      lifetimeMs: options.pointerLifetimeMs,
      refreshMs: options.pointerRefreshMs,
      limit: MAX_PUBLICATIONS,
    })
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    this.place(this.own.put(publication), done)
  }

  withdraw(key: Key, target: Uint8Array | undefined, done: (outcome: Outcome) => void): void {
    const removed = this.own.remove(key, target)
    if (removed.length === 0) {
      done(new Costs(this.state.now()).outcome(this.state.now(), { failure: 'not found' }))
      return
    }
    sideBySide(removed, (pointer, placed) => this.place(pointer, placed), done)
  }

  /** Signs anew and places what is due, and what nobody has taken yet. */
  round(): void {
    if (this.state.phase !== 'member') return
    for (const pointer of this.own.renewDue(MAX_REFRESHES_PER_ROUND)) this.place(pointer, () => {})
    const waiting = [...this.unplaced.values()].slice(0, MAX_REFRESHES_PER_ROUND)
    for (const pointer of waiting) {
      this.unplaced.delete(idOf(pointer))
      this.place(pointer, () => {})
    }
  }

  /** Takes back everything without waiting for confirmations: the node leaves. */
  leave(): void {
    const { self } = this.state.environment
    const batches = new Map<RingPeer['peer'], Pointer[]>()
    for (const pointer of this.own.removeAll()) {
      const holders = this.holders.get(idOf(pointer)) ?? []
      for (const { peer } of holders) {
        if (peer === self) continue
        const batch = batches.get(peer)
        if (batch === undefined) batches.set(peer, [pointer])
        else batch.push(pointer)
      }
    }
    for (const [peer, pointers] of batches) this.parts.transfer.handOver(peer, pointers, 'publication')
    for (const id of [...this.holders.keys()]) this.remember(id, [])
    this.unplaced.clear()
  }

  private place(pointer: Pointer, done: (outcome: Outcome) => void): void {
    const { state } = this
    const costs = new Costs(state.now())
    const end = (failure: Failure | undefined, acknowledgements: number) => {
      const isStanding = this.own.find(pointer.key, pointer.target) === pointer
      if (failure !== undefined && isStanding) this.unplaced.set(idOf(pointer), pointer)
      done(costs.outcome(state.now(), { failure, acknowledgements }))
    }
    this.findHolders(pointer, costs, true, ({ entries, by, failure }) => {
      if (entries.length === 0) {
        end(failure ?? 'no peers', 0)
        return
      }
      const rows = withTeller(entries, by, state.options.replicas).map(entry => state.hold(entry))
      const holders = differentPeers(rows, state.options.replicas)
      for (const row of rows) if (!holders.includes(row)) state.drop(row)
      this.store(pointer, holders, costs, end)
    })
  }

  /** By the direct predecessor of the key, for nobody knows its owner better; where that is silent, by anybody. */
  private findHolders(
    pointer: Pointer,
    costs: Costs,
    strict: boolean,
    done: (finding: Finding) => void,
  ): void {
    const { state } = this
    const target = state.space.ofKey(pointer.key)
    const quest = { target, why: 'publication' as const, strict, limit: state.chainLength }
    this.parts.finder.find(quest, costs, finding => {
      if (state.phase === 'left') return
      if (strict && finding.entries.length === 0 && state.phase === 'member')
        this.findHolders(pointer, costs, false, done)
      else done(finding)
    })
  }

  private store(
    pointer: Pointer,
    rows: readonly RingPeer[],
    costs: Costs,
    end: (failure: Failure | undefined, acknowledgements: number) => void,
  ): void {
    const confirmed: RingPeer[] = []
    let pending = rows.length
    let failure: Failure | undefined
    for (const row of rows)
      this.storeAt(row, pointer, costs, MAX_TRIES, result => {
        if (result === 'stored') confirmed.push(row)
        else failure = result
        pending--
        if (pending > 0) return
        this.settle(pointer, rows, confirmed)
        const others = confirmed.filter(({ peer }) => peer !== this.state.environment.self)
        end(confirmed.length > 0 ? undefined : (failure ?? 'not acknowledged'), others.length)
      })
  }

  private settle(pointer: Pointer, rows: readonly RingPeer[], confirmed: readonly RingPeer[]): void {
    for (const row of rows) if (!confirmed.includes(row)) this.state.drop(row)
    if (this.own.find(pointer.key, pointer.target) !== undefined) this.remember(idOf(pointer), confirmed)
    else {
      this.remember(idOf(pointer), [])
      for (const row of confirmed) this.state.drop(row)
    }
  }

  private remember(id: string, holders: readonly RingPeer[]): void {
    for (const row of this.holders.get(id) ?? []) this.state.drop(row)
    if (holders.length > 0) this.holders.set(id, holders)
    else this.holders.delete(id)
  }

  private storeAt(
    row: RingPeer,
    pointer: Pointer,
    costs: Costs,
    tries: number,
    done: (result: 'stored' | Failure) => void,
  ): void {
    const { state, custody } = this.parts
    const { peer } = row
    if (peer === state.environment.self) {
      done(custody.put([pointer]) > 0 ? 'stored' : 'not acknowledged')
      return
    }
    costs.messages++
    costs.attempts++
    const why = 'publication'
    state.ask(peer, 'stored', request => ({ type: 'store', request, why, pointers: [pointer] }), {
      onReply: ({ accepted }) => done(accepted > 0 ? 'stored' : 'not acknowledged'),
      onSilence: silence => {
        costs.timeouts++
        if (silence === 'timed out' && tries > 1) this.storeAt(row, pointer, costs, tries - 1, done)
        else done(silence)
      },
    })
  }
}

/** Who tells too few successors stands before the key, and so behind all of them on a ring that is small. */
function withTeller(
  entries: readonly RingEntry[],
  by: RingEntry | undefined,
  wanted: number,
): readonly RingEntry[] {
  return by === undefined || entries.length >= wanted ? entries : [...entries, by]
}

function idOf({ key, target }: Pointer): string {
  return publicationId(key, target)
}
