import type { Cancel, PeerHandle, Pointer, Requests } from '@onehop/overlay'
import { BoundedMap, bytesKey, TokenBucket } from '@onehop/primitives'
import type { Contact } from './contact.ts'
import { closestHolders, type Holder } from './holders.ts'
import {
  HANDOUT_MS,
  HANDOUT_POINTERS_AT_ONCE,
  HANDOUT_POINTERS_PER_SECOND,
  HOLDER_SLACK,
  MAX_HANDOUTS,
  MAX_POINTERS_PER_MESSAGE,
  MAX_PULL_PAGES,
} from './limits.ts'
import type { PastryMessage, Pull, Reply } from './messages.ts'
import { idFromBytes, isBefore, isCloser, type NodeId } from './node-id.ts'
import type { PastryState } from './state.ts'
import type { Store } from './store.ts'

/** What a newcomer is being handed, page by page. */
interface Handout {
  readonly pointers: readonly Pointer[]
  readonly atMs: number
}

/**
 * Pointers follow the leaf set: when somebody comes or goes, of each key's holders the closest that was one before sends
 * it to those that have become one (PAST §3.5). Newcomers fetch what they are to hold from both neighbours by themselves.
 */
export class Moves {
  private readonly state: PastryState
  private readonly requests: Requests<PastryMessage, Reply>
  private readonly store: Store
  /** The leaf set as it was when pointers were last looked at. */
  private before: readonly Contact[] = []
  private readonly handouts = new BoundedMap<string, Handout>(MAX_HANDOUTS)
  private readonly lookedAt: TokenBucket
  private cancelTimer: Cancel | undefined
  private tidyAtMs = Number.POSITIVE_INFINITY

  constructor(state: PastryState, requests: Requests<PastryMessage, Reply>, store: Store) {
    this.state = state
    this.requests = requests
    this.store = store
    this.lookedAt = new TokenBucket(HANDOUT_POINTERS_PER_SECOND, HANDOUT_POINTERS_AT_ONCE, state.now())
  }

  /** What we hold now, we have been given by those who are in the leaf set now. */
  onEntered(): void {
    this.before = [...this.state.leafSet.members]
  }

  onLeafChange(): void {
    if (this.cancelTimer !== undefined || this.state.phase === 'left') return
    this.cancelTimer = this.state.environment.setTimer(this.state.options.settleMs, () => {
      this.cancelTimer = undefined
      this.rearrange()
    })
  }

  tick(): void {
    this.store.pointers.expire(this.state.nowS())
    this.forgetHandouts()
    if (this.state.now() < this.tidyAtMs) return
    this.tidyAtMs = Number.POSITIVE_INFINITY
    this.tidy()
  }

  /**
   * We leave: what nobody else holds goes to who takes our place, without waiting for its word. Where there are other
   * holders, the closest of them sees to it, as if we had died.
   */
  handOver(): void {
    const { ownId, leafSet, options } = this.state
    if (options.replicas > 1) return
    const batches = new Batches()
    for (const pointer of this.store.pointers.all()) {
      const closest = closestHolders(idFromBytes(pointer.key), ownId, leafSet.members, options.replicas + 1)
      const heir = closest[options.replicas]
      if (closest.includes('self') && heir !== undefined && heir !== 'self') batches.add(heir.peer, pointer)
    }
    for (const [peer, pointers] of batches.pages())
      this.state.environment.send(peer, { type: 'hold', request: 0, moves: true, pointers })
  }

  /** Fetches what a newcomer is to hold from the neighbours on both sides: one of them held it before. */
  pull(done: () => void): void {
    const { larger, smaller } = this.state.leafSet
    const neighbours = [...new Set([larger[0], smaller[0]])].filter(contact => contact !== undefined)
    let open = neighbours.length + 1
    const end = () => {
      open--
      if (open === 0) done()
    }
    for (const { peer } of neighbours) this.pullPage(peer, 0, 0, end)
    end()
  }

  /**
   * A newcomer's two neighbours share its pointers out between them, so that none comes twice. Only who stands beside us
   * is looked for in the whole store, and not too often.
   */
  onPull(from: PeerHandle, { request, skip }: Pull): void {
    const asker = this.state.contactOf(from)
    const isBeside = asker !== undefined && this.state.leafSet.has(asker)
    const list = isBeside ? this.handoutTo(asker, skip === 0) : []
    if (list === undefined) return
    const page = list.slice(skip, skip + MAX_POINTERS_PER_MESSAGE)
    this.share(from, request, page, skip + page.length < list.length)
  }

  /** What is the asker's, as it was when it began to ask; undefined: too much has been looked for lately. */
  private handoutTo(asker: Contact, begins: boolean): readonly Pointer[] | undefined {
    const name = bytesKey(asker.entry.id)
    const known = this.handouts.get(name)
    if (!begins) return known?.pointers ?? []
    const nowMs = this.state.now()
    if (!this.lookedAt.take(this.store.pointers.size, nowMs)) return undefined
    const pointers = this.pointersOf(asker)
    this.handouts.set(name, { pointers, atMs: nowMs })
    return pointers
  }

