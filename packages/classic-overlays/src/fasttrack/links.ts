import type { PeerEntry, PeerHandle } from '@onehop/overlay'
import { TokenBucket } from '@onehop/primitives'
import {
  HOSTS_PROBED_AT_ONCE,
  LEAST_LINKS,
  LINK_BURST,
  LINK_MESSAGES_PER_SECOND,
  LINKS_OPENED_AT_ONCE,
  LINKS_TOLERATED,
  MAX_LINKS,
  PONG_HOSTS,
  SPARE_LINKS,
  STALE_PINGS,
} from './limits.ts'
import type { FastTrackReply, Link as LinkMessage } from './messages.ts'
import type { FastTrackState } from './state.ts'

/** A neighbour among supernodes. */
export interface Neighbour {
  /** Names it in the table of queries, and is never used again. */
  readonly way: number
  readonly peer: PeerHandle
  readonly bucket: TokenBucket
  pingedMs: number
}

/** What links need to know of the rest. */
export interface LinksParts {
  readonly state: FastTrackState
  readonly childCount: () => number
  readonly onPong: (peer: PeerHandle, reply: FastTrackReply) => void
}

/**
 * A supernode's links to others. As many as let three hops reach all, by the proportion of the published figures (45
 * links where there were some 30,000 supernodes); of a few supernodes each knows all. A supernode of which nobody tells
 * any more is asked: if it answers, two parts of the network did not know of each other, and are linked.
 */
export class Links {
  private readonly parts: LinksParts
  private readonly byPeer = new Map<PeerHandle, Neighbour>()
  private readonly byWay = new Map<number, Neighbour>()
  private readonly opening = new Set<PeerHandle>()
  private nextWay = 1
  private probedMs = 0
  private soughtMs = 0
  private listed: readonly Neighbour[] = []

  constructor(parts: LinksParts) {
    this.parts = parts
  }

  get size(): number {
    return this.byPeer.size
  }

  /** Links aimed at: the least d with d³ ≥ 3 × supernodes, for 45³ = 3 × 30,000. */
  get target(): number {
    const { cache, options } = this.parts.state
    if (cache.isFull) return options.neighbours
    const supernodes = cache.supernodeCount + 1
    let links = LEAST_LINKS
    while (links ** 3 < 3 * supernodes) links++
    return Math.min(links, options.neighbours)
  }

  get(peer: PeerHandle): Neighbour | undefined {
    return this.byPeer.get(peer)
  }

  ofWay(way: number): Neighbour | undefined {
    return this.byWay.get(way)
  }

  all(): readonly Neighbour[] {
    return this.listed
  }

  /** Somebody wants to be a neighbour. */
  onLink(from: PeerHandle, { request, sender, children }: LinkMessage): void {
    const { state, childCount } = this.parts
    const isRoom = this.size < Math.min(MAX_LINKS, this.target + SPARE_LINKS)
    const accepted = state.isSupernode && (this.byPeer.has(from) || isRoom)
    if (accepted) {
      this.meet(from, sender, children)
      this.add(from)
    }
    const hosts = state.cache.sample(PONG_HOSTS)
    state.send(from, { type: 'linked', request, accepted, children: childCount(), hosts })
  }

  /** Asks a supernode to be a neighbour. */
  open(peer: PeerHandle): void {
    const { state, childCount } = this.parts
    const isOther = peer !== state.environment.self && !this.byPeer.has(peer)
    if (!isOther || this.opening.has(peer) || this.size >= MAX_LINKS) return
    this.opening.add(state.handles.hold(peer))
    const end = () => {
      if (this.opening.delete(peer)) state.handles.drop(peer)
    }
    state.ask(peer, request => ({ type: 'link', request, sender: state.self, children: childCount() }), {
      onReply: reply => {
        end()
        if (reply.type === 'linked') this.onLinked(peer, reply)
      },
      onSilence: () => {
        state.cache.lose(peer)
        end()
      },
    })
  }

  add(peer: PeerHandle): void {
    const { state } = this.parts
    if (this.byPeer.has(peer) || peer === state.environment.self || this.size >= MAX_LINKS) return
    const nowMs = state.now()
    const bucket = new TokenBucket(LINK_MESSAGES_PER_SECOND, LINK_BURST, nowMs)
    const neighbour = { way: this.nextWay, peer: state.handles.hold(peer), bucket, pingedMs: nowMs }
    this.nextWay++
    this.byPeer.set(peer, neighbour)
    this.byWay.set(neighbour.way, neighbour)
    this.list()
  }

