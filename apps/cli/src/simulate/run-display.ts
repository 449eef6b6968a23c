import { appendFileSync } from 'node:fs'
import type { Experiment, Progress } from '@onehop/simulator'
import { duration } from '../format.ts'
import { writeError } from '../output.ts'
import { ProgressLine } from '../progress.ts'

/** Time in ms between lines in the log. */
const LOG_INTERVAL_MS = 10_000
/** Before so much has been done nobody can tell how long the rest takes. */
const LEAST_SHARE_FOR_ETA = 0.01

/** Tells on stderr how far a run is: on a terminal only; and in a file, where one was asked for. */
export class RunDisplay {
  private readonly line = new ProgressLine()
  private readonly experiment: Experiment
  private readonly isSilent: boolean
  private readonly log: string | undefined
  private readonly startedMs = performance.now()
  /** When virtual time began to run: building the network says nothing of how long the rest takes. */
  private runningSinceMs = this.startedMs
  private loggedMs = Number.NEGATIVE_INFINITY
  private last: Progress | undefined

  constructor(
    experiment: Experiment,
    {
      quiet,
      json,
      log,
    }: { readonly quiet: boolean; readonly json: boolean; readonly log?: string | undefined },
  ) {
    this.experiment = experiment
    this.isSilent = quiet || (json && !process.stderr.isTTY)
    this.log = log
  }

  /** Says what is to come, and what it will need. */
  async begin(): Promise<void> {
    const { estimateMemoryBytes, inGigabytes } = await import('@onehop/simulator')
    const needed = inGigabytes(estimateMemoryBytes(this.experiment))
    const available = inGigabytes(process.availableMemory())
    const sentence = `About ${needed} of memory needed, ${available} available.`
    if (!this.isSilent) writeError(sentence)
    this.write(`${this.experiment.question} ${sentence}`)
  }

  show(progress: Progress): void {
    if (this.last?.stage === 'building' && progress.stage !== 'building')
      this.runningSinceMs = performance.now()
    this.last = progress
    const figures = this.describe(progress)
    if (!this.isSilent) this.line.bar(progress.stage, progress.share, 1, figures)
    if (performance.now() - this.loggedMs >= LOG_INTERVAL_MS) this.writeProgress(progress, figures)
  }

  interrupting(): void {
    this.line.clear()
    if (!this.isSilent) writeError('Ending with what has been measured so far …')
  }

  end(): void {
    this.line.clear()
    if (this.last !== undefined) this.writeProgress(this.last, this.describe(this.last))
  }

  private describe({ minutes, nodes, lookups, successShare, events, share }: Progress): string {
    const elapsedMs = performance.now() - this.runningSinceMs
    const left = share < LEAST_SHARE_FOR_ETA ? '' : `, ${duration((elapsedMs * (1 - share)) / share)} left`
    const found = lookups === 0 ? '' : `, ${(successShare * 100).toFixed(2)} % of ${lookups} lookups`
    return `minute ${minutes.toFixed(1)}, ${nodes} nodes${found}, ${(events / 1e6).toFixed(1)} M events${left}`
  }

  private writeProgress(progress: Progress, figures: string): void {
    this.loggedMs = performance.now()
    const elapsed = duration(this.loggedMs - this.startedMs)
    this.write(`${elapsed}  ${progress.stage} ${(progress.share * 100).toFixed(1)} %  ${figures}`)
  }

  private write(text: string): void {
    if (this.log !== undefined) appendFileSync(this.log, `${text}\n`)
  }
}
