import {
  type Costs,
  type Failure,
  internEntry,
  type PeerEntry,
  type PeerHandle,
  type RequestSilence,
} from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { MAX_PEERS_PER_ENTRY, TRIES_PER_SERVER } from './limits.ts'
import type { NapsterMessage, NapsterReply, Welcome } from './messages.ts'
import type { NapsterState } from './state.ts'

/** What came of looking for a server. */
export interface EntryResult {
  /** The server that accepted, with its answer; valid during the call. */
  readonly server?: PeerHandle
  readonly welcome?: Welcome
  /** Whether somebody counts this node among the servers. */
  readonly namedSelf: boolean
  /** Servers that were named on the way. */
  readonly named: readonly PeerEntry[]
  readonly failure?: Failure
}

interface Candidate {
  readonly peer: PeerHandle
  triesLeft: number
}

/** Looks for a server that accepts: among those given, then among those that they name, one after the other. */
export class Entry {
  private readonly state: NapsterState
  private readonly build: (request: number, peer: PeerHandle) => NapsterMessage
  private readonly costs: Costs
  private readonly done: (result: EntryResult) => void
  private readonly queue: Candidate[] = []
  /** Who is being asked. */
  private asked: PeerHandle | undefined
  private readonly met = new Set<string>()
  private readonly named: PeerEntry[] = []
  private namedSelf = false
  private hasAnswer = false
  private wasSilent = false

  constructor(
    state: NapsterState,
    build: (request: number, peer: PeerHandle) => NapsterMessage,
    costs: Costs,
    done: (result: EntryResult) => void,
  ) {
    this.state = state
    this.build = build
    this.costs = costs
    this.done = done
  }

  start(candidates: Iterable<PeerHandle>): void {
    for (const peer of candidates) this.add(peer, 'last')
    this.next()
  }

  /** Lets go of everything, without a word. */
  stop(): void {
    for (const { peer } of this.queue.splice(0)) this.state.handles.drop(peer)
    this.release()
  }

  /** Nobody is asked any more. */
  private release(): void {
    if (this.asked !== undefined) this.state.handles.drop(this.asked)
    this.asked = undefined
  }

  private add(peer: PeerHandle, place: 'first' | 'last'): void {
    const { environment, handles } = this.state
    const name = bytesKey(environment.idOf(peer))
    if (peer === environment.self || this.met.has(name) || this.met.size === MAX_PEERS_PER_ENTRY) return
    this.met.add(name)
    const candidate = { peer: handles.hold(peer), triesLeft: TRIES_PER_SERVER }
    if (place === 'first') this.queue.unshift(candidate)
    else this.queue.push(candidate)
  }

  private next(): void {
    const candidate = this.queue.shift()
    if (candidate === undefined) {
      this.end()
      return
    }
    candidate.triesLeft--
    this.asked = candidate.peer
    const build = (request: number) => this.build(request, candidate.peer)
    const asking = { tries: 1, costs: this.costs }
    this.state.ask(candidate.peer, build, asking, {
      onReply: (reply, from) => {
        this.release()
        this.onReply(reply, from)
      },
      onSilence: silence => this.onSilence(candidate, silence),
    })
  }

  private onSilence(candidate: Candidate, silence: RequestSilence): void {
    if (silence === 'timed out') this.wasSilent = true
    const isWorthwhile = silence === 'timed out' && candidate.triesLeft > 0
    if (isWorthwhile) this.queue.push({ ...candidate, peer: this.state.handles.hold(candidate.peer) })
    this.release()
    this.next()
  }

  private onReply(reply: NapsterReply, from: PeerHandle): void {
    this.hasAnswer = true
    if (reply.type !== 'welcome') {
      this.next()
      return
    }
    if (reply.accepted && this.state.isTrusted(this.state.environment.idOf(from))) {
      this.accept(from, reply)
      return
    }
    this.hearOf(reply.servers)
    this.next()
  }

  private accept(server: PeerHandle, welcome: Welcome): void {
    this.stop()
    this.done({ server, welcome, namedSelf: this.namedSelf, named: this.named })
  }

  private hearOf(servers: readonly PeerEntry[]): void {
    const { environment, handles } = this.state
    for (const entry of [...servers].reverse()) {
      if (this.state.isSelf(entry.id)) this.namedSelf = true
      if (!this.state.isTrusted(entry.id) || this.named.length === MAX_PEERS_PER_ENTRY) continue
      this.named.push(entry)
      handles.while(internEntry(environment, entry), peer => this.add(peer, 'first'))
    }
  }

  private end(): void {
    const hasNobodyToAsk = this.hasAnswer || this.met.size === 0
    const failure = hasNobodyToAsk ? 'no peers' : this.wasSilent ? 'timed out' : 'unreachable'
    this.done({ namedSelf: this.namedSelf, named: this.named, failure })
  }
}
