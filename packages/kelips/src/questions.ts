import {
  type Cancel,
  Costs,
  type Key,
  keyHash32,
  type LookupOptions,
  type Outcome,
  type PeerAddress,
  type PeerHandle,
  type PeerId,
} from '@onehop/overlay'
import { rankedFor } from './candidates.ts'
import type { Intake } from './intake.ts'
import { MAX_PENDING_LOOKUPS, MAX_POINTERS_PER_KEY } from './limits.ts'
import { Locating } from './locating.ts'
import { Lookup } from './lookup.ts'
import type { Requests } from './requests.ts'
import type { KelipsState } from './state.ts'

interface Question {
  start(): void
  expire(): void
  cancel(): void
}

/** What this node asks the network on its user's behalf: not too much at a time, and each until its deadline. */
export class Questions {
  private readonly parts: {
    readonly state: KelipsState
    readonly requests: Requests
    readonly intake: Intake
    /** Runs when the node has entered the network. */
    readonly whenReady: (ready: () => void) => void
  }
  private readonly open = new Set<Question>()

  constructor(parts: Questions['parts']) {
    this.parts = parts
  }

  get size(): number {
    return this.open.size
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    if (this.isFull) return this.refuse(done)
    const limit = Math.max(1, Math.min(options.limit, MAX_POINTERS_PER_KEY))
    return this.ask(options.deadlineMs, end => {
      return new Lookup(this.parts, key, { ...options, limit }, outcome => {
        end()
        done(outcome)
      })
    })
  }

  locate(
    id: PeerId,
    { deadlineMs }: { readonly deadlineMs: number },
    done: (outcome: Outcome, addresses: readonly PeerAddress[]) => void,
  ): Cancel {
    if (this.isFull) return this.refuse(outcome => done(outcome, []))
    return this.ask(deadlineMs, end => {
      return new Locating(this.parts, id, (outcome, addresses) => {
        end()
        done(outcome, addresses)
      })
    })
  }

  /** Known peers that are responsible for the key, in the order in which a lookup asks them. */
  closest(key: Key, limit: number): readonly PeerHandle[] {
    return rankedFor(this.parts.state, keyHash32(key)).slice(0, limit)
  }

  cancelAll(): void {
    for (const question of [...this.open]) question.cancel()
  }

  private get isFull(): boolean {
    return this.open.size >= MAX_PENDING_LOOKUPS
  }

  private refuse(done: (outcome: Outcome) => void): Cancel {
    const { state } = this.parts
    done(new Costs(state.now()).outcome(state.now(), { failure: 'timed out' }))
    return () => {}
  }

  /** @param make told what to call when the question has been answered. */
  private ask(deadlineMs: number, make: (end: () => void) => Question): Cancel {
    const question = make(() => {
      cancelDeadline()
      this.open.delete(question)
    })
    this.open.add(question)
    const cancelDeadline = this.parts.state.environment.setTimer(deadlineMs, () => question.expire())
    this.parts.whenReady(() => question.start())
    return () => question.cancel()
  }
}
