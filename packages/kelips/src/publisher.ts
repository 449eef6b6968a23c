import {
  type Cancel,
  Costs,
  checkPointer,
  type Key,
  keyHash32,
  type Outcome,
  type PeerHandle,
  type Pointer,
  type Publication,
  publicationId,
  SIGNATURE_BYTES,
  sideBySide,
  signPointer,
  type UnsignedPointer,
  unsignedPointer,
} from '@onehop/overlay'
import { assert, assertOk, bytesKey } from '@onehop/primitives'
import { kelipsCodec } from './codec.ts'
import {
  EARLY_REFRESHES,
  FIRST_REFRESH_MS,
  MAX_PUBLICATIONS,
  MAX_REFRESHES_PER_TICK,
  MAX_TRIES_PER_PEER,
  REFRESH_COST_BYTES,
  REPLACE_SPREAD_MS,
  REPUBLISH_DELAY_MS,
  SPREAD_REFRESHES,
  STORE_BATCH,
} from './limits.ts'
import { type OwnPublication, type Placed, Placement } from './publication.ts'
import type { KelipsState } from './state.ts'
import type { Stores } from './stores.ts'

/** Refreshes are spread over this part of the interval, so that they do not all fall together. */
const JITTER_PART = 0.2

/** What this node says that it has: kept at its holders, refreshed before it expires, moved when groups change. */
export class Publisher {
  private readonly state: KelipsState
  private readonly stores: Stores
  private readonly own = new Map<string, OwnPublication>()
  private cancelMove: Cancel | undefined
  /** Nothing is due before. */
  private nextRefreshMs = 0
  /** The highest sequence of those taken back: what is published anew within the same millisecond must be later. */
  private takenBackUpTo = 0

  constructor(state: KelipsState, stores: Stores) {
    this.state = state
    this.stores = stores
  }

  get size(): number {
    return this.own.size
  }

  all(): IterableIterator<OwnPublication> {
    return this.own.values()
  }

  /** @throws {AssertionError} for a publication that no pointer can be made of, and for one too many. */
  assertPublishable(publication: Publication): void {
    const isKnown = this.own.has(publicationId(publication.key, publication.target))
    assert(isKnown || this.own.size < MAX_PUBLICATIONS, `at most ${MAX_PUBLICATIONS} publications`)
    const unsigned = this.unsignedPointer(publication, undefined)
    assertOk(checkPointer({ ...unsigned, signature: new Uint8Array(SIGNATURE_BYTES) }, this.state.nowS()))
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    const id = publicationId(publication.key, publication.target)
    const pointer = this.makePointer(publication, this.own.get(id)?.pointer)
    const own = this.takeUp(publication, pointer, 0)
    this.stores.spread(pointer)
    this.place(pointer, (outcome, isPartial) => {
      if (isPartial) this.scheduleRetry(own)
      done(outcome)
    })
  }

  /** Takes over a publication that its holders have already: it is refreshed in its time. */
  adopt(publication: Publication): Pointer {
    const { environment, options } = this.state
    const pointer = this.makePointer(publication, undefined)
    const own = this.takeUp(publication, pointer, EARLY_REFRESHES)
    own.refreshAtMs = this.state.now() + environment.random() * options.pointerRefreshMs
    this.nextRefreshMs = Math.min(this.nextRefreshMs, own.refreshAtMs)
    return pointer
  }

  private takeUp(publication: Publication, pointer: Pointer, refreshes: number): OwnPublication {
    const counts = { refreshAtMs: 0, holders: '', unconfirmed: 0, retries: 0, refreshes }
    const own = { publication, pointer, ...counts }
    this.own.set(publicationId(publication.key, publication.target), own)
    this.scheduleRefresh(own)
    return own
  }

  withdraw(key: Key, target: Uint8Array | undefined, done: (outcome: Outcome) => void): void {
    const matching = this.matching(key, target)
    if (matching.length === 0) {
      done(new Costs(this.state.now()).outcome(this.state.now(), { failure: 'not found' }))
      return
    }
    for (const { publication } of matching)
      this.own.delete(publicationId(publication.key, publication.target))
    sideBySide(matching, (own, placed) => this.place(this.takeBack(own), placed), done)
  }

