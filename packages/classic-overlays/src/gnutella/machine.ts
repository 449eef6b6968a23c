import type {
  Cancel,
  Environment,
  Key,
  LookupOptions,
  Outcome,
  OverlayMachine,
  PeerHandle,
  Pointer,
  Publication,
} from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import { Flooding } from './flooding.ts'
import { type GnutellaInspection, inspect } from './inspection.ts'
import { Linking } from './linking.ts'
import type { GnutellaMessage } from './messages.ts'
import { type Neighbour, type Neighbours, NOBODY } from './neighbours.ts'
import type { GnutellaOptions } from './options.ts'
import { Pushing } from './pushing.ts'
import { Questions } from './questions.ts'
import { GnutellaState } from './state.ts'

/** One Gnutella servent: its tables, and what works on them. Made by {@link gnutella}. */
export class GnutellaMachine implements OverlayMachine<GnutellaMessage> {
  // What every message needs stands first: it is one fetch from memory.
  private hasLeft = false
  private readonly keepsHandles: boolean
  private readonly neighbours: Neighbours
  private readonly flooding: Flooding
  readonly guarantee = 'best effort'
  readonly state: GnutellaState
  private readonly linking: Linking
  private readonly questions: Questions
  private readonly pushing: Pushing

  constructor(environment: Environment<GnutellaMessage>, options: GnutellaOptions) {
    const state = new GnutellaState(environment, options)
    this.state = state
    this.neighbours = state.neighbours
    this.keepsHandles = environment.keepsHandles === true
    this.flooding = new Flooding(state, {
      onOwnHit: (hit, from) => {
        this.pushing.noteHit(hit)
        this.questions.onHit(hit, from)
      },
      onHost: () => this.linking.seek(),
      onExcess: neighbour => this.linking.dismiss(neighbour),
    })
    this.linking = new Linking(state, this.flooding)
    const whenReady = (ready: () => void) => this.linking.whenReady(ready)
    this.questions = new Questions({ state, flooding: this.flooding, whenReady })
    this.pushing = new Pushing(state, (pointer, done) => this.askAgain(pointer, done))
  }

  /** Lookups and searches that are under way. */
  get openQuestions(): number {
    return this.questions.size
  }

  /** Deliveries that are waited for. */
  get openDeliveries(): number {
    return this.pushing.size
  }

  /** Peers that are being asked for a neighbour's place. */
  get connecting(): number {
    return this.linking.connectingCount
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    if (this.state.phase !== 'left') this.linking.join(introducers, done)
  }

  /** These are neighbours from now on, as if they had been for long: for simulations that begin settled. */
  adopt(neighbours: readonly PeerHandle[]): void {
    this.linking.adopt(neighbours)
  }

  leave(): void {
    const { state } = this
    if (state.phase === 'left') return
    this.questions.cancelAll()
    this.linking.stop()
    this.pushing.stop()
    state.phase = 'left'
    this.hasLeft = true
    state.files.clear()
    state.hosts.clear()
    state.routes.clear()
    state.hitCache?.clear()
  }

  receive(from: PeerHandle, message: GnutellaMessage): void {
    if (this.hasLeft) return
    if (this.keepsHandles) {
      this.dispatch(from, message)
      return
    }
    const { handles } = this.state
    handles.enter(from)
    try {
      this.dispatch(from, message)
    } finally {
      handles.exit()
    }
  }

  onUnreachable(peer: PeerHandle): void {
    if (this.state.phase !== 'left') this.state.handles.while(peer, () => this.linking.onUnreachable(peer))
  }

  /** Everybody answers for its own files: nobody needs to be told, and nobody confirms. */
  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    this.state.files.assertPublishable(publication)
    this.whenEntered(done, () => {
      this.state.files.put(publication)
      return undefined
    })
  }

  withdraw(key: Key, done: (outcome: Outcome) => void, target?: Uint8Array): void {
    this.whenEntered(done, () => (this.state.files.remove(key, target) ? undefined : 'not found'))
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.questions.lookup(key, options, done)
  }

  search(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.questions.search(words, options, done)
  }

  /** Push: the provider is asked to dial this node. */
  requestDelivery(pointer: Pointer, done: (outcome: Outcome) => void): void {
    if (this.state.phase !== 'left') this.pushing.request(pointer, done)
  }

  inspect(): GnutellaInspection {
    return inspect(this.state, this.linking.isSettled)
  }

  private whenEntered(done: (outcome: Outcome) => void, act: () => Outcome['failure']): void {
    const startedMs = this.state.now()
    this.linking.whenReady(() => {
      const failure = this.state.phase === 'entered' ? act() : 'no peers'
      const elapsedMs = this.state.now() - startedMs
      const outcome = { pointers: [], hops: 0, messages: 0, attempts: 0, elapsedMs, acknowledgements: 0 }
      done(failure === undefined ? outcome : { ...outcome, failure })
    })
  }

  /** Looks for the provider again: its answer shows the way. */
  private askAgain({ key, provider }: Pointer, done: () => void): void {
    let isTold = false
    const tell = () => {
      if (!isTold) done()
      isTold = true
    }
    const onPointer = (found: Pointer) => {
      if (equalBytes(found.provider, provider)) tell()
    }
    const deadlineMs = this.state.options.pushTimeoutMs
    this.questions.lookup(key, { limit: Number.MAX_SAFE_INTEGER, deadlineMs, onPointer }, tell)
  }

  private dispatch(from: PeerHandle, message: GnutellaMessage): void {
    const { neighbours } = this
    const row = neighbours.rowOf(from)
    if (row === NOBODY) {
      this.onStranger(from, message)
      return
    }
    neighbours.hear(row)
    if (message.type === 'query') this.flooding.onQuery(row, message)
    else if (message.type === 'ping') this.flooding.onPing(row, message)
    else this.onNeighbour(neighbours.list[row]!, message)
  }

  private onNeighbour(from: Neighbour, message: GnutellaMessage): void {
    switch (message.type) {
      case 'query-hit':
        this.flooding.onQueryHit(from, message)
        break
      case 'pong':
        this.flooding.onPong(from, message)
        break
      case 'push':
        this.pushing.onPush(from, message)
        break
      default:
        this.onOther(from.peer, message)
    }
  }

  /** From who is no neighbour nothing is taken that travels. */
  private onStranger(from: PeerHandle, message: GnutellaMessage): void {
    if (message.type === 'ping') this.linking.onStranger(from)
    else this.onOther(from, message)
  }

  private onOther(from: PeerHandle, message: GnutellaMessage): void {
    switch (message.type) {
      case 'connect':
        this.linking.onConnect(from, message)
        break
      case 'ok':
        this.linking.onOk(from)
        break
      case 'bye':
        this.linking.onBye(from, message)
        break
      case 'giv':
        this.pushing.onGiv(from, message)
        break
    }
  }
}
