import {
  type Cancel,
  Costs,
  type Environment,
  type Failure,
  type Inspection,
  type Key,
  type LookupOptions,
  MAX_SEARCH_WORDS,
  type Outcome,
  type OverlayMachine,
  type PeerHandle,
  type Pointer,
  type Publication,
  sideBySide,
} from '@onehop/overlay'
import { Client } from './client.ts'
import { inspectNapster } from './inspection.ts'
import { Joining } from './joining.ts'
import { MAX_RENEWALS_PER_ROUND, MAX_SERVERS } from './limits.ts'
import type { Call, Closing, NapsterMessage, NapsterReply, Ping, Where } from './messages.ts'
import type { NapsterOptions } from './options.ts'
import { type ProbedHost, Probing } from './probing.ts'
import type { Query } from './query.ts'
import { Question } from './question.ts'
import type { Server } from './server.ts'
import { NapsterState } from './state.ts'

type Done = (outcome: Outcome) => void

/** What only a server answers as it is meant. */
type RequestToServer = Exclude<NapsterMessage, NapsterReply | Where | Ping | Closing>

/** The answer of a node that is no server: there is no session, and nothing was searched. */
function declined(message: RequestToServer): NapsterMessage | undefined {
  switch (message.type) {
    case 'keepAlive':
      return { type: 'alive', request: message.request, isKnown: false, servers: [] }
    case 'upload': {
      const { request, isMove } = message
      return { type: 'held', request, isMove, isKnown: false, isBusy: false, refused: [] }
    }
    case 'find':
    case 'search': {
      const { request } = message
      return { type: 'found', request, isKnown: false, silent: 1, isFromOther: false, pointers: [] }
    }
    default:
      return undefined
  }
}

/** A Napster node: a client of an index server, or an index server, which shares and looks up as clients do. */
export class NapsterMachine implements OverlayMachine<NapsterMessage> {
  readonly guarantee = 'exact'
  readonly state: NapsterState
  readonly client: Client
  private readonly probing: Probing
  private readonly questions = new Set<Question>()
  private readonly joining: Joining
  private isRunning = false
  private cancelRound: Cancel = () => {}

  constructor(environment: Environment<NapsterMessage>, options: NapsterOptions) {
    this.state = new NapsterState(environment, options)
    this.client = new Client(this.state)
    this.joining = new Joining(this.state, this.client, call => this.probing.onCall(call))
    this.probing = new Probing(this.state, call => this.relayCall(call))
  }

  /** Set when this node is a server. */
  get server(): Server | undefined {
    return this.joining.server
  }

  /** All clients of a server talk to it. */
  get connectionsWanted(): number {
    return this.server === undefined ? 0 : this.state.options.maxClients + MAX_SERVERS
  }

  join(introducers: readonly PeerHandle[], done: Done): void {
    if (!this.isRunning) this.scheduleRound()
    this.isRunning = true
    this.joining.join(introducers, done)
  }

  leave(): void {
    this.cancelRound()
    for (const question of [...this.questions]) question.cancel()
    this.joining.stop()
    this.client.leave()
    this.server?.leave()
    this.probing.leave()
    this.state.requests.clear()
    this.state.hasLeft = true
  }

  receive(from: PeerHandle, message: NapsterMessage): void {
    if (this.state.hasLeft) return
    this.state.handles.while(from, () => this.dispatch(from, message))
  }

  onUnreachable(peer: PeerHandle): void {
    if (this.state.hasLeft) return
    this.state.handles.while(peer, () => {
      this.state.requests.onUnreachable(peer)
      this.server?.links.lose(peer)
      if (peer === this.client.server) this.client.lose()
    })
  }

  publish(publication: Publication, done: Done): void {
    this.state.own.assertPublishable(publication)
    const pointer = this.state.own.put(publication)
    this.client.whenSettled(() => this.place(pointer, done))
  }

  withdraw(key: Key, done: Done, target?: Uint8Array): void {
    this.client.whenSettled(() => {
      const removed = this.state.own.remove(key, target)
      if (removed.length === 0) done(this.outcome('not found'))
      sideBySide(removed, (pointer, placed) => this.place(pointer, placed), done)
    })
  }

  lookup(key: Key, options: LookupOptions, done: Done): Cancel {
    return this.ask({ type: 'find', key, limit: options.limit }, options, done)
  }

  /** The servers search their lists; more words than one search may have are left out. */
  search(words: readonly string[], options: LookupOptions, done: Done): Cancel {
    const sought = words.slice(0, MAX_SEARCH_WORDS)
    return this.ask({ type: 'search', words: sought, limit: options.limit }, options, done)
  }

  /** The client's probe: a ping, and when it cannot be delivered, a call through the server. */
  requestDelivery(pointer: Pointer, done: Done): void {
    this.probing.deliver(pointer, done)
  }

