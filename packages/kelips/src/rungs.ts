import type { PeerHandle } from '@onehop/overlay'
import { shuffled } from '@onehop/primitives'
import { rankedFor } from './candidates.ts'
import { LOOKUP_HELPERS, MAX_LOOKUP_ATTEMPTS, MAX_TAUGHT_PER_ANSWER, TAUGHT_PER_HELPER } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { KelipsState } from './state.ts'

/** Somebody to ask. */
export interface Step {
  readonly peer: PeerHandle
  /** Overlay hops to it: 1 for a peer that we know ourselves, 2 for one whom such a peer named, and so on. */
  readonly hops: number
  /** The peer that we know ourselves by which we came to it: what one liar leads to is one liar's word. */
  readonly root: PeerHandle
  /** It is to hold what is looked for, so that it must know; whoever else says so is not believed. */
  readonly mustKnow: boolean
}

interface Taught extends Step {
  /** How many its teacher had named before it. */
  readonly rank: number
  /** Its teacher said that there is nothing. */
  readonly fromDenier: boolean
}

/**
 * Who is asked next for a hash: peers known to cover it, the best two first and the others by chance; members of the
 * own group, for their contacts; those that they name; and in the end anybody. Holds the handles until it is closed.
 */
export class Rungs {
  private readonly state: KelipsState
  private readonly hash32: number
  private readonly wasAsked: (peer: PeerHandle) => boolean
  private readonly held: PeerHandle[] = []
  private known: Step[] | undefined
  private readonly taught: Taught[] = []
  private helpers: Step[] | undefined
  private others: Step[] | undefined

  constructor(state: KelipsState, hash32: number, wasAsked: (peer: PeerHandle) => boolean) {
    this.state = state
    this.hash32 = hash32
    this.wasAsked = wasAsked
  }

  /** Somebody we know ourselves who should know. */
  next(): Step | undefined {
    this.known ??= this.stepsTo(rankedFor(this.state, this.hash32).slice(0, MAX_LOOKUP_ATTEMPTS), true)
    return this.take(this.known)
  }

  /** Somebody else: whom those name who do not know, and those who may name somebody. */
  further(): Step | undefined {
    return (
      this.takeTaught(false, TAUGHT_PER_HELPER) ??
      this.helper() ??
      this.takeTaught(false, MAX_TAUGHT_PER_ANSWER)
    )
  }

  /** Whom those name who said that there is nothing. */
  namedByDeniers(): Step | undefined {
    return this.takeTaught(true, MAX_TAUGHT_PER_ANSWER)
  }

  /** Anybody who was not asked. */
  anybody(): Step | undefined {
    this.others ??= this.stepsTo(this.drawn(this.state.roster.peers(), MAX_LOOKUP_ATTEMPTS), false)
    return this.take(this.others)
  }

  /** An answer named these. Only records that were found genuine are believed. */
  learn(from: Step, entries: readonly MemberEntry[], fromDenier: boolean): void {
    const { environment, handles, roster } = this.state
    let rank = 0
    for (const { record } of entries.slice(0, MAX_TAUGHT_PER_ANSWER)) {
      handles.with(record.id, peer => {
        const isKnown = roster.has(peer)
        const isUsable = (isKnown || record.genuine === record) && !record.left
        if (!isUsable || peer === environment.self || this.wasAsked(peer)) return
        this.hold(peer)
        environment.learnAddresses(peer, record.addresses)
        const mustKnow = this.state.holders.recordCovers(peer, record, this.hash32)
        const way = isKnown ? { hops: 1, root: peer } : { hops: from.hops + 1, root: from.root }
        this.taught.push({ peer, ...way, mustKnow, rank: rank++, fromDenier })
      })
    }
  }

  close(): void {
    for (const peer of this.held.splice(0)) this.state.handles.drop(peer)
  }

  private helper(): Step | undefined {
    this.helpers ??= this.stepsTo(this.drawn(this.state.roster.view(), LOOKUP_HELPERS), false)
    return this.take(this.helpers)
  }

  private take(steps: Step[]): Step | undefined {
    for (let step = steps.shift(); step !== undefined; step = steps.shift())
      if (!this.wasAsked(step.peer)) return step
    return undefined
  }

  private takeTaught(fromDenier: boolean, mostPerTeacher: number): Step | undefined {
    const at = this.taught.findIndex(
      step => step.fromDenier === fromDenier && step.rank < mostPerTeacher && !this.wasAsked(step.peer),
    )
    return at < 0 ? undefined : this.taught.splice(at, 1)[0]
  }

  private drawn(peers: readonly PeerHandle[], count: number): PeerHandle[] {
    const { roster, environment } = this.state
    const useful = peers.filter(peer => !roster.isSuspect(peer) && !this.wasAsked(peer))
    return shuffled(() => environment.random(), useful).slice(0, count)
  }

  private stepsTo(peers: readonly PeerHandle[], mustKnow: boolean): Step[] {
    return peers.map(peer => ({ peer: this.hold(peer), hops: 1, root: peer, mustKnow }))
  }

  private hold(peer: PeerHandle): PeerHandle {
    this.held.push(this.state.handles.hold(peer))
    return peer
  }
}
