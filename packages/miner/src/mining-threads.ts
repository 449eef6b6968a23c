import { Worker } from 'node:worker_threads'
import { assert } from '@onehop/primitives'
import { Claims, type NonceRange } from './claims.ts'
import type { ThreadJob, ThreadReport } from './mining-worker.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './mining-worker.ts' : './mining-worker.js',
  import.meta.url,
)

/** What the threads are told. */
export interface MiningThreadsOptions {
  /** How many. */
  readonly count: number
  /** Told when a thread does not start or dies: one sentence for the log. The others do its work. */
  readonly onTrouble?: (message: string) => void
  /** The file that a thread runs. @default the one beside this file */
  readonly entry?: URL
}

/** One header to be searched. */
export interface ThreadSearch {
  /** 80 bytes. */
  readonly header: Uint8Array
  readonly target: bigint
  readonly range: NonceRange
  readonly signal?: AbortSignal | undefined
  readonly onHashes?: ((count: number) => void) | undefined
}

/** A nonce that solves the header; or that there is none; or that no thread lives to look for one. */
export type ThreadResult = { readonly nonce: number } | 'exhausted' | 'no threads'

/** A search that goes on. */
interface Running {
  readonly claims: Claims
  readonly onReport: (report: ThreadReport) => void
  readonly onSettled: () => void
}

/**
 * Worker threads that search for nonces. They start with the first search, keep no process alive but while somebody
 * waits for them, and do not come back when they die.
 */
export class MiningThreads {
  private readonly options: MiningThreadsOptions
  /** Undefined before the first search. */
  private living: Set<Worker> | undefined
  /** Those that still search. */
  private readonly busy = new Set<Worker>()
  private running: Running | undefined

  constructor(options: MiningThreadsOptions) {
    this.options = options
  }

  /** Whether a search goes on. There is one at a time. */
  get isBusy(): boolean {
    return this.running !== undefined
  }

  /** Searches a range of nonces. Ends within some 20 ms after the signal is aborted, as if it were exhausted. */
  async search({ header, target, range, signal, onHashes }: ThreadSearch): Promise<ThreadResult> {
    assert(!this.isBusy, 'one search at a time')
    this.living ??= this.start()
    if (this.living.size === 0) return 'no threads'
    const claims = new Claims(range)
    let found: number | undefined
    const end = () => claims.end()
    signal?.addEventListener('abort', end)
    await new Promise<void>(resolve => {
      const onReport = (report: ThreadReport) => {
        if ('ended' in report) return
        onHashes?.(report.hashes)
        found ??= report.nonce
      }
      this.running = { claims, onReport, onSettled: resolve }
      this.send({ header, target, range, words: claims.words })
    })
    signal?.removeEventListener('abort', end)
    if (found !== undefined) return { nonce: found }
    return this.living.size === 0 ? 'no threads' : 'exhausted'
  }

  /** Ends the threads. A search that goes on is told that there are none. */
  async close(): Promise<void> {
    this.running?.claims.end()
    const { living = new Set<Worker>() } = this
    this.living = new Set()
    await Promise.all(Array.from(living, worker => worker.terminate()))
  }

  private send(job: ThreadJob): void {
    for (const worker of this.living ?? []) {
      this.busy.add(worker)
      worker.ref()
      worker.postMessage(job)
    }
  }

  private start(): Set<Worker> {
    const living = new Set<Worker>()
    try {
      for (let i = 0; i < this.options.count; i++) this.add(living)
    } catch (error) {
      this.tell(error)
    }
    return living
  }

  private add(living: Set<Worker>): void {
    const worker = new Worker(this.options.entry ?? ENTRY)
    living.add(worker)
    worker.on('message', (report: ThreadReport) => {
      this.running?.onReport(report)
      if ('ended' in report) this.onEnded(worker)
    })
    worker.on('error', error => this.tell(error))
    worker.on('exit', () => {
      living.delete(worker)
      this.onEnded(worker)
    })
    // Last: a listener for messages keeps the process alive again.
    worker.unref()
  }

  private onEnded(worker: Worker): void {
    worker.unref()
    this.busy.delete(worker)
    if (this.busy.size > 0) return
    const { running } = this
    this.running = undefined
    running?.onSettled()
  }

  private tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.options.onTrouble?.(`A mining thread ended, the others do its work: ${why}`)
  }
}
