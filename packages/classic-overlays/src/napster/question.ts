import {
  type AnswerSource,
  type Cancel,
  Costs,
  type Failure,
  type LookupOptions,
  type Outcome,
  type PeerHandle,
  type Pointer,
  type RequestSilence,
} from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import type { Client } from './client.ts'
import { checkAnswer, type Gathered, queryMessage } from './gathering.ts'
import { MAX_POINTERS_PER_ANSWER, TRIES_BETWEEN_SERVERS, TRIES_PER_SERVER } from './limits.ts'
import type { NapsterReply } from './messages.ts'
import { type Query, searchDirectory } from './query.ts'
import type { Server } from './server.ts'
import type { NapsterState } from './state.ts'

/** Who answers: the own list with the other servers, or the client's server. */
export interface QuestionParts {
  readonly state: NapsterState
  readonly client: Client
  readonly server: () => Server | undefined
}

/** One lookup or search of this node's user. */
export class Question {
  private readonly parts: QuestionParts
  private readonly query: Query
  private readonly options: LookupOptions
  private readonly finished: (outcome: Outcome) => void
  private readonly costs: Costs
  private cancelAsking: Cancel = () => {}
  private cancelDeadline: Cancel = () => {}
  private isOver = false
  private silence: RequestSilence | undefined
  /** Servers that were asked, by id. */
  private readonly asked = new Set<string>()
  private isSecondRound = false

  constructor(
    parts: QuestionParts,
    query: Query,
    options: LookupOptions,
    finished: (outcome: Outcome) => void,
  ) {
    this.parts = parts
    this.query = { ...query, limit: Math.max(1, Math.min(query.limit, MAX_POINTERS_PER_ANSWER)) }
    this.options = options
    this.finished = finished
    this.costs = new Costs(parts.state.nowMs)
  }

  start(): void {
    const { client, state } = this.parts
    this.cancelDeadline = state.environment.setTimer(this.options.deadlineMs, () => this.onDeadline())
    client.whenSettled(() => this.begin())
  }

  cancel(): void {
    this.finish({ failure: 'cancelled' })
  }

  private begin(): void {
    if (this.isOver) return
    const server = this.parts.server()
    if (server !== undefined) this.askServers(server)
    else if (this.parts.client.phase === 'out') this.finish({ failure: 'no peers' })
    else this.askAsClient()
  }

  private askServers(server: Server): void {
    this.cancelAsking = server.gather(this.query, this.costs, gathered => {
      const hops = gathered.isFromOther ? 1 : 0
      this.end(gathered, hops, gathered.isFromOther ? 'first request' : 'own table')
    })
  }

  /** The own server; when it is silent the others, one after the other. */
  private askAsClient(): void {
    const { client, state } = this.parts
    client.withServers(servers => {
      const server = servers.find(peer => !this.asked.has(bytesKey(state.environment.idOf(peer))))
      if (server === undefined) client.whenSettled(() => this.askOnceMore())
      else this.ask(server, servers.length > 1)
    })
  }

  /** All were silent. Meanwhile the client has looked for a server: one that it found is asked, too. */
  private askOnceMore(): void {
    if (this.isOver) return
    const { client } = this.parts
    const isWorthwhile = client.phase === 'in' && !this.isSecondRound
    if (!isWorthwhile) {
      this.finish({ failure: this.silence ?? client.failure })
      return
    }
    this.isSecondRound = true
    this.asked.clear()
    this.askAsClient()
  }

  private ask(server: PeerHandle, mayForward: boolean): void {
    const { client, state } = this.parts
    this.asked.add(bytesKey(state.environment.idOf(server)))
    const extraMs = mayForward ? TRIES_BETWEEN_SERVERS * state.options.defaultTimeoutMs : 0
    const asking = { tries: TRIES_PER_SERVER, costs: this.costs, extraMs }
    this.cancelAsking = state.ask(server, request => queryMessage(this.query, request, false), asking, {
      onReply: (reply, from) => this.onReply(reply, from),
      onSilence: silence => {
        this.silence ??= silence
        if (server === client.server) client.lose()
        this.askAsClient()
      },
    })
  }

  private onReply(reply: NapsterReply, from: PeerHandle): void {
    const { state, client } = this.parts
    if (reply.type !== 'found') {
      this.finish({ failure: 'not found' })
      return
    }
    if (from === client.server && reply.isKnown) client.onHeard()
    else if (from === client.server) client.lose()
    const { silent, isFromOther } = reply
    checkAnswer(state, this.query, reply.pointers, from, pointers => {
      const source = this.asked.size === 1 && !this.isSecondRound ? 'first request' : 'later try'
      this.end({ pointers, silent, isFromOther }, isFromOther ? 2 : 1, source)
    })
  }

  /** What a silent server has nobody knows: then nothing found is not the same as nothing there. */
  private end({ pointers, silent }: Gathered, hops: number, answeredBy: AnswerSource): void {
    if (this.isOver) return
    const wanted = this.query.type === 'find' ? pointers.slice(0, this.query.limit) : pointers
    for (const pointer of wanted) this.options.onPointer?.(pointer)
    if (wanted.length > 0) this.finish({ pointers: wanted, hops, answeredBy })
    else this.finish({ failure: silent > 0 ? 'timed out' : 'not found' })
  }

  private onDeadline(): void {
    const server = this.parts.server()
    if (server === undefined) {
      this.finish({ failure: 'timed out' })
      return
    }
    const pointers = searchDirectory(server.sessions.directory, this.query, this.parts.state.nowS)
    this.end({ pointers, silent: 1, isFromOther: false }, 0, 'own table')
  }

  private finish(result: {
    readonly pointers?: readonly Pointer[]
    readonly hops?: number
    readonly answeredBy?: AnswerSource
    readonly failure?: Failure
  }): void {
    if (this.isOver) return
    this.isOver = true
    this.cancelAsking()
    this.cancelDeadline()
    this.finished(this.costs.outcome(this.parts.state.nowMs, result))
  }
}
