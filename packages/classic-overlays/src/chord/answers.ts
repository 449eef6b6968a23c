import type { PeerHandle } from '@onehop/overlay'
import { pointerCost } from './codec.ts'
import type { Custody } from './custody.ts'
import { MAX_ENTRIES_PER_MESSAGE, MAX_POINTERS_PER_MESSAGE, MAX_TRANSFER_BYTES } from './limits.ts'
import type { ChordReply, ChordRequest, Compare, Get, Neighbours, Pull, Store } from './messages.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'

/** Answers what other nodes ask, from the own tables. */
export class Answers {
  private readonly state: ChordState
  private readonly routing: Routing
  private readonly custody: Custody

  constructor(parts: { readonly state: ChordState; readonly routing: Routing; readonly custody: Custody }) {
    this.state = parts.state
    this.routing = parts.routing
    this.custody = parts.custody
  }

  /** What can be said at once; undefined: an answer comes later, or never. */
  answer(message: ChordRequest): ChordReply | undefined {
    switch (message.type) {
      case 'find': {
        const { request, why, target, strict, limit } = message
        const { isDone, index, entries } = this.routing.resolve(
          target,
          strict,
          Math.max(1, Math.min(limit, MAX_ENTRIES_PER_MESSAGE)),
        )
        return { type: 'found', request, why, isDone, index, entries }
      }
      case 'neighbours':
        return this.neighbourhood(message)
      case 'ping': {
        const { request } = message
        const position = this.state.positionOf(message.index)
        const predecessor = position?.predecessor?.entry
        const isMember = position !== undefined
        return { type: 'pong', request, isMember, ...(predecessor === undefined ? {} : { predecessor }) }
      }
      case 'get':
        return this.got(message)
      case 'compare':
        return this.compared(message)
      case 'pull':
        return this.share(message)
      default:
        return undefined
    }
  }

  onStore(from: PeerHandle, { request, why, pointers }: Store): void {
    this.custody.onStore(from, pointers, accepted =>
      this.state.environment.send(from, { type: 'stored', request, why, accepted }),
    )
  }

  private neighbourhood({ request, index, known }: Neighbours): ChordReply {
    const position = this.state.positionOf(index)
    if (position === undefined) return { type: 'neighbourhood', request, isMember: false, digest: 0 }
    const { predecessor, successors, successorDigest: digest } = position
    return {
      type: 'neighbourhood',
      request,
      isMember: true,
      digest,
      ...(predecessor === undefined ? {} : { predecessor: predecessor.entry }),
      ...(known === digest ? {} : { successors: successors.map(({ entry }) => entry) }),
    }
  }

  private got({ request, key, limit }: Get): ChordReply {
    const held = this.custody.find(key, Math.min(limit, MAX_POINTERS_PER_MESSAGE))
    const pointers = []
    let bytes = 0
    for (const pointer of held) {
      bytes += pointerCost(pointer)
      if (bytes > MAX_TRANSFER_BYTES) break
      pointers.push(pointer)
    }
    const isSettled = this.custody.isSettledFor(this.custody.placeOf(key))
    return { type: 'got', request, pointers, isSettled }
  }

  private compared({ request, why, after, upTo, count, digest }: Compare): ChordReply {
    const own = this.custody.digestOf({ after, upTo })
    return { type: 'compared', request, why, isSame: own.count === count && own.digest === digest }
  }

  /** Who pulls more than there is capacity for hears nothing, and tries again. */
  private share({ request, why, after, upTo, skip }: Pull): ChordReply | undefined {
    const { pointers, more } = this.custody.pageOf({ after, upTo }, skip)
    const bytes = pointers.reduce((sum, pointer) => sum + pointerCost(pointer), 0)
    if (!this.custody.mayServe(bytes)) return undefined
    return { type: 'share', request, why, pointers, more }
  }
}
