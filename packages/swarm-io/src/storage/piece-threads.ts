import { Worker } from 'node:worker_threads'
import { PIECE_THREADS, PIECE_THREADS_IDLE_MS, THREAD_MEMORY } from './limits.ts'
import type { HashJob, HashReply, JobReply, PieceJob, StoreJob, StoreReply } from './piece-jobs.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './piece-worker.ts' : './piece-worker.js',
  import.meta.url,
)

/** Jobs at one thread: the next one is there when it has done one. */
const JOBS_AT_A_THREAD = 2

interface Waiting {
  readonly number: number
  readonly job: PieceJob
  readonly resolve: (result: StoreReply | HashReply) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly jobs: Map<number, Waiting>
}

/**
 * Threads that hash and write, so that the event loop stays free. They start with the first job, end when there has
 * been none for a while, and keep the process alive only while somebody waits for them. Pieces that arrive go before
 * what is being hashed in bulk.
 */
export class PieceThreads {
  private readonly threads = new Set<Thread>()
  private readonly pieces: Waiting[] = []
  private readonly bulk: Waiting[] = []
  private jobs = 0
  private idle: NodeJS.Timeout | undefined
  private readonly entry: URL

  /** @param entry the file that a thread runs. */
  constructor(entry: URL = ENTRY) {
    this.entry = entry
  }

  /** Rejects with the error of the system call that failed. */
  store(job: StoreJob): Promise<StoreReply> {
    return this.add(this.pieces, job) as Promise<StoreReply>
  }

  hash(job: HashJob): Promise<HashReply> {
    return this.add(this.bulk, job) as Promise<HashReply>
  }

  private add(queue: Waiting[], job: PieceJob): Promise<StoreReply | HashReply> {
    return new Promise((resolve, reject) => {
      queue.push({ number: this.jobs++, job, resolve, reject })
      this.hand()
    })
  }

  private hand(): void {
    clearTimeout(this.idle)
    while (this.pieces.length + this.bulk.length > 0) {
      const thread = this.freeThread()
      if (!thread) return
      const next = (this.pieces.shift() ?? this.bulk.shift())!
      if (thread.jobs.size === 0) thread.worker.ref()
      thread.jobs.set(next.number, next)
      thread.worker.postMessage({ number: next.number, job: next.job })
    }
  }

  private freeThread(): Thread | undefined {
    let best: Thread | undefined
    for (const thread of this.threads) if (!best || thread.jobs.size < best.jobs.size) best = thread
    if (!best || (best.jobs.size > 0 && this.isAnotherWanted())) return this.start()
    return best.jobs.size < JOBS_AT_A_THREAD ? best : undefined
  }

  /** Pieces that arrive are done by one: two would wait for each other where they write one file. */
  private isAnotherWanted(): boolean {
    return this.threads.size < PIECE_THREADS && this.bulk.length > 0
  }

  private start(): Thread {
    const thread: Thread = {
      worker: new Worker(this.entry, { resourceLimits: THREAD_MEMORY }),
      jobs: new Map(),
    }
    this.threads.add(thread)
    thread.worker.on('message', (reply: JobReply) => this.onReply(thread, reply))
    thread.worker.on('error', error => this.onGone(thread, error as Error))
    thread.worker.on('exit', () => this.onGone(thread, new Error('a thread that stores pieces ended')))
    thread.worker.unref()
    return thread
  }

  private onReply(thread: Thread, reply: JobReply): void {
    const waiting = thread.jobs.get(reply.number)!
    thread.jobs.delete(reply.number)
    if (reply.result !== undefined) waiting.resolve(reply.result)
    else waiting.reject(Object.assign(new Error(reply.failure!.message), { code: reply.failure!.code }))
    this.hand()
    if (thread.jobs.size > 0) return
    thread.worker.unref()
    this.idle = setTimeout(() => this.endIdle(), PIECE_THREADS_IDLE_MS).unref()
  }

  private onGone(thread: Thread, error: Error): void {
    if (!this.threads.delete(thread)) return
    for (const waiting of thread.jobs.values()) waiting.reject(error)
    this.hand()
  }

  private endIdle(): void {
    for (const thread of [...this.threads]) {
      if (thread.jobs.size > 0) continue
      this.threads.delete(thread)
      void thread.worker.terminate()
    }
  }
}

/** Those of this process: processors are shared by all sessions in it. */
export const pieceThreads = new PieceThreads()