  private pointersOf(asker: Contact): readonly Pointer[] {
    const { leafSet, ownId, options } = this.state
    const others = leafSet.members.filter(member => member !== asker)
    const rival = this.otherNeighbourOf(asker.id, others)
    const found: Pointer[] = []
    for (const pointer of this.store.pointers.all()) {
      const target = idFromBytes(pointer.key)
      const rank = options.replicas - (isCloser(target, ownId, asker.id) ? 1 : 0)
      const isAskers = rank > 0 && closestHolders(target, asker.id, others, rank).includes('self')
      if (isAskers && (rival === undefined || isCloser(target, ownId, rival))) found.push(pointer)
    }
    return found
  }

  /**
   * Whoever stands on the other side of the newcomer; undefined: nobody does who has been there for long enough to have
   * what the newcomer needs, or we are not beside it.
   */
  private otherNeighbourOf(asker: NodeId, others: readonly Contact[]): NodeId | undefined {
    const { ownId } = this.state
    const ids = [ownId, ...others.map(({ id }) => id)]
    const next = ids.reduce((best, id) => (isBefore(asker, id, best) ? id : best))
    const previous = ids.reduce((best, id) => (isBefore(asker, best, id) ? id : best))
    if (next === previous || (next !== ownId && previous !== ownId)) return undefined
    const rival = next === ownId ? previous : next
    const contact = others.find(({ id }) => id === rival)
    return contact !== undefined && contact.pullsUntilMs > this.state.now() ? undefined : rival
  }

  stop(): void {
    this.cancelTimer?.()
  }

  private share(to: PeerHandle, request: number, pointers: readonly Pointer[], more: boolean): void {
    this.state.environment.send(to, { type: 'share', request, pointers, more })
  }

  private pullPage(peer: PeerHandle, skip: number, page: number, done: () => void, tries = 1): void {
    this.requests.send(peer, request => ({ type: 'pull', request, skip }), {
      onReply: (reply, from) => {
        if (reply.type !== 'share') {
          done()
          return
        }
        const { more, pointers } = reply
        this.store.intake.verify(pointers, from, valid => {
          for (const pointer of valid) if (this.store.isHolder(pointer.key)) this.store.pointers.put(pointer)
          const isMore = more && pointers.length > 0 && page < MAX_PULL_PAGES
          if (isMore) this.pullPage(peer, skip + pointers.length, page + 1, done)
          else done()
        })
      },
      onSilence: silence => {
        if (silence === 'timed out' && tries < 2) this.pullPage(peer, skip, page, done, tries + 1)
        else done()
      },
    })
  }

  /** Of each pointer's holders before the change, the closest that is still there tells those that are new. */
  private rearrange(): void {
    const now = this.state.leafSet.members
    const { before } = this
    this.before = [...now]
    const batches = new Batches()
    let hasSurplus = false
    for (const pointer of this.store.pointers.all()) {
      const previous = this.holdersAmong(before, pointer)
      const current = this.holdersAmong(now, pointer)
      hasSurplus ||= !current.includes('self')
      const sender = previous.find(holder => holder === 'self' || now.includes(holder))
      if (sender !== 'self') continue
      for (const holder of current)
        if (this.isToBeTold(holder) && !previous.includes(holder)) batches.add(holder.peer, pointer)
    }
    if (hasSurplus) this.tidyAtMs = this.state.now() + 2 * this.state.options.keepAliveMs
    this.send(batches)
  }

  private isToBeTold(holder: Holder): holder is Contact {
    return holder !== 'self' && holder.pullsUntilMs <= this.state.now()
  }

  private holdersAmong(members: readonly Contact[], pointer: Pointer): Holder[] {
    const { ownId, options } = this.state
    return closestHolders(idFromBytes(pointer.key), ownId, members, options.replicas)
  }

  /** One message at a time to each. */
  private send(batches: Batches): void {
    const queues = new Map<PeerHandle, (readonly Pointer[])[]>()
    for (const [peer, page] of batches.pages()) {
      const queue = queues.get(peer)
      if (queue === undefined) queues.set(peer, [page])
      else queue.push(page)
    }
    for (const [peer, pages] of queues) this.sendPages(peer, pages, 0)
  }

  private sendPages(peer: PeerHandle, pages: readonly (readonly Pointer[])[], at: number): void {
    this.store.offer(peer, pages[at]!, true, held => {
      if (held !== undefined && at + 1 < pages.length) this.sendPages(peer, pages, at + 1)
    })
  }

  private forgetHandouts(): void {
    for (const [name, { atMs }] of [...this.handouts.entries()])
      if (this.state.now() - atMs > HANDOUT_MS) this.handouts.delete(name)
  }

  /** Drops what others are responsible for by now. */
  private tidy(): void {
    const { replicas } = this.state.options
    this.store.pointers.removeWhere(
      ({ key }) => !this.store.holdersOf(key, replicas + HOLDER_SLACK).includes('self'),
    )
  }
}

/** Pointers by who is to be sent them. */
class Batches {
  private readonly byPeer = new Map<PeerHandle, Pointer[]>()

  add(peer: PeerHandle, pointer: Pointer): void {
    const list = this.byPeer.get(peer)
    if (list === undefined) this.byPeer.set(peer, [pointer])
    else list.push(pointer)
  }

  /** As many to a message as may be. */
  *pages(): IterableIterator<readonly [PeerHandle, readonly Pointer[]]> {
    for (const [peer, all] of this.byPeer)
      for (let at = 0; at < all.length; at += MAX_POINTERS_PER_MESSAGE)
        yield [peer, all.slice(at, at + MAX_POINTERS_PER_MESSAGE)]
  }
}
