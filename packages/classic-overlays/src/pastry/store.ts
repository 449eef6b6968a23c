import {
  type Key,
  type PeerHandle,
  type Pointer,
  PointerIntake,
  PointerTable,
  type Requests,
} from '@onehop/overlay'
import type { Contact } from './contact.ts'
import { closestHolders, type Holder } from './holders.ts'
import {
  HOLDER_SLACK,
  MAX_DEFERRED_LOOKUPS,
  MAX_MOVE_TRIES,
  MAX_PENDING_VERIFICATIONS,
  MAX_PENDING_VERIFICATIONS_PER_PEER,
  MAX_POINTERS,
  MAX_POINTERS_PER_ANSWER,
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_PROVIDER,
} from './limits.ts'
import type { Fetch, Found, Get, Hold, PastryMessage, Put, Reply, Stored } from './messages.ts'
import { equalIds, idFromBytes, nodeIdOf } from './node-id.ts'
import type { PastryState } from './state.ts'

/** The pointers that this node holds because it is one of the k closest to their keys, and who asks for them (PAST). */
export class Store {
  readonly pointers = new PointerTable({
    inAll: MAX_POINTERS,
    perKey: MAX_POINTERS_PER_KEY,
    perProvider: MAX_POINTERS_PER_PROVIDER,
  })
  readonly intake: PointerIntake
  /** Answers to journeys that end where they began. */
  onOwnArrival: (answer: Found | Stored) => void = () => {}
  private readonly state: PastryState
  private readonly requests: Requests<PastryMessage, Reply>
  private readonly deferred: (() => void)[] = []

  constructor(state: PastryState, requests: Requests<PastryMessage, Reply>) {
    this.state = state
    this.requests = requests
    this.intake = new PointerIntake({
      environment: state.environment,
      handles: state.handles,
      hasLeft: () => state.phase === 'left',
      limits: { inAll: MAX_PENDING_VERIFICATIONS, perPeer: MAX_PENDING_VERIFICATIONS_PER_PEER },
      knownAs: pointer => this.pointers.versionOf(pointer),
    })
  }

  get deferredLookups(): number {
    return this.deferred.length
  }

  /** The closest nodes to the key that we know, the closest first. */
  holdersOf(key: Key, count = this.state.options.replicas): Holder[] {
    const { ownId, leafSet } = this.state
    return closestHolders(idFromBytes(key), ownId, leafSet.members, count)
  }

  /** Whether we are among the k closest, or not far behind; in a network no larger than a leaf set, everybody may be. */
  isHolder(key: Key): boolean {
    if (this.state.leafSet.knowsAll) return true
    return this.holdersOf(key, this.state.options.replicas + HOLDER_SLACK).includes('self')
  }

  /** A lookup has come to the node closest to its key. Newcomers answer when they have fetched what they are to hold. */
  onGet(message: Get): void {
    if (this.state.phase === 'member') this.answer(message)
    else if (this.deferred.length < MAX_DEFERRED_LOOKUPS) this.deferred.push(() => this.answer(message))
  }

  onEntered(): void {
    for (const answer of this.deferred.splice(0)) answer()
  }

  /** A pointer has come to the node closest to its key: it is passed on to the other holders, and then confirmed. */
  onPut(message: Put, from: PeerHandle): void {
    const { self } = this.state.environment
    const blamed = message.hops === 1 ? from : self
    this.intake.verify(message.pointers, blamed, valid => {
      const kept = valid.filter(pointer => this.isKept(pointer))
      if (kept.length > 0) this.replicate(message, kept)
      else this.confirm(message, 0)
    })
  }

  onHold(from: PeerHandle, { request, moves, pointers }: Hold): void {
    const own = pointers.filter(({ key }) => this.isHolder(key))
    this.intake.verify(own, from, valid => {
      const held = valid.filter(pointer => this.isKept(pointer)).length
      this.state.environment.send(from, { type: 'held', request, moves, held })
    })
  }

  onFetch(from: PeerHandle, { request, key, limit }: Fetch): void {
    const pointers = this.find(key, limit)
    this.state.environment.send(from, {
      type: 'found',
      request,
      hops: 0,
      detours: 0,
      pointers,
      members: [],
    })
  }

  /** Takes later versions of pointers that are held. */
  replace(pointers: readonly Pointer[]): void {
    for (const pointer of pointers)
      if (this.pointers.versionOf(pointer) !== undefined) this.pointers.put(pointer)
  }

  find(key: Key, limit: number): Pointer[] {
    return this.pointers.find(key, this.state.nowS(), Math.min(limit, MAX_POINTERS_PER_ANSWER))
  }

  /** Offers pointers to a node, some times. @param done told how many it holds; undefined: it did not answer. */
  offer(
    peer: PeerHandle,
    pointers: readonly Pointer[],
    moves: boolean,
    done: (held: number | undefined) => void,
    tries = 1,
  ): void {
    this.requests.send(peer, request => ({ type: 'hold', request, moves, pointers }), {
      onReply: reply => done(reply.type === 'held' ? reply.held : 0),
      onSilence: silence => {
        const isWorthwhile = silence === 'timed out' && tries < MAX_MOVE_TRIES
        if (isWorthwhile) this.offer(peer, pointers, moves, done, tries + 1)
        else done(undefined)
      },
    })
  }

  private isKept(pointer: Pointer): boolean {
    const result = this.pointers.put(pointer)
    return result !== 'full'
  }

  private answer({ origin, number, hops, detours, key, limit }: Get): void {
    const pointers = this.find(key, limit)
    const others = this.pointers.has(key) ? [] : this.otherHolders(key)
    const members = others.map(({ entry }) => entry)
    this.tell(origin, { type: 'found', request: number, hops, detours, pointers, members })
  }

  private otherHolders(key: Key): Contact[] {
    return this.holdersOf(key).filter(holder => holder !== 'self')
  }

  private replicate(message: Put, pointers: readonly Pointer[]): void {
    const origin = nodeIdOf(message.origin.id)
    const others = this.otherHolders(message.pointers[0]!.key)
    let held = equalIds(origin, this.state.ownId) ? 0 : 1
    let open = others.length + 1
    const end = () => {
      open--
      if (open === 0) this.confirm(message, held)
    }
    for (const other of others)
      this.offer(other.peer, pointers, false, count => {
        if (count !== undefined && count > 0 && !equalIds(other.id, origin)) held++
        end()
      })
    end()
  }

  private confirm({ origin, number, hops, detours }: Put, held: number): void {
    this.tell(origin, { type: 'stored', request: number, hops, detours, held })
  }

  private tell(origin: Get['origin'], answer: Found | Stored): void {
    if (answer.request === 0) return
    if (equalIds(nodeIdOf(origin.id), this.state.ownId)) this.onOwnArrival(answer)
    else this.state.answer(origin, answer)
  }
}
