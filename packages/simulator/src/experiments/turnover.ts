import type { SeededRandom } from '@onehop/primitives'
import type { Crowd } from './crowd.ts'
import { drawExponential, drawHeavyTailed } from './draws.ts'
import type { Churn } from './experiment.ts'
import type { Files } from './files.ts'

const HOUR_MS = 3_600_000

/** Nodes come and go: each stays for a session, and when it goes somebody takes its place. */
export class Turnover {
  /** Nodes that have gone so far. */
  departures = 0
  private readonly crowd: Crowd
  private readonly files: Files
  private readonly churn: Churn
  private readonly random: SeededRandom
  /** Nodes whose end is set. */
  private readonly inSession = new Set<number>()

  constructor(crowd: Crowd, files: Files, churn: Churn, random: SeededRandom) {
    this.crowd = crowd
    this.files = files
    this.churn = churn
    this.random = random
  }

  /** From now on; those who are there are somewhere within their sessions, and whoever joins later begins one. */
  start(): void {
    if (this.churn.perHour === 0) return
    for (const node of [...this.crowd.living.numbers]) this.scheduleEnd(node, this.drawResidualMs())
    this.crowd.listen({
      onJoined: node => {
        if (!this.inSession.has(node)) this.scheduleEnd(node, this.drawSessionMs())
      },
      onGone: node => this.inSession.delete(node),
    })
  }

  private get meanMs(): number {
    return HOUR_MS / this.churn.perHour
  }

  private drawSessionMs(): number {
    const draw = this.churn.sessions === 'exponential' ? drawExponential : drawHeavyTailed
    return draw(this.random.next, this.meanMs)
  }

  /**
   * What is left of the session of somebody met at any time. Of a time without memory it is distributed as the whole;
   * of the mixture the long ones are met as often as they take up time.
   */
  private drawResidualMs(): number {
    if (this.churn.sessions === 'exponential') return this.drawSessionMs()
    const isLong = this.random.next() < 0.8
    return drawExponential(this.random.next, this.meanMs * (isLong ? 4 : 0.25))
  }

  private scheduleEnd(node: number, sessionMs: number): void {
    if (this.inSession.has(node)) return
    this.inSession.add(node)
    this.crowd.simulation.clock.setTimer(Math.ceil(sessionMs), () => this.end(node))
  }

  private end(node: number): void {
    if (!this.crowd.living.has(node)) return
    this.departures++
    if (this.random.next() < this.churn.goodbyes) this.crowd.leave(node)
    else this.crowd.kill(node)
    const slots = this.files.release(node)
    if (this.random.next() < this.churn.returning) this.scheduleReturn(node, slots)
    else this.replace(slots)
  }

  private replace(slots: readonly number[]): void {
    const newcomer = this.crowd.admit()
    this.files.inherit(newcomer, slots, false)
    this.scheduleEnd(newcomer, this.drawSessionMs())
  }

  private scheduleReturn(node: number, slots: readonly number[]): void {
    const awayMs = drawExponential(this.random.next, this.churn.offlineMinutes * 60_000)
    this.crowd.simulation.clock.setTimer(Math.ceil(awayMs), () => {
      this.files.inherit(node, slots, true)
      this.crowd.readmit(node)
      this.scheduleEnd(node, this.drawSessionMs())
    })
  }
}
