import { Worker } from 'node:worker_threads'
import { PIECE_THREADS, PIECE_THREADS_IDLE_MS, THREAD_MEMORY } from './limits.ts'
import type {
  HashJob,
  HashReply,
  JobMessage,
  JobReply,
  PieceJob,
  ReplyMessage,
  StoreJob,
  StoreReply,
} from './piece-jobs.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './piece-worker.ts' : './piece-worker.js',
  import.meta.url,
)

/** Messages at one thread: the next one is there when it has done one. */
const MESSAGES_AT_A_THREAD = 2

interface Waiting extends JobMessage {
  readonly resolve: (replies: readonly JobReply[]) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly messages: Map<number, Waiting>
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
  private messages = 0
  private idle: NodeJS.Timeout | undefined
  private readonly entry: URL

  /** @param entry the file that a thread runs. */
  constructor(entry: URL = ENTRY) {
    this.entry = entry
  }

  /** @returns of each job what became of it: the error of the system call that failed. Rejects when the thread ended. */
  async store(jobs: readonly StoreJob[]): Promise<(StoreReply | Error)[]> {
    const replies = await this.add(this.pieces, jobs)
    return replies.map(reply => resultOf(reply) as StoreReply | Error)
  }

  /** Rejects with the error of the system call that failed. */
  async hash(job: HashJob): Promise<HashReply> {
    const [reply] = await this.add(this.bulk, [job])
    const result = resultOf(reply!) as HashReply | Error
    if (result instanceof Error) throw result
    return result
  }

  private add(queue: Waiting[], jobs: readonly PieceJob[]): Promise<readonly JobReply[]> {
    return new Promise((resolve, reject) => {
      queue.push({ number: this.messages++, jobs, resolve, reject })
      this.hand()
    })
  }

  private hand(): void {
    clearTimeout(this.idle)
    while (this.pieces.length > 0 || this.bulk.length > 0) {
      const thread = this.freeThread()
      if (!thread) return
      const next = (this.pieces.shift() ?? this.bulk.shift())!
      if (thread.messages.size === 0) thread.worker.ref()
      thread.messages.set(next.number, next)
      const message: JobMessage = { number: next.number, jobs: next.jobs }
      thread.worker.postMessage(message)
    }
  }

  private freeThread(): Thread | undefined {
    let best: Thread | undefined
    for (const thread of this.threads) if (!best || thread.messages.size < best.messages.size) best = thread
    if (!best || (best.messages.size > 0 && this.isAnotherWanted())) return this.start()
    return best.messages.size < MESSAGES_AT_A_THREAD ? best : undefined
  }

  /** Pieces that arrive are done by one: two would wait for each other where they write one file. */
  private isAnotherWanted(): boolean {
    return this.threads.size < PIECE_THREADS && this.bulk.length > 0
  }

  private start(): Thread {
    const thread: Thread = {
      worker: new Worker(this.entry, { resourceLimits: THREAD_MEMORY }),
      messages: new Map(),
    }
    this.threads.add(thread)
    thread.worker.on('message', (message: ReplyMessage) => this.onReply(thread, message))
    thread.worker.on('error', error => this.onGone(thread, error as Error))
    thread.worker.on('exit', () => this.onGone(thread, new Error('a thread that stores pieces ended')))
    thread.worker.unref()
    return thread
  }

  private onReply(thread: Thread, { number, replies }: ReplyMessage): void {
    thread.messages.get(number)!.resolve(replies)
    thread.messages.delete(number)
    this.hand()
    if (thread.messages.size > 0) return
    thread.worker.unref()
    this.idle = setTimeout(() => this.endIdle(), PIECE_THREADS_IDLE_MS).unref()
  }

  private onGone(thread: Thread, error: Error): void {
    if (!this.threads.delete(thread)) return
    for (const waiting of thread.messages.values()) waiting.reject(error)
    this.hand()
  }

  private endIdle(): void {
    for (const thread of [...this.threads]) {
      if (thread.messages.size > 0) continue
      this.threads.delete(thread)
      void thread.worker.terminate()
    }
  }
}

function resultOf({ result, failure }: JobReply): StoreReply | HashReply | Error {
  return result ?? Object.assign(new Error(failure!.message), { code: failure!.code })
}

/** Those of this process: processors are shared by all sessions in it. */
export const pieceThreads = new PieceThreads()
