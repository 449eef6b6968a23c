import { BoundedMap } from '@onehop/primitives'
import { MAX_ABANDONED_REQUESTS, REQUEST_PROGRESS_BYTES, REQUEST_TIMEOUT_MS } from './limits.ts'
import type { SyncAnswer } from './sync-messages.ts'

/** A request failed without anybody having broken a rule: time-out, `busy`, a closed stream. */
export class RequestFailure extends Error {
  override name = 'RequestFailure'
}

/** Whether an answer is the last one, or was not asked for. */
export type AnswerProgress = 'done' | 'more' | 'unexpected'

/** Looks at the answers of one request. */
export type AnswerReader = (answer: SyncAnswer) => AnswerProgress

interface PendingRequest {
  readonly read: AnswerReader
  readonly resolve: () => void
  readonly reject: (error: RequestFailure) => void
  timer: NodeJS.Timeout
  /** How many may still come. */
  answers: number
  /** What the peer had sent when the timer was last set. */
  receivedBytes: number
}

/** What the requests of a peer look at and tell. */
export interface PendingRequestsPort {
  /** Bytes that the peer has sent up to now, whole messages or not. */
  receivedBytes(): number
  /** The peer left a request without an answer for too long. */
  onTimeout(): void
}

/** Requests to one peer that wait for their answers. */
export class PendingRequests {
  private readonly pending = new Map<number, PendingRequest>()
  /** Answers that may still come to requests that wait no more, by request. */
  private readonly abandoned = new BoundedMap<number, number>(MAX_ABANDONED_REQUESTS)
  private readonly port: PendingRequestsPort

  constructor(port: PendingRequestsPort) {
    this.port = port
  }

  /**
   * Resolves when the reader is done.
   * @param answers how many may come.
   * @throws {RequestFailure}
   */
  wait(id: number, answers: number, read: AnswerReader): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.startTimer(id)
      const receivedBytes = this.port.receivedBytes()
      this.pending.set(id, { read, resolve, reject, timer, answers, receivedBytes })
    })
  }

  /** @returns how the request goes on; `late` where it waits no more, which is nobody's fault. */
  onAnswer(answer: SyncAnswer): AnswerProgress | 'busy' | 'late' {
    const request = this.pending.get(answer.id)
    if (request === undefined) return this.onLateAnswer(answer.id)
    request.answers = answer.type === 'busy' ? 0 : request.answers - 1
    if (answer.type === 'busy') {
      this.fail(answer.id, 'the peer is busy')
      return 'busy'
    }
    const progress = request.read(answer)
    if (progress === 'more') {
      request.receivedBytes = this.port.receivedBytes()
      request.timer.refresh()
    } else if (progress === 'unexpected') this.fail(answer.id, 'not what was asked for')
    else {
      this.take(answer.id)
      request.resolve()
    }
    return progress
  }

  failAll(reason: string): void {
    for (const id of [...this.pending.keys()]) this.fail(id, reason)
  }

  private startTimer(id: number): NodeJS.Timeout {
    return setTimeout(() => this.onTimer(id), REQUEST_TIMEOUT_MS)
  }

  /** A large block over a slow line takes long: it is waited for as long as it goes on coming. */
  private onTimer(id: number): void {
    const request = this.pending.get(id)
    if (request === undefined) return
    const receivedBytes = this.port.receivedBytes()
    if (receivedBytes - request.receivedBytes >= REQUEST_PROGRESS_BYTES) {
      request.receivedBytes = receivedBytes
      request.timer = this.startTimer(id)
      return
    }
    this.fail(id, 'no answer in time')
    this.port.onTimeout()
  }

  /** One that was asked for once, or nothing that was ever asked for. */
  private onLateAnswer(id: number): 'late' | 'unexpected' {
    const answers = this.abandoned.get(id) ?? 0
    if (answers === 0) return 'unexpected'
    if (answers === 1) this.abandoned.delete(id)
    else this.abandoned.set(id, answers - 1)
    return 'late'
  }

  private fail(id: number, reason: string): void {
    const request = this.take(id)
    if (request === undefined) return
    if (request.answers > 0) this.abandoned.set(id, request.answers)
    request.reject(new RequestFailure(reason))
  }

  private take(id: number): PendingRequest | undefined {
    const request = this.pending.get(id)
    this.pending.delete(id)
    clearTimeout(request?.timer)
    return request
  }
}
