import {
  type Cancel,
  Costs,
  type Failure,
  internEntry,
  type PeerEntry,
  type PeerHandle,
} from '@onehop/overlay'
import { BoundedMap, bytesKey, equalBytes } from '@onehop/primitives'
import { Entry, type EntryResult } from './entry.ts'
import { MAX_FORMER_SERVERS, MAX_INTRODUCERS, MAX_SERVERS, TRIES_PER_SERVER } from './limits.ts'
import type { NapsterReply, Welcome } from './messages.ts'
import type { NapsterState } from './state.ts'
import { Uploads } from './uploads.ts'

/** `out`: it was never in. `lost`: no server that it knows answers; it looks for one now and then. */
export type ClientPhase = 'out' | 'entering' | 'in' | 'lost'

/** The client's part: logged in at one server, which it tells what it has, and that it is still there. */
export class Client {
  phase: ClientPhase = 'out'
  /** Logged in here. */
  server: PeerHandle | undefined
  /** That server, then the others that it names. */
  servers: readonly PeerEntry[] = []
  readonly uploads: Uploads
  /** Why no server was found, the last time; `no peers` as long as it was never in. */
  failure: Failure = 'no peers'
  private readonly state: NapsterState
  private session = 0
  private sessionServer = ''
  private heardMs = 0
  private entry: Entry | undefined
  private isKeepingAlive = false
  private cancelRetry: Cancel = () => {}
  private readonly introducers: PeerHandle[] = []
  /** Servers met so far, the last at the end. */
  private readonly known = new BoundedMap<string, PeerEntry>(MAX_FORMER_SERVERS)
  private readonly waiting: (() => void)[] = []

  constructor(state: NapsterState) {
    this.state = state
    this.uploads = new Uploads(state, {
      server: () => this.server,
      session: () => this.session,
      onHeard: () => this.onHeard(),
      onLost: () => this.lose(),
    })
  }

  /** Runs now, or when the search for a server that is under way has ended. */
  whenSettled(action: () => void): void {
    if (this.phase === 'entering') this.waiting.push(action)
    else action()
  }

  /** Keeps the introducers, to come back through them. */
  remember(introducers: readonly PeerHandle[]): void {
    const { environment, handles } = this.state
    for (const peer of introducers) {
      if (peer === environment.self || this.introducers.includes(peer)) continue
      this.introducers.push(handles.hold(peer))
      if (this.introducers.length > MAX_INTRODUCERS) handles.drop(this.introducers.shift()!)
    }
  }

  /** Looks for a server among the introducers and the servers known. */
  enter(costs: Costs, done: (result: EntryResult) => void): void {
    this.phase = 'entering'
    this.cancelRetry()
    const fresh = Math.max(Math.floor(this.state.nowMs), this.session + 1)
    const sessionAt = (peer: PeerHandle) => (this.nameOf(peer) === this.sessionServer ? this.session : fresh)
    this.entry = new Entry(
      this.state,
      (request, peer) => ({ type: 'login', request, session: sessionAt(peer) }),
      costs,
      result => {
        this.entry = undefined
        if (result.server === undefined) this.onNoServer(result.failure ?? 'no peers')
        else this.onLoggedIn(result.server, sessionAt(result.server), result.welcome!)
        done(result)
        this.settle()
      },
    )
    this.withCandidates(candidates => this.entry!.start(candidates))
  }

  /** The servers that a question can be put to: the own one first. */
  withServers(use: (servers: readonly PeerHandle[]) => void): void {
    const own = this.server === undefined ? [] : [this.server]
    const entries = this.phase === 'in' ? this.servers.slice(1) : [...this.known.values()].reverse()
    this.withHandles(own, entries, use)
  }

  /** The server has answered something. */
  onHeard(): void {
    this.heardMs = this.state.nowMs
  }

  /** The server is silent, unreachable, or does not know us: we look for another, and for this one again. */
  lose(): void {
    if (this.phase !== 'in' || this.state.hasLeft) return
    this.dropServer()
    this.enter(new Costs(this.state.nowMs), () => {})
  }

  /** The server goes, and names the others. */
  onClosing(from: PeerHandle, servers: readonly PeerEntry[]): void {
    if (from !== this.server) return
    this.known.delete(this.nameOf(from))
    this.servers = []
    this.learn(servers)
    this.lose()
  }

