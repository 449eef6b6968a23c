import { Worker } from 'node:worker_threads'
import {
  PIECE_THREADS,
  PIECE_THREADS_IDLE_MS,
  STORE_GATHER_MS,
  STORES_AT_ONCE,
  THREAD_MEMORY,
} from './limits.ts'
import type { HashJob, HashReply, JobReply, PieceJob, StoreJob, StoreReply } from './piece-jobs.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './piece-worker.ts' : './piece-worker.js',
  import.meta.url,
)

/** Messages at one thread: the next one is there when it has done one. */
const MESSAGES_AT_A_THREAD = 2

interface Waiting {
  readonly number: number
  readonly job: PieceJob
  readonly resolve: (result: StoreReply | HashReply) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly jobs: Map<number, Waiting>
  messages: number
}

/**
 * Threads that hash and write, so that the event loop stays free. They start with the first job, end when there has
 * been none for a while, and keep the process alive only while somebody waits for them. Pieces that arrive go before
 * what is being hashed in bulk, and several at a time: waking a thread costs as much as hashing a tenth of a piece.
 */
export class PieceThreads {
  private readonly threads = new Set<Thread>()
  private readonly pieces: Waiting[] = []
  private readonly bulk: Waiting[] = []
  private jobs = 0
  private idle: NodeJS.Timeout | undefined
  private gathering: NodeJS.Timeout | undefined
  private readonly entry: URL

  /** @param entry the file that a thread runs. */
  constructor(entry: URL = ENTRY) {
    this.entry = entry
  }

  /** Rejects with the error of the system call that failed. */
  store(job: StoreJob): Promise<StoreReply> {
    if (this.pieces.length === 0) this.gather()
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
    while (this.piecesAreDue || this.bulk.length > 0) {
      const thread = this.freeThread()
      if (!thread) return
      const next = this.piecesAreDue ? this.pieces.splice(0, STORES_AT_ONCE) : this.bulk.splice(0, 1)
      if (thread.jobs.size === 0) thread.worker.ref()
      for (const waiting of next) thread.jobs.set(waiting.number, waiting)
      thread.messages++
      thread.worker.postMessage(next.map(({ number, job }) => ({ number, job })))
    }
  }

  private get piecesAreDue(): boolean {
    return this.pieces.length >= STORES_AT_ONCE || (this.pieces.length > 0 && !this.gathering)
  }

  /** The first piece waits a little for others. */
  private gather(): void {
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined
      this.hand()
    }, STORE_GATHER_MS)
  }

  private freeThread(): Thread | undefined {
    let best: Thread | undefined
    for (const thread of this.threads) if (!best || thread.jobs.size < best.jobs.size) best = thread
    if (!best || (best.jobs.size > 0 && this.isAnotherWanted())) return this.start()
    return best.messages < MESSAGES_AT_A_THREAD ? best : undefined
  }

  /** Pieces that arrive are done by one: two would wait for each other where they write one file. */
  private isAnotherWanted(): boolean {
    return this.threads.size < PIECE_THREADS && this.bulk.length > 0
  }

  private start(): Thread {
    const thread: Thread = {
      worker: new Worker(this.entry, { resourceLimits: THREAD_MEMORY }),
      jobs: new Map(),
      messages: 0,
    }
    this.threads.add(thread)
    thread.worker.on('message', (replies: readonly JobReply[]) => this.onReplies(thread, replies))
    thread.worker.on('error', error => this.onGone(thread, error as Error))
    thread.worker.on('exit', () => this.onGone(thread, new Error('a thread that stores pieces ended')))
    thread.worker.unref()
    return thread
  }

  private onReplies(thread: Thread, replies: readonly JobReply[]): void {
    thread.messages--
    for (const { number, result, failure } of replies) {
      const waiting = thread.jobs.get(number)!
      thread.jobs.delete(number)
      if (result !== undefined) waiting.resolve(result)
      else waiting.reject(Object.assign(new Error(failure!.message), { code: failure!.code }))
    }
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
