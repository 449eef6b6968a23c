import { Worker } from 'node:worker_threads'
import type { SharedJob } from './check-worker.ts'
import type { Claims } from './claims.ts'
import type { SharedChecks } from './shared-checks.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './check-worker.ts' : './check-worker.js',
  import.meta.url,
)

/** What a team is made of. */
export interface WorkerTeamOptions {
  /** Threads. */
  readonly size: number
  /** Told when a thread does not start or dies: one sentence for the log. The work is done without it. */
  readonly onTrouble: (message: string) => void
  /** The file that a worker runs. @default the one beside this file */
  readonly entry?: URL
}

/**
 * Worker threads that help with script checks. They start with the first job, keep no process alive but while somebody
 * waits for them, and do not come back when they die.
 */
export class WorkerTeam {
  private readonly options: WorkerTeamOptions
  /** The living workers, and the number of the last job that each has said to have no more work in. */
  private members: Map<Worker, number> | undefined
  private jobs = 0
  private onChange: () => void = () => undefined
  private closed = false

  constructor(options: WorkerTeamOptions) {
    this.options = options
  }

  /** Lets the workers claim runs. @returns the job's number. */
  begin(checks: SharedChecks, claims: Claims): number {
    this.jobs += 1
    if (this.closed) return this.jobs
    this.members ??= this.start()
    const job: SharedJob = { number: this.jobs, checks, claims: claims.words }
    for (const worker of this.members.keys()) worker.postMessage(job)
    return this.jobs
  }

  /** Resolves when no worker is at work in the job. Runs that a dead worker had claimed are not done then. */
  async settle(claims: Claims, job: number): Promise<void> {
    const members = this.members ?? new Map<Worker, number>()
    const isSettled = () =>
      claims.unfinished().length === 0 || [...members.values()].every(left => left >= job)
    if (isSettled()) return
    for (const worker of members.keys()) worker.ref()
    await new Promise<void>(resolve => {
      this.onChange = () => {
        if (isSettled()) resolve()
      }
    })
    this.onChange = () => undefined
    for (const worker of members.keys()) worker.unref()
  }

  /** Ends the threads. Nobody may wait for them. */
  async close(): Promise<void> {
    this.closed = true
    const members = this.members ?? new Map<Worker, number>()
    await Promise.all(Array.from(members.keys(), worker => worker.terminate()))
  }

  private start(): Map<Worker, number> {
    const members = new Map<Worker, number>()
    try {
      for (let i = 0; i < this.options.size; i++) this.add(members)
    } catch (error) {
      this.tell(error)
    }
    return members
  }

  private add(members: Map<Worker, number>): void {
    const worker = new Worker(this.options.entry ?? ENTRY)
    members.set(worker, 0)
    worker.on('message', (job: number) => {
      members.set(worker, job)
      this.onChange()
    })
    worker.on('error', error => this.tell(error))
    worker.on('exit', () => {
      members.delete(worker)
      this.onChange()
    })
    // Last: a listener for messages keeps the process alive again.
    worker.unref()
  }

  private tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.options.onTrouble(`A thread for script checks ended, the others do its work: ${why}`)
  }
}
