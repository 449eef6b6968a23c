import {
  type Cancel,
  Costs,
  isLive,
  type Key,
  type LookupOptions,
  type Outcome,
  type PeerEntry,
  type PeerHandle,
  type Pointer,
  rankContents,
  wordKey,
} from '@onehop/overlay'
import { BoundedMap, equalBytes, randomElement } from '@onehop/primitives'
import type { Flooding } from './flooding.ts'
import { Inquiry, type InquiryPlan } from './inquiry.ts'
import { AUDITORS, MAX_INQUIRIES, MAX_KEYS, MAX_WANTED, SEARCH_POINTERS } from './limits.ts'
import type { Found } from './messages.ts'
import type { Registrar } from './registrar.ts'
import type { Session } from './session.ts'
import type { FastTrackState } from './state.ts'

/** What inquiries need of their machine. */
export interface InquiriesParts {
  readonly state: FastTrackState
  readonly flooding: Flooding
  readonly session: Session
  readonly registrar: Registrar
  readonly onOrigin: (pointer: Pointer, supernode: PeerEntry) => void
}

const AUDIT_DEADLINE_MS = 30_000
const NUMBERS = 0x1_0000_0000

/** Lookups and searches of this node, and what it has others look for to check on its supernode. */
export class Inquiries {
  private readonly parts: InquiriesParts
  private readonly running = new Set<Inquiry>()
  private readonly byNumber = new BoundedMap<number, Inquiry>(4 * MAX_INQUIRIES)
  /** For the join that is under way. */
  private readonly waiting = new Set<Inquiry>()
  private nextNumber: number
  private auditedMs: number

  constructor(parts: InquiriesParts) {
    this.parts = parts
    const { environment } = parts.state
    this.nextNumber = Math.floor(environment.random() * NUMBERS)
    this.auditedMs = environment.now()
  }

  get size(): number {
    return this.running.size
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    const { opinions } = this.parts.state.options
    return this.begin({ keys: [key], options, looksAtHome: true, foreignOnly: false, opinions }, done)
  }

  /** All words travel in one query: a supernode knows all that its children say of their contents. */
  search(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    const { opinions } = this.parts.state.options
    const plan = {
      looksAtHome: true,
      foreignOnly: false,
      opinions,
      keys: words.slice(0, MAX_KEYS).map(wordKey),
    }
    return this.begin({ ...plan, options: { ...options, limit: SEARCH_POINTERS } }, outcome => {
      const contents = rankContents(words, outcome.pointers).slice(0, Math.max(1, options.limit))
      const pointers = contents.flatMap(content => content.pointers)
      const isMissed = pointers.length === 0 && outcome.failure === undefined
      done({ ...outcome, pointers, ...(isMissed ? { failure: 'not found' as const } : {}) })
    })
  }

  onFound(from: PeerHandle, message: Found): void {
    const inquiry = this.byNumber.get(message.request)
    if (inquiry === undefined) return
    this.parts.state.verify(message.pointers, from, valid => {
      const live = valid.filter(pointer => isLive(pointer, this.parts.state.nowS()))
      this.parts.state.handles.while(from, () => inquiry.onFound(from, message, live))
    })
  }

  onUnreachable(peer: PeerHandle): void {
    for (const inquiry of [...this.running]) inquiry.onUnreachable(peer)
  }

  /** The join that was under way has ended. */
  onReady(): void {
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const inquiry of waiting) inquiry.start()
  }

  cancelAll(): void {
    for (const inquiry of [...this.running]) inquiry.cancel()
  }

  tick(): void {
    const { state } = this.parts
    if (state.now() - this.auditedMs < state.options.auditMs) return
    this.auditedMs = state.now()
    this.audit()
  }

  private begin(plan: InquiryPlan, done: (outcome: Outcome) => void): Cancel {
    const { state, flooding, session, onOrigin } = this.parts
    if (this.running.size >= MAX_INQUIRIES || plan.keys.length === 0) {
      const failure = plan.keys.length === 0 ? 'not found' : 'timed out'
      done(new Costs(state.now()).outcome(state.now(), { failure }))
      return () => {}
    }
    const numbers: number[] = []
    const inquiry: Inquiry = new Inquiry(
      {
        state,
        flooding,
        parent: () => session.parent,
        number: asker => {
          numbers.push(this.numberFor(asker))
          return numbers.at(-1)!
        },
        onBad: peer => session.strike(peer),
        onSilent: peer => session.onQuiet(peer),
        onGood: peer => session.absolve(peer),
        onOrigin,
      },
      plan,
      outcome => {
        this.running.delete(inquiry)
        this.waiting.delete(inquiry)
        for (const number of numbers) this.byNumber.delete(number)
        done(outcome)
      },
    )
    this.running.add(inquiry)
    if (state.phase === 'joining') this.waiting.add(inquiry)
    else inquiry.start()
    return () => inquiry.cancel()
  }

  private numberFor(inquiry: Inquiry): number {
    const number = this.nextNumber
    this.nextNumber = (this.nextNumber + 1) % NUMBERS
    this.byNumber.set(number, inquiry)
    return number
  }

  /**
   * Other supernodes look for something that this node has registered, and cannot tell that this is a test. If they
   * find nothing, the own supernode withholds it, or nobody hears it.
   */
  private audit(): void {
    const { state, session, registrar } = this.parts
    const { parent } = session
    const own = randomElement(() => state.environment.random(), [...state.own.pointers()])
    if (own === undefined || parent === undefined || registrar.size > 0) return
    const options = { limit: MAX_WANTED, deadlineMs: AUDIT_DEADLINE_MS }
    const plan = { keys: [own.key], options, looksAtHome: false, foreignOnly: true, opinions: AUDITORS }
    this.begin(plan, ({ pointers, attempts, failure }) => {
      const isFound = pointers.some(({ provider }) => equalBytes(provider, own.provider))
      if (failure === 'not found' || (pointers.length > 0 && pointers.length < MAX_WANTED && !isFound))
        for (let i = 0; i < attempts; i++) session.strike(parent)
    })
  }
}