  tick(): void {
    if (this.phase !== 'in') return
    const isQuiet = this.state.nowMs - this.heardMs >= this.state.options.keepAliveMs / 2
    if (isQuiet && !this.isKeepingAlive) this.keepAlive()
    this.uploads.pump()
  }

  /** This node is a server now. */
  retire(): void {
    this.cancelRetry()
    this.dropServer()
    this.uploads.clear()
    this.phase = 'out'
  }

  /** Logs out, or stops looking. */
  leave(): void {
    this.entry?.stop()
    if (this.server !== undefined)
      this.state.environment.send(this.server, { type: 'logout', session: this.session })
    this.retire()
    for (const peer of this.introducers.splice(0)) this.state.handles.drop(peer)
    this.waiting.splice(0)
  }

  private keepAlive(): void {
    const server = this.server!
    this.isKeepingAlive = true
    const { session } = this
    this.state.ask(
      server,
      request => ({ type: 'keepAlive', request, session }),
      { tries: TRIES_PER_SERVER },
      {
        onReply: reply => {
          this.isKeepingAlive = false
          if (server === this.server && session === this.session) this.onAlive(reply)
        },
        onSilence: () => {
          this.isKeepingAlive = false
          if (server === this.server) this.lose()
        },
      },
    )
  }

  private onAlive(reply: NapsterReply): void {
    if (reply.type !== 'alive' || !reply.isKnown) {
      this.lose()
      return
    }
    this.onHeard()
    this.servers = [...this.servers.slice(0, 1), ...this.others(reply.servers)]
    this.learn(this.servers)
  }

  private onLoggedIn(server: PeerHandle, session: number, welcome: Welcome): void {
    const isSame = session === this.session && welcome.isKnown
    this.server = this.state.handles.hold(server)
    this.session = session
    this.sessionServer = this.nameOf(server)
    const id = this.state.environment.idOf(server)
    const own = welcome.servers.find(entry => equalBytes(entry.id, id)) ?? { id, addresses: [] }
    this.servers = [own, ...this.others(welcome.servers)]
    this.learn([...this.servers].reverse())
    this.phase = 'in'
    this.onHeard()
    if (!isSame) this.uploads.beginAnew(this.state.own.pointers())
    this.uploads.pump()
  }

  private onNoServer(failure: Failure): void {
    this.phase = 'lost'
    if (this.session > 0) this.failure = failure
    this.uploads.fail(this.failure)
    const { environment, options } = this.state
    const jitter = 0.75 + 0.5 * environment.random()
    this.cancelRetry = environment.setTimer(Math.ceil(options.rejoinIntervalMs * jitter), () => {
      if (this.phase === 'lost') this.enter(new Costs(this.state.nowMs), () => {})
    })
  }

  private settle(): void {
    for (const action of this.waiting.splice(0)) action()
  }

  private dropServer(): void {
    if (this.server !== undefined) this.state.handles.drop(this.server)
    this.server = undefined
  }

  private nameOf(peer: PeerHandle): string {
    return bytesKey(this.state.environment.idOf(peer))
  }

  /** Without the own server and this node itself. */
  private others(servers: readonly PeerEntry[]): PeerEntry[] {
    const others = servers.filter(
      ({ id }) => bytesKey(id) !== this.sessionServer && !this.state.isSelf(id) && this.state.isTrusted(id),
    )
    return others.slice(0, MAX_SERVERS - 1)
  }

  private learn(servers: readonly PeerEntry[]): void {
    for (const entry of servers) if (!this.state.isSelf(entry.id)) this.known.set(bytesKey(entry.id), entry)
  }

  /** Other servers first, for the own one has just been lost; then all that were ever met, then the introducers. */
  private withCandidates(use: (candidates: readonly PeerHandle[]) => void): void {
    const others = this.servers.slice(1)
    this.withHandles([], [...others, ...[...this.known.values()].reverse()], known =>
      use([...known, ...this.introducers]),
    )
  }

  /** The handles of the entries, which are held during the call. */
  private withHandles(
    before: readonly PeerHandle[],
    entries: readonly PeerEntry[],
    use: (peers: readonly PeerHandle[]) => void,
  ): void {
    const { environment, handles } = this.state
    const peers = entries.map(entry => handles.hold(internEntry(environment, entry)))
    use([...before, ...peers])
    for (const peer of peers) handles.drop(peer)
  }
}
