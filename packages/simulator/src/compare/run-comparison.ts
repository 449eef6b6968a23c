import type { ResourceLimits } from 'node:worker_threads'
import type { Progress } from '../experiments/control.ts'
import { describeMachine } from '../experiments/machine-description.ts'
import { inGigabytes } from '../experiments/memory-estimate.ts'
import type { MachineDescription } from '../experiments/result.ts'
import { type RunningThread, startThread } from '../interruptible-thread.ts'
import { estimateRunBytes } from './compare-memory.ts'
import type { ComparedRun } from './compared-run.ts'
import { type ComparedSetup, type Comparison, setupsOf } from './comparison.ts'
import { type Growth, growthOf } from './growth.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './compare-worker.ts' : './compare-worker.js',
  import.meta.url,
)
/** The heap may grow beyond the estimate by so much before the thread is ended. */
const HEAP_MARGIN = 2
const LEAST_HEAP_MB = 1_024
/** V8's young generation: messages live until they arrive, and are copied the less the larger it is. */
const YOUNG_GENERATION_MB = 128

/** What a comparison gives. */
export interface ComparisonResult {
  /** Those that there are, in the comparison's order. */
  readonly runs: readonly ComparedRun[]
  readonly growth: readonly Growth[]
  readonly interrupted: boolean
  readonly wallSeconds: number
  readonly machine: MachineDescription
  readonly comparison: Comparison
}

/** How far a comparison is. */
export interface ComparisonProgress {
  readonly runs: number
  readonly done: number
  /** Of the whole, 0 to 1: runs weigh as much as they have nodes. */
  readonly share: number
  /** Those under way. */
  readonly under: readonly { readonly setup: ComparedSetup; readonly progress: Progress }[]
}

/** Told how a comparison goes. */
export interface ComparisonListener {
  onProgress(progress: ComparisonProgress): void
  onRun(run: ComparedRun): void
}

/** Runs each network in a thread of its own, so many at a time; where they run changes nothing but wall times. */
export class RunningComparison {
  readonly result: Promise<ComparisonResult>
  private readonly comparison: Comparison
  private readonly listener: ComparisonListener
  private readonly setups: readonly ComparedSetup[]
  private readonly runs: (ComparedRun | undefined)[] = []
  private readonly under = new Map<number, { thread: RunningThread<ComparedRun>; progress: Progress }>()
  private readonly startedMs = performance.now()
  private next = 0
  private isInterrupted = false

  constructor(comparison: Comparison, threads: number, listener: ComparisonListener) {
    this.comparison = comparison
    this.listener = listener
    this.setups = setupsOf(comparison)
    const lanes = Array.from({ length: Math.min(threads, this.setups.length) }, () => this.work())
    this.result = Promise.all(lanes).then(() => this.conclude())
    this.result.catch(() => this.interrupt())
  }

  /** Ends it before long, with what has been measured so far. */
  interrupt(): void {
    this.isInterrupted = true
    for (const { thread } of this.under.values()) thread.interrupt()
  }

  /** Takes one setup after the other. */
  private async work(): Promise<void> {
    while (this.next < this.setups.length && !this.isInterrupted) await this.runOne(this.next++)
  }

  private async runOne(index: number): Promise<void> {
    const setup = this.setups[index]!
    const onProgress = (progress: Progress) => {
      const running = this.under.get(index)
      if (running !== undefined) running.progress = progress
      this.tell()
    }
    const thread = startThread<ComparedSetup, Progress, ComparedRun>(
      ENTRY,
      setup,
      onProgress,
      limitsFor(setup),
    )
    this.under.set(index, { thread, progress: NOT_BEGUN })
    const run = await thread.result.catch((error: unknown) => {
      throw told(error, setup)
    })
    this.under.delete(index)
    this.runs[index] = run
    if (!run.interrupted) this.listener.onRun(run)
    this.tell()
  }

  private tell(): void {
    const weightOf = ({ nodes }: ComparedSetup) => nodes
    let [total, done] = [0, 0]
    this.setups.forEach((setup, index) => {
      total += weightOf(setup)
      const share = this.runs[index] === undefined ? (this.under.get(index)?.progress.share ?? 0) : 1
      done += weightOf(setup) * share
    })
    this.listener.onProgress({
      runs: this.setups.length,
      done: this.runs.filter(run => run !== undefined).length,
      share: done / total,
      under: [...this.under].map(([index, { progress }]) => ({ setup: this.setups[index]!, progress })),
    })
  }

  private conclude(): ComparisonResult {
    const runs = this.runs.filter(run => run !== undefined && run.lookups > 0) as ComparedRun[]
    return {
      runs,
      growth: growthOf(runs.filter(({ interrupted }) => !interrupted)),
      interrupted: this.isInterrupted,
      wallSeconds: Math.round((performance.now() - this.startedMs) / 100) / 10,
      machine: describeMachine(),
      comparison: this.comparison,
    }
  }
}

const NOT_BEGUN: Progress = {
  stage: 'building',
  share: 0,
  minutes: 0,
  nodes: 0,
  lookups: 0,
  successShare: 1,
  events: 0,
}

/** Which run it was. */
function told(error: unknown, setup: ComparedSetup): Error {
  const isOutOfMemory = (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
  const what = isOutOfMemory
    ? `it has outgrown its memory, which was estimated at ${inGigabytes(estimateRunBytes(setup))}.`
    : error instanceof Error
      ? error.message
      : String(error)
  return new Error(`${setup.overlay} with ${setup.nodes} nodes: ${what}`, { cause: error })
}

function limitsFor(setup: ComparedSetup): ResourceLimits {
  const megabytes = (estimateRunBytes(setup) * HEAP_MARGIN) / 2 ** 20
  return {
    maxOldGenerationSizeMb: Math.ceil(LEAST_HEAP_MB + megabytes),
    maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
  }
}

/** Begins a comparison. @param threads runs at a time. */
export function startComparison(
  comparison: Comparison,
  threads: number,
  listener: ComparisonListener,
): RunningComparison {
  return new RunningComparison(comparison, threads, listener)
}
