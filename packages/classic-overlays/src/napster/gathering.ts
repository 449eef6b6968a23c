import { type Cancel, type Costs, isLive, type PeerHandle, type Pointer } from '@onehop/overlay'
import { invalid } from '@onehop/primitives'
import { TRIES_BETWEEN_SERVERS } from './limits.ts'
import type { NapsterMessage, NapsterReply } from './messages.ts'
import { answerTest, bestPointers, Merged, type Query } from './query.ts'
import type { NapsterState } from './state.ts'

/** What servers have for a query. */
export interface Gathered {
  readonly pointers: readonly Pointer[]
  /** Servers that did not answer. */
  readonly silent: number
  /** Of the first pointer: whether another server had it. */
  readonly isFromOther: boolean
}

/** Checks an answer's pointers: who answers with something else, or with a forgery, is to blame. */
export function checkAnswer(
  state: NapsterState,
  query: Query,
  pointers: readonly Pointer[],
  from: PeerHandle,
  done: (valid: readonly Pointer[]) => void,
): void {
  const isAnswer = answerTest(query)
  if (!pointers.every(isAnswer)) state.penalise(from, invalid('napster-wrong-key'))
  const nowS = state.nowS
  state.intake.verify(pointers.filter(isAnswer), from, valid =>
    done(valid.filter(pointer => isLive(pointer, nowS))),
  )
}

/** The message that asks for it. */
export function queryMessage(query: Query, request: number, isForwarded: boolean): NapsterMessage {
  return { ...query, request, isForwarded }
}

/** All servers search their lists: the answers of the others are put together with the own one. */
export class Gathering {
  private readonly state: NapsterState
  private readonly query: Query
  private readonly done: (gathered: Gathered) => void
  private readonly merged = new Merged()
  private readonly hasOwn: boolean
  private readonly cancels: Cancel[] = []
  private pending = 1
  private silent = 0

  constructor(
    state: NapsterState,
    query: Query,
    own: readonly Pointer[],
    done: (gathered: Gathered) => void,
  ) {
    this.state = state
    this.query = query
    this.done = done
    this.hasOwn = own.length > 0
    for (const pointer of own) this.merged.add(pointer)
  }

  /** Asks the servers, unless the own list is enough. */
  start(servers: Iterable<PeerHandle>, costs?: Costs): void {
    if (!this.isEnough()) for (const server of servers) this.ask(server, costs)
    this.end()
  }

  cancel(): void {
    for (const cancel of this.cancels) cancel()
  }

  /** A search ranks all contents; a lookup wants any of the providers. */
  private isEnough(): boolean {
    return this.query.type === 'find' && this.merged.size >= this.query.limit
  }

  private ask(server: PeerHandle, costs: Costs | undefined): void {
    this.pending++
    const asking = { tries: TRIES_BETWEEN_SERVERS, ...(costs === undefined ? {} : { costs }) }
    const build = (request: number) => queryMessage(this.query, request, true)
    this.cancels.push(
      this.state.ask(server, build, asking, {
        onReply: (reply, from) => this.onReply(reply, from),
        onSilence: () => {
          this.silent++
          this.end()
        },
      }),
    )
  }

  private onReply(reply: NapsterReply, from: PeerHandle): void {
    const pointers = reply.type === 'found' ? reply.pointers : []
    checkAnswer(this.state, this.query, pointers, from, valid => {
      for (const pointer of valid) this.merged.add(pointer)
      this.end()
    })
  }

  private end(): void {
    this.pending--
    if (this.pending > 0) return
    const { query } = this
    const all = this.merged.pointers()
    const pointers =
      query.type === 'find' ? all.slice(0, query.limit) : bestPointers(query.words, all, query.limit)
    this.done({ pointers, silent: this.silent, isFromOther: !this.hasOwn && pointers.length > 0 })
  }
}