  /** Refreshes what is due, what expires first first: as much as the budget allows, and all that cannot wait. */
  tick(): void {
    const nowMs = this.state.now()
    if (nowMs < this.nextRefreshMs) return
    const due = [...this.own.values()].filter(({ refreshAtMs }) => refreshAtMs <= nowMs)
    due.sort((a, b) => a.pointer.expiresAt - b.pointer.expiresAt)
    const chosen = due.slice(0, this.refreshesNow(due))
    this.nextRefreshMs = Number.POSITIVE_INFINITY
    if (chosen.length > 0) this.refresh(chosen)
    for (const { refreshAtMs } of this.own.values())
      this.nextRefreshMs = Math.min(this.nextRefreshMs, refreshAtMs)
  }

  /** How many of those due are refreshed now. No pointer expires for want of budget: half its life is time to wait. */
  private refreshesNow(due: readonly OwnPublication[]): number {
    const { budget, options } = this.state
    const nowMs = this.state.now()
    const affordable = budget.mayOwe(nowMs) ? Math.ceil(budget.available(nowMs) / REFRESH_COST_BYTES) : 0
    const halfLifeS = options.pointerLifetimeMs / 2_000
    const patient = due.findIndex(({ pointer }) => pointer.expiresAt > this.state.nowS() + halfLifeS)
    const urgent = patient < 0 ? due.length : patient
    return Math.max(affordable, Math.min(urgent, MAX_REFRESHES_PER_TICK))
  }

  /** Groups have gained or lost members: what others are responsible for now is sent to them at once. */
  onGroupsChange(): void {
    const isFixed = this.state.prefixes === undefined
    if (!isFixed || this.own.size === 0 || this.cancelMove !== undefined) return
    this.cancelMove = this.state.environment.setTimer(REPUBLISH_DELAY_MS, () => {
      this.cancelMove = undefined
      this.move()
    })
  }

  /** Takes back everything without waiting for confirmations: the node leaves. */
  withdrawAll(): void {
    const pointers = [...this.own.values()].map(own => this.takeBack(own))
    this.own.clear()
    const batches = this.batchesOf(pointers.map(pointer => ({ pointer })))
    for (const { peer, items } of batches) {
      const message = { type: 'store' as const, request: 0, pointers: items.map(({ pointer }) => pointer) }
      this.state.environment.send(peer, message)
    }
  }

  /** The network has shrunk, and holders may have gone with it: everything is sent again, one after the other. */
  replaceAll(): void {
    const { environment, options } = this.state
    const spreadMs = Math.min(options.pointerRefreshMs, REPLACE_SPREAD_MS)
    for (const own of this.own.values())
      own.refreshAtMs = Math.min(own.refreshAtMs, this.state.now() + spreadMs * environment.random())
    this.nextRefreshMs = 0
  }

  stop(): void {
    this.cancelMove?.()
  }

  private matching(key: Key, target: Uint8Array | undefined): OwnPublication[] {
    if (target !== undefined) {
      const own = this.own.get(publicationId(key, target))
      return own === undefined ? [] : [own]
    }
    return [...this.own.values()].filter(own => bytesKey(own.publication.key) === bytesKey(key))
  }

  private place(pointer: Pointer, done: Placed): void {
    new Placement({ state: this.state, stores: this.stores }, pointer, done).start()
  }

  private move(): void {
    const moved: OwnPublication[] = []
    for (const own of this.own.values()) {
      const before = own.holders.split(',')
      const holders = this.holdersOf(own)
      own.holders = holders.join(',')
      if (holders.some(group => !before.includes(String(group)))) moved.push(own)
    }
    if (moved.length > 0) this.refresh(moved)
  }

  private holdersOf(own: OwnPublication): readonly number[] {
    return this.state.holders.placesOf(keyHash32(own.publication.key))
  }

  /** Signs anew, and sends to the holders: many pointers to a message, charged to the gossip budget. */
  private refresh(due: readonly OwnPublication[]): void {
    for (const own of due) {
      own.pointer = this.makePointer(own.publication, own.pointer)
      own.unconfirmed = 0
      own.refreshes = Math.min(own.refreshes + 1, EARLY_REFRESHES)
      this.stores.keep(own.pointer)
      this.scheduleRetry(own)
    }
    if (due.length <= SPREAD_REFRESHES) for (const { pointer } of due) this.stores.spread(pointer)
    const batches = this.batchesOf(due)
    for (const { items } of batches) for (const own of items) own.unconfirmed++
    for (const own of due) if (own.unconfirmed === 0) this.scheduleRefresh(own)
    const costs = new Costs(this.state.now())
    for (const { peer, items } of batches) this.sendRefresh(peer, items, costs, 1)
  }