  /** Pings the hosts of an answer: the nearest first, the silent last. */
  rankHosts(pointers: readonly Pointer[], done: (hosts: readonly ProbedHost[]) => void): void {
    this.probing.rank(pointers, done)
  }

  inspect(): Inspection {
    return inspectNapster(this.state, this.client, this.server)
  }

  private dispatch(from: PeerHandle, message: NapsterMessage): void {
    switch (message.type) {
      case 'welcome':
      case 'held':
      case 'alive':
      case 'found':
      case 'pong':
        this.state.requests.onReply(from, message.request, message)
        break
      case 'ping':
        this.probing.onPing(from, message.request, message.token)
        break
      case 'where':
        this.sendServers(from, message.request)
        break
      case 'closing':
        this.server?.links.remove(from)
        this.client.onClosing(from, message.servers)
        break
      default:
        if (this.server === undefined) this.decline(from, message)
        else this.serveMessage(this.server, from, message)
    }
  }

  private serveMessage(server: Server, from: PeerHandle, message: RequestToServer): void {
    switch (message.type) {
      case 'login':
        server.onLogin(from, message)
        break
      case 'link':
        server.onLink(from, message)
        break
      case 'keepAlive':
        server.onKeepAlive(from, message)
        break
      case 'logout':
        server.onLogout(from, message.session)
        break
      case 'upload':
        server.onUpload(from, message)
        break
      case 'find':
      case 'search':
        server.onQuery(from, message)
        break
      case 'introduce':
        server.onIntroduce(from, message.servers)
        break
      case 'call':
        server.onCall(from, message)
    }
  }

  /** This node is no server, or not any more: it says so, and who is one. */
  private decline(from: PeerHandle, message: RequestToServer): void {
    if (message.type === 'login' || message.type === 'link') {
      this.sendServers(from, message.request)
    } else if (message.type === 'call') {
      if (from === this.client.server && this.state.isSelf(message.host)) this.probing.onCall(message)
    } else {
      const answer = declined(message)
      if (answer !== undefined) this.state.environment.send(from, answer)
    }
  }

  private sendServers(to: PeerHandle, request: number): void {
    const clients = this.server?.sessions.size ?? 0
    const servers = this.server?.links.entriesWithSelf() ?? this.client.servers
    const answer = { type: 'welcome', request, accepted: false, isKnown: false, clients, servers } as const
    this.state.environment.send(to, answer)
  }

  /** To the own list, or to the server's. What cannot be uploaded now is, as soon as there is a server. */
  private place(pointer: Pointer, done: Done): void {
    const costs = new Costs(this.state.nowMs)
    if (this.server !== undefined) {
      this.server.sessions.putOwn(pointer)
      done(this.outcome(undefined, costs))
      return
    }
    const { uploads, phase, failure } = this.client
    if (phase !== 'in') {
      uploads.add(pointer, false)
      done(this.outcome(phase === 'out' ? 'no peers' : failure, costs))
      return
    }
    uploads.add(pointer, false, result => {
      Object.assign(costs, { messages: result.messages, attempts: 1, timeouts: result.timeouts })
      const acknowledgements = result.failure === undefined ? 1 : 0
      done(costs.outcome(this.state.nowMs, { acknowledgements, failure: result.failure }))
    })
    uploads.pump()
  }

  private ask(query: Query, options: LookupOptions, done: Done): Cancel {
    const parts = { state: this.state, client: this.client, server: () => this.server }
    const question = new Question(parts, query, options, outcome => {
      this.questions.delete(question)
      done(outcome)
    })
    this.questions.add(question)
    question.start()
    return () => question.cancel()
  }

  private relayCall(call: Call): boolean {
    if (this.server !== undefined) this.server.relayCall(call, false)
    else if (this.client.server !== undefined) this.state.environment.send(this.client.server, call)
    else return false
    return true
  }

  private scheduleRound(): void {
    const { environment, options } = this.state
    const jitter = 0.9 + 0.2 * environment.random()
    this.cancelRound = environment.setTimer(Math.ceil(options.keepAliveMs * jitter), () => {
      this.scheduleRound()
      this.onRound()
    })
  }

  private onRound(): void {
    for (const pointer of this.state.own.renewDue(MAX_RENEWALS_PER_ROUND)) {
      if (this.server !== undefined) this.server.sessions.putOwn(pointer)
      else this.client.uploads.add(pointer, false)
    }
    this.server?.tick()
    this.client.tick()
    this.probing.tick()
  }

  private outcome(failure: Failure | undefined, costs = new Costs(this.state.nowMs)): Outcome {
    return costs.outcome(this.state.nowMs, { failure })
  }
}
