import type { PeerHandle } from '@onehop/overlay'
import { type Identifier, isBetween } from './identifiers.ts'
import {
  MAX_HINT_HOPS,
  MAX_HINTS_PER_ROUND,
  MAX_STEPS_PER_STABILISATION,
  SILENCES_TO_BE_GONE,
} from './limits.ts'
import type { Neighbourhood, Notify } from './messages.ts'
import type { Position } from './position.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'

/**
 * Keeps one place's neighbours right, by the corrected protocol (Zave 2017, §IV): stabilise asks the successor for its
 * list and its predecessor, and adopts either's list whole; rectify lets a new predecessor in when it is nearer, or
 * when the old one is found to be dead.
 */
export class Stabilising {
  private readonly state: ChordState
  private readonly routing: Routing
  private readonly position: Position
  private readonly hints: RingEntry[] = []
  private hintsLeft = MAX_HINTS_PER_ROUND
  private isBusy = false
  private isChecking = false
  private silences = 0
  private steps = 0
  /** The successor that answered last: only who has been there can be gone. */
  private heard: Identifier | undefined
  /** Told when all successors are gone. */
  onLost: () => void = () => {}

  constructor(state: ChordState, routing: Routing, position: Position) {
    this.state = state
    this.routing = routing
    this.position = position
  }

  /** A round's stabilisation, and a look whether the predecessor is still there. */
  round(): void {
    this.hintsLeft = MAX_HINTS_PER_ROUND
    this.stabilise()
    const { predecessor, predecessorHeardMs } = this.position
    const silentMs = this.state.now() - predecessorHeardMs
    if (predecessor !== undefined && silentMs > 2 * this.state.options.stabiliseMs)
      this.checkPredecessor(predecessor, undefined)
  }

  stabilise(): void {
    if (this.isBusy || !this.position.isMember) return
    this.isBusy = true
    this.steps = 0
    this.askHead()
  }

  /**
   * Somebody is said to be the successor of a node that does not know it: this one, or one further on, to whom the hint
   * is handed on. So two rings that have one node in common grow together all the way round.
   */
  onHint(entry: RingEntry, hops: number): void {
    const { position, state } = this
    if (this.isCandidate(entry)) {
      this.suggest(entry)
      return
    }
    const place = entry.identifierIn(state.space)
    const isKnown = position.successors.some(({ identifier }) => identifier === place)
    if (isKnown || place === position.identifier || state.wasSilent(place)) return
    if (hops >= MAX_HINT_HOPS || this.hintsLeft === 0) return
    this.hintsLeft--
    for (const { peer, entry: next } of this.routing.closer(place, 1))
      state.tell(peer, { type: 'hint', index: next.index, hops: hops + 1, entries: [entry] })
  }

  /** Somebody is said to stand before our successor. Looked at now, or after what is under way. */
  suggest(entry: RingEntry): void {
    if (this.hintsLeft === 0 || !this.isCandidate(entry)) return
    this.hintsLeft--
    this.hints.push(entry)
    if (!this.isBusy) this.end()
  }

  /** Rectify (Zave 2017, §IV): the sender says that it may be our predecessor. */
  onNotify(from: PeerHandle, { from: index, addresses, chain }: Notify): void {
    const { position, state } = this
    const entry = state.entryOf(from, index, addresses)
    const place = entry.identifierIn(state.space)
    if (place === position.identifier) return
    const known = position.predecessor
    if (known === undefined || isBetween(known.identifier, place, position.identifier))
      position.adoptPredecessor(entry)
    else if (known.identifier !== place) {
      this.checkPredecessor(known, entry)
      this.onHint(entry, 0)
    }
    if (position.predecessor?.identifier === place) {
      position.predecessorHeardMs = state.now()
      position.chain = chain
    }
    this.suggest(entry)
  }

  /** A neighbour says goodbye. */
  onLeaving(place: RingPeer['identifier']): void {
    const { position } = this
    const wasHead = position.head?.identifier === place
    position.forgetSuccessor(place)
    position.fingers.removePeer(place)
    if (position.predecessor?.identifier === place) position.adoptPredecessor(undefined)
    if (wasHead) this.stabilise()
  }

  /** Tells the successor that this place may be its predecessor. */
  notify(): void {
    const { head, index, ownEntry, predecessor, chain } = this.position
    if (head === undefined) return
    const told = predecessor === undefined ? [] : [predecessor.identifier, ...chain]
    this.state.tell(head.peer, {
      type: 'notify',
      index: head.entry.index,
      from: index,
      addresses: ownEntry.addresses,
      chain: told.slice(0, this.state.chainLength),
    })
  }

  private isCandidate(entry: RingEntry): boolean {
    const { identifier, head } = this.position
    const place = entry.identifierIn(this.state.space)
    return isBetween(identifier, place, head?.identifier ?? identifier) && !this.state.wasSilent(place)
  }