  remove(peer: PeerHandle): void {
    const neighbour = this.byPeer.get(peer)
    if (neighbour === undefined) return
    this.byPeer.delete(peer)
    this.byWay.delete(neighbour.way)
    this.list()
    this.parts.state.handles.drop(peer)
  }

  clear(): void {
    for (const peer of [...this.byPeer.keys()]) this.remove(peer)
  }

  /** Drops the handles of links that are being opened: the node leaves. */
  stop(): void {
    this.clear()
    for (const peer of this.opening) this.parts.state.handles.drop(peer)
    this.opening.clear()
  }

  tick(): void {
    const { state } = this.parts
    const nowMs = state.now()
    const { linkPingMs, rejoinMs } = state.options
    for (const neighbour of this.listed) if (nowMs - neighbour.pingedMs >= linkPingMs) this.ping(neighbour)
    this.refill()
    if (nowMs - this.probedMs >= linkPingMs) {
      this.probedMs = nowMs
      this.trim()
      this.probe(state.cache.stale(STALE_PINGS * linkPingMs))
    }
    if (nowMs - this.soughtMs >= rejoinMs) {
      this.soughtMs = nowMs
      this.probe(state.cache.lost())
      if (this.size < this.target) this.probe(state.cache.deputies())
    }
  }

  /** Links with supernodes that are known, at random, until there are enough. */
  refill(): void {
    const { state } = this.parts
    const wanted = Math.min(LINKS_OPENED_AT_ONCE, this.target - this.size) - this.opening.size
    if (wanted <= 0) return
    const free = state.cache
      .supernodes()
      .filter(peer => !this.byPeer.has(peer) && !this.opening.has(peer) && !state.cache.isDistrusted(peer))
    for (let i = 0; i < wanted && free.length > 0; i++) {
      const place = Math.floor(state.environment.random() * free.length)
      this.open(free.splice(place, 1)[0]!)
    }
  }

  /** Asks hosts whether they are there; supernodes that answer become neighbours. */
  probe(hosts: readonly PeerHandle[]): void {
    const { state, onPong } = this.parts
    const first = Math.floor(state.environment.random() * hosts.length)
    for (let i = 0; i < Math.min(HOSTS_PROBED_AT_ONCE, hosts.length); i++) {
      const peer = hosts[(first + i) % hosts.length]!
      if (this.byPeer.has(peer)) continue
      state.ask(
        peer,
        request => ({ type: 'ping', request, sender: state.self }),
        {
          onReply: reply => {
            onPong(peer, reply)
            const isWanted = this.size < this.target || !state.cache.isFull
            if (reply.type === 'pong' && reply.isSupernode && state.isSupernode && isWanted) this.open(peer)
          },
          onSilence: () => state.cache.lose(peer),
        },
        1,
      )
    }
  }

  /** Of too many links one at random goes: what links two parts is known to both by then. */
  private trim(): void {
    const { state } = this.parts
    if (this.size <= this.target + LINKS_TOLERATED) return
    const { peer } = this.listed[Math.floor(state.environment.random() * this.size)]!
    state.handles.while(peer, () => {
      this.remove(peer)
      state.send(peer, { type: 'bye', hosts: [] })
    })
  }

  private ping(neighbour: Neighbour): void {
    const { state, onPong } = this.parts
    const { peer } = neighbour
    neighbour.pingedMs = state.now()
    state.ask(peer, request => ({ type: 'ping', request, sender: state.self }), {
      onReply: reply => {
        onPong(peer, reply)
        if (reply.type === 'pong' && !(reply.isSupernode && reply.isKnown)) this.remove(peer)
      },
      onSilence: () => {
        this.remove(peer)
        state.cache.lose(peer)
        this.refill()
      },
    })
  }

  private onLinked(peer: PeerHandle, reply: FastTrackReply & { readonly type: 'linked' }): void {
    const { state } = this.parts
    state.cache.learnAll(reply.hosts)
    if (!state.isSupernode || !reply.accepted) return
    const entry = state.cache.entryOf(peer)
    if (entry !== undefined) this.meet(peer, entry, reply.children)
    this.add(peer)
  }

  private meet(peer: PeerHandle, sender: PeerEntry, children: number): void {
    const { state } = this.parts
    const entry = { id: state.environment.idOf(peer), addresses: sender.addresses }
    state.cache.meet(peer, { entry, isSupernode: true, children })
  }

  private list(): void {
    this.listed = [...this.byPeer.values()]
  }
}
