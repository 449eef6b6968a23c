import type { PeerHandle } from '@onehop/overlay'
import { TokenBucket } from '@onehop/primitives'
import type { Children } from './children.ts'
import type { Flooding } from './flooding.ts'
import { GUEST_BURST, GUEST_QUERIES_PER_SECOND } from './limits.ts'
import { pages } from './matching.ts'
import type { Find } from './messages.ts'
import type { FastTrackState } from './state.ts'

/** Searches for children, and for guests, who have lost their supernode or want a second opinion. */
export class Answering {
  private readonly state: FastTrackState
  private readonly children: Children
  private readonly flooding: Flooding
  private readonly guests: TokenBucket
  private readonly stops = new Map<() => void, PeerHandle>()

  constructor(state: FastTrackState, children: Children, flooding: Flooding) {
    this.state = state
    this.children = children
    this.flooding = flooding
    this.guests = new TokenBucket(GUEST_QUERIES_PER_SECOND, GUEST_BURST, state.now())
  }

  /** What is beyond anybody's share is not answered: who asks too much finds another. */
  onFind(from: PeerHandle, { request, keys, limit }: Find): void {
    const { state } = this
    const bucket = this.children.get(from)?.bucket ?? this.guests
    if (!state.isSupernode || !bucket.take(keys.length, state.now()) || !this.flooding.hasRoom) return
    const own = this.flooding.ownMatches(keys, limit)
    const isAll = own.length >= limit || this.flooding.isAlone
    const found = { type: 'found', request, supernode: state.self } as const
    const lists = own.length === 0 ? [own] : pages(own)
    for (const [index, pointers] of lists.entries()) {
      const last = isAll && index === lists.length - 1
      state.send(from, { ...found, hops: 1, pointers, last, total: last ? own.length : 0 })
    }
    if (!isAll) this.flood(from, { type: 'find', request, keys, limit: limit - own.length }, own.length)
  }

  /** Drops what is held for searches under way. */
  stop(): void {
    for (const [stop, asker] of this.stops) {
      stop()
      this.state.handles.drop(asker)
    }
    this.stops.clear()
  }

  private flood(from: PeerHandle, { request, keys, limit }: Find, already: number): void {
    const { state } = this
    let total = already
    state.handles.hold(from)
    const stop = this.flooding.search(keys, limit, {
      onPointers: (pointers, hops, supernode) => {
        total += pointers.length
        const found = { hops: hops + 1, supernode, pointers, last: false, total: 0 }
        state.send(from, { type: 'found', request, ...found })
      },
      onEnd: () => {
        state.send(from, { type: 'found', request, hops: 0, pointers: [], last: true, total })
        this.stops.delete(stop)
        state.handles.drop(from)
      },
    })
    this.stops.set(stop, from)
  }
}
