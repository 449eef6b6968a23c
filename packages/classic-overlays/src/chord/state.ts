import {
  type Environment,
  Handles,
  internEntry,
  type PeerHandle,
  type PeerId,
  type RequestSilence,
  Requests,
} from '@onehop/overlay'
import { BoundedMap, invalid, type Rejection } from '@onehop/primitives'
import { type Identifier, type IdentifierSpace, partOfRing } from './identifiers.ts'
import {
  DIAL_ROUND_TRIPS,
  LEAST_SUCCESSORS,
  MAX_DEPARTED,
  MAX_ESTIMATED_NODES,
  MAX_PENDING_REQUESTS,
  MAX_SILENT_PEERS,
  MAX_TIMES,
  MOST_CHAIN,
  MOST_PLAUSIBLE_GAP,
  MOST_SUCCESSORS,
} from './limits.ts'
import type { ChordMessage, ChordReply, ChordRequest } from './messages.ts'
import type { ChordOptions } from './options.ts'
import { Position } from './position.ts'
import { RingEntry, type RingPeer } from './ring-entry.ts'

/** What becomes of a question. */
export interface AskHandlers<Type extends ChordReply['type']> {
  onReply(reply: Extract<ChordReply, { type: Type }>): void
  onSilence(silence: RequestSilence): void
}

/** A peer that was a neighbour, and is gone. */
export interface Departed {
  readonly entry: RingEntry
  readonly sinceMs: number
}

/** What the parts of one machine share: its places on the ring, and whom it asks. */
export class ChordState {
  readonly environment: Environment<ChordMessage>
  readonly options: ChordOptions
  readonly space: IdentifierSpace
  readonly handles: Handles
  readonly requests: Requests<ChordMessage, ChordReply>
  readonly positions: Position[] = []
  readonly ownId: PeerId
  /** Neighbours that are gone, by place: a partition may have taken them. */
  readonly departed = new BoundedMap<Identifier, Departed>(MAX_DEPARTED)
  phase: 'new' | 'member' | 'left' = 'new'
  /** How long successor lists are now. */
  successorLimit: number
  /** Answers this machine's own question to itself: one of its places asks another. */
  answerLocally: (message: ChordRequest) => ChordReply | undefined = () => undefined
  /** Takes what one place of this machine tells another. */
  receiveLocally: (message: ChordMessage) => void = () => {}
  /** How many rows hold a peer's handle. */
  private readonly held = new Map<PeerHandle, number>()
  /** Places that were silent lately, and until when they are left alone. */
  private readonly silent = new BoundedMap<Identifier, number>(MAX_SILENT_PEERS)

  constructor(environment: Environment<ChordMessage>, options: ChordOptions, space: IdentifierSpace) {
    this.environment = environment
    this.options = options
    this.space = space
    this.ownId = environment.idOf(environment.self)
    this.handles = new Handles(environment)
    this.requests = new Requests(environment, this.handles, {
      defaultTimeoutMs: options.defaultTimeoutMs,
      minimumTimeoutMs: options.minimumTimeoutMs,
      dialRoundTrips: DIAL_ROUND_TRIPS,
      mostPending: MAX_PENDING_REQUESTS,
      mostTimes: MAX_TIMES,
    })
    this.successorLimit = options.successors === 'auto' ? LEAST_SUCCESSORS : options.successors
    for (let index = 0; index < options.virtualNodes; index++) this.positions.push(new Position(this, index))
  }

  now(): number {
    return this.environment.now()
  }

  nowS(): number {
    return Math.floor(this.now() / 1000)
  }

  /** Identifiers of predecessors that are told in a notice: as far back as replicas may be held. */
  get chainLength(): number {
    const { replicas, virtualNodes } = this.options
    return Math.min(MOST_CHAIN, replicas * (virtualNodes > 1 ? 2 : 1))
  }

  get members(): Position[] {
    return this.positions.filter(({ isMember }) => isMember)
  }

  /** The member position of this index. */
  positionOf(index: number): Position | undefined {
    return this.positions.find(position => position.isMember && position.index === index)
  }

  /** A row of a table for the entry. Whoever keeps it drops it one day. */
  hold(entry: RingEntry): RingPeer {
    const peer = internEntry(this.environment, entry)
    this.holdPeer(peer)
    return { entry, identifier: entry.identifierIn(this.space), peer }
  }

  drop({ peer }: RingPeer): void {
    this.dropPeer(peer)
  }

  holdPeer(peer: PeerHandle): void {
    if (this.environment.keepsHandles || peer === this.environment.self) return
    const count = this.held.get(peer) ?? 0
    if (count === 0) this.handles.hold(peer)
    this.held.set(peer, count + 1)
  }

  dropPeer(peer: PeerHandle): void {
    const count = this.held.get(peer)
    if (count === undefined) return
    if (count > 1) {
      this.held.set(peer, count - 1)
      return
    }
    this.held.delete(peer)
    this.handles.drop(peer)
  }

