import type { AnswerSource, Cancel, Costs, Failure, PeerHandle } from '@onehop/overlay'
import { expectedAnswerMs } from './candidates.ts'
import {
  HEDGE_FACTOR,
  LEAST_HEDGE_MS,
  MAX_LOOKUP_ATTEMPTS,
  MAX_TRIES_PER_PEER,
  NEGATIVES_TO_CONCLUDE,
  WIDE_PARALLELISM,
} from './limits.ts'
import type { Found, Reply, Request } from './messages.ts'
import type { Requests, Silence } from './requests.ts'
import { Rungs, type Step } from './rungs.ts'
import type { KelipsState } from './state.ts'

/**
 * What an answer was worth. `enough`: what was looked for is found. `some`: a part of it. `negative`: somebody who must
 * know says that there is nothing. `nothing`: it may know others. `false`: it lied.
 */
export type Worth = 'enough' | 'some' | 'negative' | 'nothing' | 'false'

/** What is looked for, and how an answer is judged. */
export interface Goal {
  readonly hash32: number
  ask(request: number): Request
  /** @param judged called once, possibly later, unless the walk has ended. */
  judge(answer: Found, from: Step, judged: (worth: Worth) => void): void
  /** The walk has ended by itself. */
  onEnd(): void
}

/** Of somebody who was asked. */
interface Asked {
  readonly step: Step
  source: AnswerSource
  tries: number
  /** `late`: silent for longer than usual, so that another is asked beside it. `heard`: its answer is being judged. */
  standing: 'waiting' | 'heard' | 'late' | 'answered' | Silence
  saidNothing: boolean
  cancelHedge: Cancel | undefined
}

/**
 * The way of one question through the network: who is asked when, and when it is over. Several are asked at once, and
 * one that is silent for longer than usual does not hold up the next. That there is nothing is believed only of so many
 * who must know, and to whom we came independently, that colluding liars are hardly ever all of them.
 */
export class Walk {
  private readonly state: KelipsState
  private readonly requests: Requests
  private readonly costs: Costs
  private readonly goal: Goal
  private readonly rungs: Rungs
  private readonly asked = new Map<PeerHandle, Asked>()
  /** Peers known to us by which we came to those who said that there is nothing. */
  private readonly deniers = new Set<PeerHandle>()
  private inPlay = 0
  private isFirstTry = true
  /** All good ways have been tried. */
  private isLastResort = false
  private isFilling = false
  private isOver = false

  constructor(
    parts: { readonly state: KelipsState; readonly requests: Requests; readonly costs: Costs },
    goal: Goal,
  ) {
    this.state = parts.state
    this.requests = parts.requests
    this.costs = parts.costs
    this.goal = goal
    this.rungs = new Rungs(this.state, goal.hash32, peer => this.asked.has(peer))
  }

  /** @param ownDenial this node must know itself, and knows nothing. */
  begin(ownDenial: boolean): void {
    if (ownDenial) this.deniers.add(this.state.environment.self)
    this.advance()
  }

  /** Whether somebody who must know said that there is nothing. */
  get wasDenied(): boolean {
    return this.deniers.size > 0
  }

  /** How the peer came to be asked. */
  sourceOf(peer: PeerHandle): AnswerSource {
    return this.asked.get(peer)?.source ?? 'later try'
  }

  /** Those who said that there is nothing, and must know. */
  *deniersAsked(): IterableIterator<PeerHandle> {
    for (const [peer, { saidNothing }] of this.asked) if (saidNothing) yield peer
  }

  /** What the silence of those asked says, when nobody said anything of use. */
  failure(): Failure {
    if (this.wasDenied) return 'not found'
    const standings = [...this.asked.values()].map(({ standing }) => standing)
    if (standings.some(standing => standing === 'timed out' || standing === 'late')) return 'timed out'
    if (standings.includes('answered')) return 'not found'
    if (standings.length > 0) return 'unreachable'
    return this.state.settled ? 'not found' : 'no peers'
  }

  /** Nothing is called any more. Answers and silences that are still to come tell the tables who is alive. */
  stop(): void {
    if (this.isOver) return
    this.isOver = true
    for (const { cancelHedge } of this.asked.values()) cancelHedge?.()
    this.rungs.close()
  }

  private advance(): void {
    if (this.isOver || this.isFilling) return
    this.isFilling = true
    if (!this.isDenied()) this.fill()
    this.isFilling = false
    if (this.isOver || this.inPlay > 0) return
    if (this.isDenied() || !this.isAnybodyLate()) this.goal.onEnd()
  }

  private isDenied(): boolean {
    return this.deniers.size >= NEGATIVES_TO_CONCLUDE
  }

