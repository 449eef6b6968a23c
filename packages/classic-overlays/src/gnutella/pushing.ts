import { type Cancel, Costs, internEntry, type Outcome, type PeerHandle, type Pointer } from '@onehop/overlay'
import { BoundedMap, bytesKey, equalBytes, TokenBucket } from '@onehop/primitives'
import { descriptorId, newDescriptorId } from './descriptor-id.ts'
import { GIV_BURST, GIVS_PER_SECOND, MAX_DELIVERIES, MAX_PUSHABLE, MAX_TTL_AND_HOPS } from './limits.ts'
import type { Giv, Push, QueryHit } from './messages.ts'
import type { Neighbour } from './neighbours.ts'
import type { GnutellaState } from './state.ts'

/** What a provider's answer named, to ask for. */
interface Pushable {
  readonly serventId: Uint8Array
  readonly fileIndex: number
}

/** A delivery that is waited for. */
interface Delivery {
  readonly pointer: Pointer
  readonly costs: Costs
  readonly done: (outcome: Outcome) => void
  readonly cancelTimer: Cancel
}

/**
 * Push (Gnutella 0.4 §"Firewalled servents"): who cannot be dialled is asked, along the way that its answer came, to
 * dial. A Push makes a stranger dial whom it names, so it is served only for a file index that an answer has told, and
 * so seldom that nobody is flooded with dials by it.
 */
export class Pushing {
  private readonly state: GnutellaState
  /** Looks for the provider again, where no way to it is known. */
  private readonly ask: (pointer: Pointer, done: () => void) => void
  private readonly pushables = new BoundedMap<string, Pushable>(MAX_PUSHABLE)
  private readonly deliveries = new Map<string, Delivery>()
  private readonly givs: TokenBucket

  constructor(state: GnutellaState, ask: (pointer: Pointer, done: () => void) => void) {
    this.state = state
    this.ask = ask
    this.givs = new TokenBucket(GIVS_PER_SECOND, GIV_BURST, state.now())
  }

  /** Deliveries that are waited for. */
  get size(): number {
    return this.deliveries.size
  }

  request(pointer: Pointer, done: (outcome: Outcome) => void): void {
    const { state } = this
    const costs = new Costs(state.now())
    const name = bytesKey(pointer.provider)
    this.end(name, 'cancelled')
    if (this.deliveries.size >= MAX_DELIVERIES) this.end([...this.deliveries.keys()][0]!, 'timed out')
    const cancelTimer = state.environment.setTimer(state.options.pushTimeoutMs, () =>
      this.end(name, 'timed out'),
    )
    const delivery = { pointer, costs, done, cancelTimer }
    this.deliveries.set(name, delivery)
    if (!this.push(delivery)) this.ask(pointer, () => this.pushAfterAsking(name, delivery))
  }

  /** An answer to this node's own question: who sent it can be asked to deliver. */
  noteHit({ serventId, results }: QueryHit): void {
    for (const { fileIndex, pointer } of results)
      if (fileIndex > 0) this.pushables.set(bytesKey(pointer.provider), { serventId, fileIndex })
  }

  onPush(from: Neighbour, push: Push): void {
    const { state } = this
    if (!from.mayPush(state.now())) return
    if (equalBytes(push.serventId, state.files.serventId)) {
      this.deliver(push)
      return
    }
    const to = state.towards(descriptorId(push.serventId))
    const ttl = Math.min(push.ttl, MAX_TTL_AND_HOPS - push.hops) - 1
    if (to !== undefined && to !== from && ttl > 0) state.send(to, { ...push, ttl, hops: push.hops + 1 })
  }

  /** Somebody has come: what it was asked for is connected now. Nobody else is expected. */
  onGiv(from: PeerHandle, { serventId }: Giv): void {
    const name = bytesKey(this.state.environment.idOf(from))
    const asked = this.pushables.get(name)
    if (asked !== undefined && equalBytes(asked.serventId, serventId)) this.end(name, undefined)
  }

  stop(): void {
    for (const { cancelTimer } of this.deliveries.values()) cancelTimer()
    this.deliveries.clear()
    this.pushables.clear()
  }

  private pushAfterAsking(name: string, delivery: Delivery): void {
    if (this.deliveries.get(name) === delivery && !this.push(delivery)) this.end(name, 'unreachable')
  }

  /** @returns whether a way to the provider is known. */
  private push({ pointer, costs }: Delivery): boolean {
    const { state } = this
    const asked = this.pushables.get(bytesKey(pointer.provider))
    const to = asked === undefined ? undefined : state.towards(descriptorId(asked.serventId))
    if (asked === undefined || to === undefined) return false
    const id = newDescriptorId(state.environment)
    costs.messages++
    costs.attempts++
    state.send(to, { type: 'push', id, ttl: state.options.ttl, hops: 0, ...asked, peer: state.ownEntry() })
    return true
  }

  private deliver({ fileIndex, peer }: Push): void {
    const { environment, files, handles } = this.state
    if (!files.has(fileIndex) || !this.givs.take(1, this.state.now())) return
    const { serventId } = files
    handles.while(internEntry(environment, peer), to => {
      if (to !== environment.self) environment.send(to, { type: 'giv', fileIndex, serventId })
    })
  }

  private end(name: string, failure: Outcome['failure']): void {
    const delivery = this.deliveries.get(name)
    if (delivery === undefined) return
    this.deliveries.delete(name)
    delivery.cancelTimer()
    const { costs, pointer, done } = delivery
    const pointers = failure === undefined ? [pointer] : []
    done(costs.outcome(this.state.now(), { pointers, hops: pointers.length, failure }))
  }
}
