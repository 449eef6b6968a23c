import { Costs, type Failure, type Outcome, type PeerHandle } from '@onehop/overlay'
import type { Client } from './client.ts'
import { Entry, type EntryResult } from './entry.ts'
import { MAX_INTRODUCERS, MAX_SERVERS } from './limits.ts'
import type { Call, NapsterMessage } from './messages.ts'
import { Server } from './server.ts'
import type { NapsterState } from './state.ts'

type Done = (outcome: Outcome) => void

/** How a node comes in: as the first it serves, through others it logs in, or links with the servers there. */
export class Joining {
  /** Set when this node is a server. */
  server: Server | undefined
  private readonly state: NapsterState
  private readonly client: Client
  private readonly onCalled: (call: Call) => void
  private readonly entries = new Set<Entry>()

  constructor(state: NapsterState, client: Client, onCalled: (call: Call) => void) {
    this.state = state
    this.client = client
    this.onCalled = onCalled
  }

  join(all: readonly PeerHandle[], done: Done): void {
    const introducers = all.slice(0, MAX_INTRODUCERS)
    this.client.remember(introducers)
    if (this.client.phase === 'entering') {
      this.client.whenSettled(() => this.join(introducers, done))
      return
    }
    const isFirst = introducers.length === 0
    const { role } = this.state.options
    if (this.server === undefined && (role === 'server' || (role === 'auto' && isFirst))) this.serve()
    if (this.server !== undefined) this.linkThrough(this.server, introducers, done)
    else if (this.client.phase === 'in') this.introduceThrough(introducers, done)
    else this.logIn(done)
  }

  stop(): void {
    for (const entry of this.entries) entry.stop()
  }

  /** From now on this node is a server. */
  private serve(): Server {
    this.client.retire()
    const server = new Server(this.state)
    server.onCalled = this.onCalled
    this.server = server
    for (const pointer of this.state.own.pointers()) server.sessions.putOwn(pointer)
    return server
  }

  /** Who is counted among the servers by those it joins has been one, and is one again. */
  private logIn(done: Done): void {
    const costs = new Costs(this.state.nowMs)
    this.client.enter(costs, ({ server, named, namedSelf, failure }) => {
      const isServer = server === undefined && namedSelf && this.state.options.role === 'auto'
      if (isServer) this.serve().links.introduce(named)
      this.end(costs, isServer ? undefined : failure, done)
    })
  }

  /** A server makes itself known to the servers that the introducers are, or name. */
  private linkThrough({ links }: Server, introducers: readonly PeerHandle[], done: Done): void {
    const costs = new Costs(this.state.nowMs)
    if (introducers.length === 0) {
      this.end(costs, undefined, done)
      return
    }
    const ids = introducers.map(peer => this.state.environment.idOf(peer))
    const build = (request: number) => links.greeting(request)
    this.explore(introducers, build, costs, ({ server, welcome, named, namedSelf, failure }) => {
      if (server !== undefined && welcome !== undefined)
        links.onAccepted(server, welcome.clients, welcome.servers)
      links.introduce(named)
      links.lookFor(ids)
      this.end(costs, namedSelf ? undefined : failure, done)
    })
  }

  /** A client that is in tells its server of the servers that the introducers know. */
  private introduceThrough(introducers: readonly PeerHandle[], done: Done): void {
    const costs = new Costs(this.state.nowMs)
    const build = (request: number): NapsterMessage => ({ type: 'where', request })
    this.explore(introducers, build, costs, ({ named, failure }) => {
      const { server } = this.client
      const servers = named.slice(0, MAX_SERVERS)
      if (server !== undefined && servers.length > 0)
        this.state.environment.send(server, { type: 'introduce', servers })
      this.end(costs, servers.length > 0 || introducers.length === 0 ? undefined : failure, done)
    })
  }

  private explore(
    introducers: readonly PeerHandle[],
    build: (request: number) => NapsterMessage,
    costs: Costs,
    done: (result: EntryResult) => void,
  ): void {
    const entry = new Entry(this.state, build, costs, result => {
      this.entries.delete(entry)
      done(result)
    })
    this.entries.add(entry)
    entry.start(introducers)
  }

  private end(costs: Costs, failure: Failure | undefined, done: Done): void {
    done(costs.outcome(this.state.nowMs, { failure }))
  }
}