  private isAnybodyLate(): boolean {
    for (const { standing } of this.asked.values()) if (standing === 'late') return true
    return false
  }

  private fill(): void {
    const width = this.wasDenied ? WIDE_PARALLELISM : this.state.options.lookupParallelism
    while (!this.isOver && this.inPlay < width && this.costs.attempts < MAX_LOOKUP_ATTEMPTS) {
      const step = this.nextStep()
      if (step === undefined) break
      this.ask(step)
    }
    this.isFirstTry = false
  }

  /** On the first try only those are asked who should know, if there are any. */
  private nextStep(): Step | undefined {
    const known = this.rungs.next()
    if (known !== undefined) return known
    if (this.isFirstTry && this.asked.size > 0) return undefined
    const further = this.rungs.further()
    if (further !== undefined) return further
    this.isLastResort ||= this.inPlay === 0
    if (!this.isLastResort) return undefined
    return this.rungs.namedByDeniers() ?? this.silentOne(2) ?? (this.wasDenied ? undefined : this.desperate())
  }

  /** Nobody responsible has answered: those who may know somebody, then the silent to the end. */
  private desperate(): Step | undefined {
    return this.rungs.anybody() ?? this.silentOne(MAX_TRIES_PER_PEER)
  }

  /** Messages get lost: a peer that stayed silent is asked again, those least tried first. */
  private silentOne(mostTries: number): Step | undefined {
    let best: Step | undefined
    let leastTries = mostTries
    for (const { standing, tries, step } of this.asked.values()) {
      if (standing !== 'timed out' || tries >= leastTries) continue
      best = step
      leastTries = tries
    }
    return best
  }

  private ask(step: Step): void {
    const { environment } = this.state
    const asked = this.noteAsked(step)
    const timeoutMs = this.requests.timeoutMsOf(step.peer)
    const usualMs = Math.ceil(expectedAnswerMs(this.state, step.peer) * HEDGE_FACTOR)
    asked.cancelHedge = environment.setTimer(Math.min(timeoutMs, Math.max(LEAST_HEDGE_MS, usualMs)), () =>
      this.onLate(asked),
    )
    const handlers = {
      onReply: (reply: Reply) => this.onReply(asked, reply),
      onSilence: (silence: Silence) => this.onSilence(asked, silence),
    }
    this.requests.send(step.peer, number => this.goal.ask(number), handlers, timeoutMs)
  }

  private noteAsked(step: Step): Asked {
    const first = this.asked.size === 0 ? 'first request' : 'first try'
    const source = this.isFirstTry ? first : 'later try'
    const asked: Asked = this.asked.get(step.peer) ?? {
      step,
      source,
      tries: 0,
      standing: 'waiting',
      saidNothing: false,
      cancelHedge: undefined,
    }
    this.asked.set(step.peer, asked)
    asked.source = source
    asked.standing = 'waiting'
    asked.tries++
    this.inPlay++
    this.costs.attempts++
    this.costs.messages++
    return asked
  }

  private onLate(asked: Asked): void {
    if (this.isOver || asked.standing !== 'waiting') return
    this.leavePlay(asked, 'late')
    this.advance()
  }

  private onSilence(asked: Asked, silence: Silence): void {
    if (this.isOver || asked.standing === 'answered' || asked.standing === 'heard') return
    this.costs.timeouts++
    this.leavePlay(asked, silence)
    this.advance()
  }

  /** It stays in play until its answer is judged: what it says may be all that is needed. */
  private onReply(asked: Asked, answer: Reply): void {
    if (this.isOver || answer.type !== 'found') return
    if (asked.standing === 'answered' || asked.standing === 'heard') return
    if (asked.standing !== 'waiting') this.inPlay++
    asked.cancelHedge?.()
    asked.standing = 'heard'
    this.goal.judge(answer, asked.step, worth => {
      if (this.isOver) return
      this.leavePlay(asked, 'answered')
      this.onJudged(asked, answer, worth)
    })
  }

  private onJudged(asked: Asked, answer: Found, judged: Worth): void {
    const { step } = asked
    const worth = judged === 'negative' && !step.mustKnow ? 'nothing' : judged
    if (worth === 'enough') {
      this.goal.onEnd()
      return
    }
    if (worth === 'negative') {
      asked.saidNothing = true
      this.deniers.add(step.root)
    }
    if (worth === 'negative' || worth === 'nothing')
      this.rungs.learn(step, answer.members, worth === 'negative')
    this.advance()
  }

  private leavePlay(asked: Asked, standing: Asked['standing']): void {
    if (asked.standing === 'waiting' || asked.standing === 'heard') this.inPlay--
    asked.standing = standing
    asked.cancelHedge?.()
  }
}
