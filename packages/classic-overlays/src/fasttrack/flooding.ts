import { isLive, type Key, type PeerEntry, type PeerHandle, type Pointer } from '@onehop/overlay'
import { assert, equalBytes, invalid } from '@onehop/primitives'
import type { Children } from './children.ts'
import { FLOOD_ROUND_TRIPS, MAX_SEARCHES, MAX_TTL, MESSAGES_PER_WORD } from './limits.ts'
import type { Links, Neighbour } from './links.ts'
import { matching, pages } from './matching.ts'
import type { Hits, Query } from './messages.ts'
import { QueryTable } from './query-table.ts'
import type { FastTrackState } from './state.ts'

/** Who searches is told: at once what this supernode knows, then what others do, and when it is over. */
export interface SearchListener {
  onPointers(pointers: readonly Pointer[], hops: number, supernode: PeerEntry, from: PeerHandle): void
  /** Called once, last. */
  onEnd(): void
}

/** A search that this supernode makes, for a child or for itself. */
interface Search {
  readonly way: number
  readonly keys: readonly Key[]
  left: number
  readonly listener: SearchListener
  readonly stopTimer: () => void
}

/** Queries flood among supernodes, and hits come back the way that the query went. */
export class Flooding {
  private readonly state: FastTrackState
  private readonly children: Children
  private readonly links: Links
  private readonly queries: QueryTable
  /** By way: negative numbers, for neighbours have the positive ones. */
  private readonly searches = new Map<number, Search>()
  private nextWay = -1

  constructor(state: FastTrackState, children: Children, links: Links) {
    this.state = state
    this.children = children
    this.links = links
    this.queries = new QueryTable(state.now())
  }

  get searchCount(): number {
    return this.searches.size
  }

  get queryCount(): number {
    return this.queries.size
  }

  /** Whether one more search can begin. */
  get hasRoom(): boolean {
    return this.searches.size < MAX_SEARCHES
  }

  /** Without neighbours there is nobody to ask. */
  get isAlone(): boolean {
    return this.links.size === 0
  }

  /** Own pointers and those of children. */
  ownMatches(keys: readonly Key[], limit: number): readonly Pointer[] {
    const nowS = this.state.nowS()
    const own = [...this.state.own.pointers()]
    return matching(keys, limit, key => [
      ...own.filter(pointer => equalBytes(pointer.key, key)).slice(0, limit),
      ...this.children.index.find(key, nowS, limit),
    ])
  }

  /**
   * Floods a search. The listener is not told of this supernode's own matches.
   * @param limit pointers wanted; the search ends with them.
   * @returns ends it without a word.
   */
  search(keys: readonly Key[], limit: number, listener: SearchListener): () => void {
    assert(this.hasRoom, 'too many searches')
    const way = this.nextWay
    this.nextWay--
    const stopTimer = this.state.environment.setTimer(this.windowMs(), () => this.end(way))
    this.searches.set(way, { way, keys, left: limit, listener, stopTimer })
    const [high, low] = [this.randomUint32(), this.randomUint32()]
    this.queries.add(high, low, way, limit, this.state.now())
    this.forward({ type: 'query', high, low, ttl: this.state.options.ttl, hops: 0, keys, limit }, undefined)
    return () => this.close(way)
  }

  onQuery(from: PeerHandle, query: Query): void {
    const neighbour = this.links.get(from)
    if (neighbour === undefined || !this.isFair(neighbour, query)) return
    const { high, low, ttl, hops, keys, limit } = query
    if (!this.queries.add(high, low, neighbour.way, limit, this.state.now())) return
    const found = this.ownMatches(keys, limit)
    for (const pointers of pages(found))
      this.state.send(from, { type: 'hits', high, low, hops: hops + 1, supernode: this.state.self, pointers })
    if (found.length >= limit || ttl <= 1) return
    this.forward({ ...query, ttl: ttl - 1, hops: hops + 1 }, neighbour)
  }

  onHits(from: PeerHandle, hits: Hits): void {
    const neighbour = this.links.get(from)
    if (neighbour === undefined || !neighbour.bucket.take(1, this.state.now())) return
    const way = this.queries.wayOf(hits.high, hits.low)
    if (way === 0 || way === neighbour.way || hits.hops > MAX_TTL + 1) return
    this.state.verify(hits.pointers, from, valid => {
      const live = valid.filter(pointer => isLive(pointer, this.state.nowS()))
      if (live.length === 0) return
      if (way < 0) this.deliver(way, hits, live, from)
      else this.passBack(way, hits, live)
    })
  }

  clear(): void {
    for (const { stopTimer } of this.searches.values()) stopTimer()
    this.searches.clear()
  }

  /** This node is no supernode any more: searches end with what was found. */
  endAll(): void {
    for (const way of [...this.searches.keys()]) this.end(way)
  }

  private isFair({ peer, bucket }: Neighbour, { ttl, hops, keys }: Query): boolean {
    if (ttl < 1 || ttl + hops > MAX_TTL) {
      this.state.environment.penalise(peer, invalid('query-ttl', `ttl ${ttl} after ${hops} hops`))
      return false
    }
    const cost = keys.length === 1 ? 1 : MESSAGES_PER_WORD * keys.length
    return bucket.take(cost, this.state.now())
  }

  private forward(query: Query, except: Neighbour | undefined): void {
    for (const neighbour of this.links.all())
      if (neighbour !== except) this.state.environment.send(neighbour.peer, query)
  }

  private deliver(way: number, hits: Hits, pointers: readonly Pointer[], from: PeerHandle): void {
    const search = this.searches.get(way)
    const wanted = pointers.filter(({ key }) => search?.keys.some(asked => equalBytes(asked, key)))
    if (search === undefined || wanted.length === 0) return
    search.left -= wanted.length
    search.listener.onPointers(wanted, hits.hops, hits.supernode, from)
    if (search.left <= 0) this.end(way)
  }

  private passBack(way: number, hits: Hits, pointers: readonly Pointer[]): void {
    const neighbour = this.links.ofWay(way)
    const some = pointers.slice(0, this.queries.take(hits.high, hits.low, pointers.length))
    if (neighbour !== undefined && some.length > 0)
      this.state.send(neighbour.peer, { ...hits, pointers: some })
  }

  private end(way: number): void {
    const search = this.searches.get(way)
    this.close(way)
    search?.listener.onEnd()
  }

  private close(way: number): void {
    const search = this.searches.get(way)
    if (search === undefined) return
    this.searches.delete(way)
    search.stopTimer()
  }

  /** Without neighbours nobody can answer. */
  private windowMs(): number {
    const { options, requests } = this.state
    if (this.links.size === 0) return 0
    const slowest = this.links
      .all()
      .reduce(
        (most, { peer }) => Math.max(most, requests.roundTripMs(peer) ?? options.defaultTimeoutMs / 4),
        0,
      )
    return Math.ceil(options.windowMs + FLOOD_ROUND_TRIPS * slowest)
  }

  private randomUint32(): number {
    return Math.floor(this.state.environment.random() * 0x1_0000_0000)
  }
}
