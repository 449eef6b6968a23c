import type { PeerHandle, RequestSilence } from '@onehop/overlay'
import { MAX_HOSTS, PROBED_AT_ONCE, TRIES_PER_INTRODUCER, TRIES_PER_PEER } from './limits.ts'
import type { Pong } from './messages.ts'
import type { FastTrackState } from './state.ts'

/** How a search for a supernode ends. */
export interface SeekEnd {
  /** Somebody took this node as a child. */
  readonly onAccepted: (parent: PeerHandle) => void
  /** Nobody did. `answered`: there was somebody at least. */
  readonly onExhausted: (answered: boolean, silence: RequestSilence) => void
  /** This node is the one that orphans come to. */
  readonly onElected: () => void
}

/** What it looks among. */
export interface SeekChoice {
  /** Asked first, whatever they are. */
  readonly first: readonly PeerHandle[]
  /** Not asked to be the parent. */
  readonly except: PeerHandle | undefined
  /** Whether ordinary nodes that have lost their supernode too may come together. */
  readonly mayElect: boolean
}

/**
 * One search for a supernode: five are pinged side by side, as KaZaA's clients do; the first to answer, which is the
 * nearest, is asked to take this node. When none is left, deputies are asked: they know others, or have lost theirs too,
 * and then all of them go to the one whose hash is the least.
 */
export class Seek {
  private readonly state: FastTrackState
  private readonly choice: SeekChoice
  private readonly end: SeekEnd
  private readonly tried = new Set<PeerHandle>()
  private readonly good: PeerHandle[] = []
  private readonly orphans: PeerHandle[] = []
  private probing = 0
  private isAsking = false
  private hasAnswer = false
  private silence: RequestSilence = 'timed out'
  private isOver = false

  constructor(state: FastTrackState, choice: SeekChoice, end: SeekEnd) {
    this.state = state
    this.choice = choice
    this.end = end
  }

  start(): void {
    this.step()
  }

  stop(): void {
    if (this.isOver) return
    this.isOver = true
    for (const peer of this.tried) this.state.handles.drop(peer)
    this.tried.clear()
  }

  private step(): void {
    if (this.isOver || this.isAsking) return
    const next = this.good.shift()
    if (next !== undefined) {
      this.sayHello(next)
      return
    }
    const candidates = this.candidates()
    for (const peer of candidates) this.probe(peer)
    if (candidates.length === 0 && this.probing === 0) this.conclude()
  }

  private candidates(): PeerHandle[] {
    const free = PROBED_AT_ONCE - this.probing
    const first = this.untried(this.choice.first)
    if (first.length > 0) return first.slice(0, free)
    const supernodes = this.untried(this.state.cache.supernodes())
    if (supernodes.length > 0) return this.draw(supernodes, free)
    return this.probing > 0 || !this.choice.mayElect
      ? []
      : this.untried(this.state.cache.deputies()).slice(0, free)
  }

  private untried(peers: readonly PeerHandle[]): PeerHandle[] {
    const { cache, environment } = this.state
    const isOut = (peer: PeerHandle) =>
      this.tried.has(peer) ||
      peer === this.choice.except ||
      peer === environment.self ||
      cache.isDistrusted(peer)
    return peers.filter(peer => !isOut(peer))
  }

  private draw(peers: PeerHandle[], count: number): PeerHandle[] {
    const drawn: PeerHandle[] = []
    while (drawn.length < count && peers.length > 0)
      drawn.push(...peers.splice(Math.floor(this.state.environment.random() * peers.length), 1))
    return drawn
  }

  private probe(peer: PeerHandle): void {
    const { state } = this
    this.tried.add(state.handles.hold(peer))
    this.probing++
    const tries = this.choice.first.includes(peer) ? TRIES_PER_INTRODUCER : TRIES_PER_PEER
    const ping = (request: number) => ({ type: 'ping' as const, request, sender: state.self })
    state.ask(
      peer,
      ping,
      {
        onReply: reply => {
          this.probing--
          if (reply.type === 'pong') this.onPong(peer, reply)
        },
        onSilence: silence => {
          this.probing--
          this.silence = silence
          state.cache.lose(peer)
          this.step()
        },
      },
      tries,
    )
  }

  private onPong(peer: PeerHandle, pong: Pong): void {
    if (this.isOver) return
    const { cache, environment } = this.state
    this.hasAnswer = true
    const entry = { id: environment.idOf(peer), addresses: pong.sender.addresses }
    cache.meet(peer, { entry, isSupernode: pong.isSupernode, children: pong.children })
    cache.learnAll(pong.hosts)
    if (pong.room > 0 && peer !== this.choice.except)
      if (pong.isSupernode) this.good.push(peer)
      else if (pong.isOrphan) this.orphans.push(peer)
    this.step()
  }

  private sayHello(peer: PeerHandle): void {
    const { state } = this
    const { capacity } = state
    this.isAsking = true
    state.ask(peer, request => ({ type: 'hello', request, sender: state.self, capacity }), {
      onReply: reply => {
        if (this.isOver) return
        this.isAsking = false
        if (reply.type !== 'welcome') return
        state.cache.learnAll(reply.hosts, MAX_HOSTS)
        if (!reply.accepted) this.step()
        else state.handles.while(peer, () => this.accept(peer))
      },
      onSilence: () => {
        this.isAsking = false
        this.step()
      },
    })
  }

  private accept(peer: PeerHandle): void {
    const { cache } = this.state
    const entry = cache.entryOf(peer)
    if (entry !== undefined) cache.meet(peer, { entry, isSupernode: true, children: cache.childrenOf(peer) })
    this.stop()
    this.end.onAccepted(peer)
  }

  /** Nobody is left to ask: of those who have lost their supernode the one with the least hash takes the others. */
  private conclude(): void {
    const { environment, capacity } = this.state
    if (this.choice.mayElect && this.orphans.length > 0) {
      this.orphans.sort((a, b) => environment.hash32(a) - environment.hash32(b))
      const [least] = this.orphans
      const isSelf = capacity > 0 && environment.hash32(environment.self) < environment.hash32(least!)
      if (!isSelf) {
        this.orphans.shift()
        this.sayHello(least!)
        return
      }
      this.stop()
      this.end.onElected()
      return
    }
    this.stop()
    this.end.onExhausted(this.hasAnswer, this.silence)
  }
}