  /** Lets go of everybody, whatever is still under way: the node leaves. */
  dropAll(): void {
    for (const peer of this.held.keys()) this.handles.drop(peer)
    this.held.clear()
  }

  /** The place of a peer that speaks for itself. */
  entryOf(peer: PeerHandle, index: number, addresses: RingEntry['addresses'] = []): RingEntry {
    return new RingEntry(this.environment.idOf(peer), addresses, index)
  }

  /**
   * Asks, and waits for an answer of this type: another is as good as none, and its sender to blame.
   * @param build makes the message that carries the request's number.
   */
  ask<Type extends ChordReply['type']>(
    to: PeerHandle,
    type: Type,
    build: (request: number) => ChordRequest,
    handlers: AskHandlers<Type>,
  ): () => void {
    if (to === this.environment.self) return this.askSelf(type, build(0), handlers)
    return this.requests.send(to, build, {
      onReply: reply => {
        if (isOfType(reply, type)) {
          handlers.onReply(reply)
          return
        }
        this.blame(to, invalid('chord-wrong-reply'))
        handlers.onSilence('timed out')
      },
      onSilence: silence => handlers.onSilence(silence),
    })
  }

  /** Sends what needs no answer. */
  tell(to: PeerHandle, message: ChordMessage): void {
    const { environment } = this
    if (to !== environment.self) environment.send(to, message)
    else
      environment.setTimer(0, () => {
        if (this.phase !== 'left') this.receiveLocally(message)
      })
  }

  blame(peer: PeerHandle, verdict: Rejection): void {
    if (peer !== this.environment.self) this.environment.penalise(peer, verdict)
  }

  /** A peer let its time pass, or could not be reached: fingers do without it, and nobody waits for it soon again. */
  noteSilence({ identifier, peer }: RingPeer): void {
    if (peer === this.environment.self) return
    this.silent.set(identifier, this.now() + this.options.stabiliseMs)
    for (const { fingers } of this.positions) fingers.removePeer(identifier)
  }

  noteAnswer(identifier: Identifier): void {
    this.silent.delete(identifier)
    this.departed.delete(identifier)
  }

  wasSilent(identifier: Identifier): boolean {
    return (this.silent.get(identifier) ?? 0) > this.now()
  }

  /** A neighbour is gone. */
  noteDeparture({ entry, identifier }: RingPeer): void {
    this.departed.set(identifier, { entry, sinceMs: this.now() })
  }

  /** How many places the ring has, by how close the successors stand. */
  estimatedNodes(): number {
    let [nodes, part] = [0, 0]
    for (const { identifier, successors, isWholeRing } of this.positions) {
      const last = successors.at(-1)
      if (last === undefined) continue
      if (isWholeRing) return successors.length + 1
      nodes += successors.length
      part += partOfRing(identifier, last.identifier)
    }
    if (nodes === 0) return 1
    return Math.max(
      2,
      Math.min(MAX_ESTIMATED_NODES, Math.round(part > 0 ? nodes / part : MAX_ESTIMATED_NODES)),
    )
  }

  /**
   * Gaps between nodes are distributed exponentially: one of many times the mean is made up. Of few successors the mean
   * cannot be told.
   */
  isPlausibleOwner(target: Identifier, owner: Identifier): boolean {
    const known = this.positions.reduce((sum, { successors }) => sum + successors.length, 0)
    if (known < LEAST_SUCCESSORS) return true
    return partOfRing(target, owner) * this.estimatedNodes() <= MOST_PLAUSIBLE_GAP
  }

  /** Lengthens or shortens the successor lists to 2 log₂ N (SIGCOMM 2001, theorem 5), where nobody chose a length. */
  tuneSuccessors(): void {
    this.assumeNodes(this.estimatedNodes())
  }

  /** Makes successor lists as long as a ring of so many nodes wants them, where nobody chose a length. */
  assumeNodes(nodes: number): void {
    if (this.options.successors !== 'auto') return
    const wanted = 2 * logarithm(nodes)
    const limit = Math.max(LEAST_SUCCESSORS, Math.min(MOST_SUCCESSORS, wanted))
    if (limit > this.successorLimit) for (const position of this.positions) position.knownDigest = 0
    this.successorLimit = limit
  }

  private askSelf<Type extends ChordReply['type']>(
    type: Type,
    message: ChordRequest,
    handlers: AskHandlers<Type>,
  ): () => void {
    return this.environment.setTimer(0, () => {
      if (this.phase === 'left') return
      const reply = this.answerLocally(message)
      if (reply !== undefined && isOfType(reply, type)) handlers.onReply(reply)
      else handlers.onSilence('unreachable')
    })
  }
}

function isOfType<Type extends ChordReply['type']>(
  reply: ChordReply,
  type: Type,
): reply is Extract<ChordReply, { type: Type }> {
  return reply.type === type
}

/** log₂ of a positive integer, rounded up: counted, for engines differ in their logarithms. */
function logarithm(value: number): number {
  let power = 0
  for (let reached = 1; reached < value; reached *= 2) power++
  return power
}
