import {
  type Cancel,
  type Environment,
  type Inspection,
  type Key,
  type LookupOptions,
  type Outcome,
  type OverlayMachine,
  type PeerAddress,
  type PeerHandle,
  type PeerId,
  type Pointer,
  type Publication,
  WordSearch,
} from '@onehop/overlay'
import { Answers } from './answers.ts'
import { Gossip } from './gossip.ts'
import { inspect } from './inspection.ts'
import { Intake } from './intake.ts'
import { Joining } from './joining.ts'
import { MAX_POINTERS_PER_KEY } from './limits.ts'
import { Liveness } from './liveness.ts'
import type { KelipsMessage } from './messages.ts'
import type { KelipsOptions } from './options.ts'
import { Publisher } from './publisher.ts'
import { Pulling } from './pulling.ts'
import { Questions } from './questions.ts'
import { Requests } from './requests.ts'
import { SelfTuning } from './self-tuning.ts'
import { Sharing } from './sharing.ts'
import { KelipsState } from './state.ts'
import { Stores } from './stores.ts'
import type { TableKind } from './tables.ts'

/** One Kelips node: the tables, and what works on them. Made by {@link kelips}. */
export class KelipsMachine implements OverlayMachine<KelipsMessage> {
  readonly guarantee = 'exact'
  readonly state: KelipsState
  private readonly requests: Requests
  private readonly intake: Intake
  private readonly gossip: Gossip
  private readonly liveness: Liveness
  private readonly joining: Joining
  private readonly sharing: Sharing
  private readonly stores: Stores
  private readonly publisher: Publisher
  private readonly answers: Answers
  private readonly questions: Questions
  private readonly tuning: SelfTuning
  private cancelRound: Cancel | undefined
  private cancelRejoin: Cancel | undefined

  constructor(environment: Environment<KelipsMessage>, options: KelipsOptions, tables: TableKind = 'packed') {
    const state = new KelipsState(environment, options, tables)
    this.state = state
    this.requests = new Requests(state)
    this.gossip = new Gossip(state, () => this.intake)
    this.intake = new Intake(state, this.gossip)
    this.liveness = new Liveness(state, this.requests, this.intake, this.gossip)
    const pulling = new Pulling(state, this.requests, this.intake, this.gossip)
    this.joining = new Joining(state, pulling, this.intake, this.gossip)
    this.tuning = new SelfTuning(state, pulling)
    this.sharing = new Sharing(state, this.intake, this.gossip)
    this.stores = new Stores(state, this.requests, this.intake)
    this.publisher = new Publisher(state, this.stores)
    this.answers = new Answers(state)
    const whenReady = (ready: () => void) => this.joining.whenReady(ready)
    this.questions = new Questions({ state, requests: this.requests, intake: this.intake, whenReady })
    this.connect()
  }

  /** Requests that wait for an answer. */
  get pendingRequests(): number {
    return this.requests.size
  }

  get publicationCount(): number {
    return this.publisher.size
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    if (this.state.phase === 'left') return
    if (this.state.phase === 'new') {
      this.scheduleRound()
      this.scheduleRejoin()
    }
    this.joining.join(introducers, done)
  }

  leave(): void {
    const { state } = this
    if (state.phase === 'left') return
    this.questions.cancelAll()
    this.publisher.withdrawAll()
    this.gossip.sayFarewell()
    state.phase = 'left'
    this.cancelRound?.()
    this.cancelRejoin?.()
    this.gossip.stop()
    this.publisher.stop()
    this.joining.stop()
    this.requests.clear()
    state.trust.clear()
    state.roster.clear()
    state.filetuples.clear()
  }

  receive(from: PeerHandle, message: KelipsMessage): void {
    if (this.state.phase === 'left' || this.state.trust.isDistrusted(from)) return
    const { handles } = this.state
    handles.enter(from)
    try {
      this.dispatch(from, message)
    } finally {
      handles.exit()
    }
  }

  onUnreachable(peer: PeerHandle): void {
    if (this.state.phase === 'left') return
    this.state.handles.while(peer, () => this.liveness.onUnreachable(peer))
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    this.publisher.assertPublishable(publication)
    this.joining.whenReady(() => this.publisher.publish(publication, done))
  }

  /** Takes over a publication that its holders have already, as if it had been published some time ago. */
  adopt(publication: Publication): Pointer {
    this.publisher.assertPublishable(publication)
    return this.publisher.adopt(publication)
  }

  withdraw(key: Key, done: (outcome: Outcome) => void, target?: Uint8Array): void {
    this.joining.whenReady(() => this.publisher.withdraw(key, target, done))
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.questions.lookup(key, options, done)
  }

  locate(
    id: PeerId,
    options: { readonly deadlineMs: number },
    done: (outcome: Outcome, addresses: readonly PeerAddress[]) => void,
  ): Cancel {
    return this.questions.locate(id, options, done)
  }

  closest(key: Key, limit: number): readonly PeerHandle[] {
    return this.questions.closest(key, limit)
  }

  search(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    const search = new WordSearch(
      { lookup: this.lookup.bind(this), now: () => this.state.now(), pointersPerWord: MAX_POINTERS_PER_KEY },
      words,
      options,
      done,
    )
    search.start()
    return () => search.cancel()
  }

  inspect(): Inspection {
    return inspect(this.state, this.publisher)
  }

  private connect(): void {
    const { state } = this
    this.requests.onSilence = (peer, silence) => this.liveness.suspect(peer, silence)
    state.roster.onChange = () => this.publisher.onGroupsChange()
    state.roster.onRemove = peer => this.gossip.forget(peer)
    this.tuning.onReshape = () => this.joining.refillSoon()
    this.tuning.onWider = () => this.publisher.replaceAll()
  }

  private dispatch(from: PeerHandle, message: KelipsMessage): void {
    switch (message.type) {
      case 'gossip':
        this.gossip.onGossip(from, message)
        break
      case 'news':
        this.gossip.onNews(from, message)
        break
      case 'pull':
        this.sharing.onPull(from, message)
        break
      case 'store':
        this.stores.onStore(from, message.request, message.pointers)
        break
      case 'find':
        this.answers.onFind(from, message)
        break
      case 'locate':
        this.answers.onLocate(from, message)
        break
      case 'ping':
        this.liveness.onPing(from, message)
        break
      default:
        this.requests.onReply(from, message)
    }
  }

  private scheduleRound(): void {
    const { environment, options } = this.state
    const jitter = 0.9 + 0.2 * environment.random()
    this.cancelRound = environment.setTimer(Math.ceil(options.gossipIntervalMs * jitter), () => {
      this.scheduleRound()
      this.onRound()
    })
  }

  private onRound(): void {
    const { state } = this
    state.filetuples.expire(state.nowS())
    this.joining.tick()
    this.tuning.tick()
    this.liveness.tick()
    this.publisher.tick()
    this.gossip.round()
  }

  private scheduleRejoin(): void {
    const { environment, options } = this.state
    const jitter = 0.75 + 0.5 * environment.random()
    this.cancelRejoin = environment.setTimer(Math.ceil(options.rejoinIntervalMs * jitter), () => {
      this.scheduleRejoin()
      this.joining.tryAgain()
      this.liveness.lookForDeparted()
    })
  }
}
