import { REQUEST_TIMEOUT_MS } from './limits.ts'
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
  readonly timer: NodeJS.Timeout
}

/** Requests to one peer that wait for their answers. */
export class PendingRequests {
  private readonly pending = new Map<number, PendingRequest>()
  private readonly onTimeout: () => void

  /** @param onTimeout the peer left a request without an answer for too long. */
  constructor(onTimeout: () => void) {
    this.onTimeout = onTimeout
  }

  /** Resolves when the reader is done. @throws {RequestFailure} */
  wait(id: number, read: AnswerReader): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.fail(id, 'no answer in time')
        this.onTimeout()
      }, REQUEST_TIMEOUT_MS)
      this.pending.set(id, { read, resolve, reject, timer })
    })
  }

  /** @returns how the request goes on; undefined for one that waits no more, which is nobody's fault. */
  onAnswer(answer: SyncAnswer): AnswerProgress | 'busy' | undefined {
    const request = this.pending.get(answer.id)
    if (request === undefined) return undefined
    if (answer.type === 'busy') {
      this.fail(answer.id, 'the peer is busy')
      return 'busy'
    }
    const progress = request.read(answer)
    if (progress === 'more') request.timer.refresh()
    else if (progress === 'unexpected') this.fail(answer.id, 'not what was asked for')
    else {
      this.take(answer.id)
      request.resolve()
    }
    return progress
  }

  failAll(reason: string): void {
    for (const id of [...this.pending.keys()]) this.fail(id, reason)
  }

  private fail(id: number, reason: string): void {
    this.take(id)?.reject(new RequestFailure(reason))
  }

  private take(id: number): PendingRequest | undefined {
    const request = this.pending.get(id)
    this.pending.delete(id)
    clearTimeout(request?.timer)
    return request
  }
}