  private sendRefresh(peer: PeerHandle, items: readonly OwnPublication[], costs: Costs, tries: number): void {
    const pointers = items.map(({ pointer }) => pointer)
    this.state.charge(peer, kelipsCodec.encodedLength({ type: 'store', request: 1, pointers }))
    this.stores.send(peer, pointers, costs, {
      onHeld: (held, named) => {
        const isRightHolder = held === pointers.length || named.length === 0
        if (isRightHolder) items.forEach((own, i) => void this.confirm(own, pointers[i]!))
      },
      onSilence: silence => {
        const isWorthwhile = silence === 'timed out' && this.state.roster.has(peer)
        if (isWorthwhile && tries < MAX_TRIES_PER_PEER) this.sendRefresh(peer, items, costs, tries + 1)
      },
    })
  }

  /** One of the members that should hold the pointer does. When all do, it rests until its next refresh. */
  private confirm(own: OwnPublication, pointer: Pointer): void {
    if (own.pointer !== pointer) return
    own.unconfirmed--
    if (own.unconfirmed === 0) this.scheduleRefresh(own)
  }

  private batchesOf<T extends { readonly pointer: Pointer }>(
    things: readonly T[],
  ): { peer: PeerHandle; items: T[] }[] {
    const byPeer = new Map<PeerHandle, T[]>()
    for (const thing of things) {
      for (const peer of this.stores
        .targetsOf(thing.pointer.key)
        .slice(0, this.state.options.publishTargets)) {
        const list = byPeer.get(peer)
        if (list === undefined) byPeer.set(peer, [thing])
        else list.push(thing)
      }
    }
    return [...byPeer].flatMap(([peer, all]) => {
      const count = Math.ceil(all.length / STORE_BATCH)
      return Array.from({ length: count }, (_, i) => ({
        peer,
        items: all.slice(i * STORE_BATCH, (i + 1) * STORE_BATCH),
      }))
    })
  }

  private scheduleRefresh(own: OwnPublication): void {
    const spread = 1 - JITTER_PART * this.state.environment.random()
    const usualMs = this.state.options.pointerRefreshMs
    const isEarly = own.refreshes < EARLY_REFRESHES
    const intervalMs = isEarly ? Math.min(usualMs, FIRST_REFRESH_MS * 2 ** own.refreshes) : usualMs
    own.refreshAtMs = this.state.now() + intervalMs * spread
    this.nextRefreshMs = Math.min(this.nextRefreshMs, own.refreshAtMs)
    own.retries = 0
    own.holders = this.holdersOf(own).join(',')
  }

  /** Not every member has confirmed: one is dead, or does not know yet that it is responsible. */
  private scheduleRetry(own: OwnPublication): void {
    const { gossipIntervalMs, pointerRefreshMs } = this.state.options
    own.refreshAtMs = this.state.now() + Math.min(pointerRefreshMs, gossipIntervalMs * 2 ** own.retries)
    this.nextRefreshMs = Math.min(this.nextRefreshMs, own.refreshAtMs)
    own.retries++
    own.holders = this.holdersOf(own).join(',')
  }

  private makePointer(publication: Publication, previous: Pointer | undefined): Pointer {
    const unsigned = this.unsignedPointer(publication, previous)
    return signPointer(unsigned, payload => this.state.environment.sign(payload))
  }

  private unsignedPointer(publication: Publication, previous: Pointer | undefined): UnsignedPointer {
    const { environment, options } = this.state
    const unsigned = unsignedPointer(environment, publication, previous, options.pointerLifetimeMs)
    return { ...unsigned, sequence: Math.max(unsigned.sequence, this.takenBackUpTo + 1) }
  }

  /** The pointer that stands in place of one taken back, for as long as that one could have lived. */
  private takeBack({ pointer: { signature: _signature, ...fields } }: OwnPublication): Pointer {
    const { environment } = this.state
    const sequence = fields.sequence + 1
    this.takenBackUpTo = Math.max(this.takenBackUpTo, sequence)
    const withdrawn = { ...fields, addresses: [], sequence, withdrawn: true as const }
    return signPointer(withdrawn, payload => environment.sign(payload))
  }
}