  private askHead(): void {
    const { head } = this.position
    if (head === undefined || this.steps++ >= MAX_STEPS_PER_STABILISATION) {
      this.end()
      return
    }
    this.state.ask(
      head.peer,
      'neighbourhood',
      request => ({ type: 'neighbours', request, index: head.entry.index, known: this.position.knownDigest }),
      {
        onReply: reply => this.onHead(head, reply),
        onSilence: silence => this.onHeadSilent(head, silence === 'unreachable'),
      },
    )
  }

  private onHeadSilent(head: RingPeer, isUnreachable: boolean): void {
    const { position, state } = this
    if (position.head?.identifier === head.identifier) {
      this.silences++
      if (isUnreachable || this.silences >= SILENCES_TO_BE_GONE) {
        state.noteSilence(head)
        if (this.heard === head.identifier) state.noteDeparture(head)
        this.dropHead()
        if (position.head === undefined) this.onLost()
      }
    } else this.silences = 0
    this.askHead()
  }

  private dropHead(): void {
    this.silences = 0
    this.position.dropHead()
  }

  private onHead(head: RingPeer, reply: Neighbourhood): void {
    const { position, state } = this
    if (position.head?.identifier !== head.identifier) {
      this.askHead()
      return
    }
    if (!reply.isMember) {
      this.dropHead()
      this.askHead()
      return
    }
    this.silences = 0
    this.heard = head.identifier
    state.noteAnswer(head.identifier)
    if (reply.successors !== undefined) {
      position.adoptSuccessors([head.entry, ...reply.successors])
      position.knownDigest = reply.digest
    }
    this.follow(reply.predecessor)
  }

  /** The successor's predecessor may be a nearer successor. */
  private follow(entry: RingEntry | undefined): void {
    if (entry !== undefined && this.isCandidate(entry) && this.steps < MAX_STEPS_PER_STABILISATION)
      this.consider(entry)
    else {
      this.notify()
      this.end()
    }
  }

  /** Whoever lives and stands before the successor takes its place, with its own list. */
  private consider(entry: RingEntry): void {
    const { state } = this
    this.steps++
    const row = state.hold(entry)
    const request = { index: entry.index, known: 0 }
    state.ask(row.peer, 'neighbourhood', number => ({ type: 'neighbours', request: number, ...request }), {
      onReply: reply => {
        state.noteAnswer(row.identifier)
        const isNearer = reply.isMember && this.isCandidate(entry)
        if (isNearer) this.takeHead(entry, reply)
        state.drop(row)
        this.follow(isNearer ? reply.predecessor : undefined)
      },
      onSilence: () => {
        state.noteSilence(row)
        state.drop(row)
        this.follow(undefined)
      },
    })
  }

  /** Where two rings grow together, the new successor may not know the old one: it is told. */
  private takeHead(entry: RingEntry, { successors = [], digest }: Neighbourhood): void {
    const { position, state } = this
    const before = position.head
    position.adoptSuccessors([entry, ...successors])
    position.knownDigest = digest
    this.silences = 0
    this.heard = position.head?.identifier
    if (before === undefined) return
    const isKept = position.successors.some(({ identifier }) => identifier === before.identifier)
    const { head } = position
    if (!isKept && head !== undefined)
      state.tell(head.peer, { type: 'hint', index: head.entry.index, hops: 0, entries: [before.entry] })
  }

  private end(): void {
    this.isBusy = false
    for (let hint = this.hints.shift(); hint !== undefined; hint = this.hints.shift()) {
      if (!this.isCandidate(hint)) continue
      this.isBusy = true
      this.steps = 0
      this.consider(hint)
      return
    }
  }

  /** Whether the predecessor lives. If not, another takes its place, where there is one. */
  private checkPredecessor(known: RingPeer, other: RingEntry | undefined, silences = 0): void {
    if (this.isChecking && silences === 0) return
    this.isChecking = true
    const { position, state } = this
    state.ask(known.peer, 'pong', request => ({ type: 'ping', request, index: known.entry.index }), {
      onReply: ({ isMember }) => {
        this.isChecking = false
        if (position.predecessor?.identifier !== known.identifier) return
        if (isMember) position.predecessorHeardMs = state.now()
        else position.adoptPredecessor(other)
      },
      onSilence: silence => {
        const isSame = position.predecessor?.identifier === known.identifier
        const isGone = silence === 'unreachable' || silences + 1 >= SILENCES_TO_BE_GONE
        if (isSame && !isGone) {
          this.checkPredecessor(known, other, silences + 1)
          return
        }
        this.isChecking = false
        if (!isSame) return
        state.noteSilence(known)
        state.noteDeparture(known)
        position.adoptPredecessor(other)
      },
    })
  }
}
