import { type Failure, type PeerHandle, type Pointer, publicationId } from '@onehop/overlay'
import { pointerCost } from './codec.ts'
import { MAX_POINTERS_PER_UPLOAD, MAX_UPLOAD_BYTES, TRIES_PER_SERVER } from './limits.ts'
import type { NapsterReply } from './messages.ts'
import type { NapsterState } from './state.ts'

/** What came of one pointer's upload: held by the server, refused by it, or never answered for. */
export interface UploadResult {
  readonly failure?: Failure
  readonly messages: number
  readonly timeouts: number
}

/** Told when a pointer's upload has ended. */
export type OnUploaded = (result: UploadResult) => void

interface Waiting {
  readonly pointer: Pointer
  readonly isMove: boolean
  readonly done: OnUploaded[]
  messages: number
  timeouts: number
}

/** Where to upload, and what to do when the server does not answer or does not know us. */
export interface UploadPort {
  readonly server: () => PeerHandle | undefined
  readonly session: () => number
  readonly onHeard: () => void
  readonly onLost: () => void
}

/** What the server is still to hear of, in order: one message at a time, so that nobody is flooded. */
export class Uploads {
  private readonly state: NapsterState
  private readonly port: UploadPort
  private readonly waiting = new Map<string, Waiting>()
  private isSending = false

  constructor(state: NapsterState, port: UploadPort) {
    this.state = state
    this.port = port
  }

  get size(): number {
    return this.waiting.size
  }

  /** Takes up a pointer, in place of an earlier version, unless a later one is waiting; {@link pump} sends it. */
  add(pointer: Pointer, isMove: boolean, done?: OnUploaded): void {
    const id = publicationId(pointer.key, pointer.target)
    const earlier = this.waiting.get(id)
    const isLate = earlier !== undefined && earlier.pointer.sequence > pointer.sequence
    this.waiting.set(id, {
      pointer: isLate ? earlier.pointer : pointer,
      isMove: isMove && (earlier?.isMove ?? true),
      done: [...(earlier?.done.splice(0) ?? []), ...(done === undefined ? [] : [done])],
      messages: earlier?.messages ?? 0,
      timeouts: earlier?.timeouts ?? 0,
    })
  }

  /** Sends what is waiting, message after message, as long as there is a server that answers. */
  pump(): void {
    const server = this.port.server()
    if (this.isSending || server === undefined || this.waiting.size === 0 || this.state.hasLeft) return
    this.isSending = true
    const batch = this.nextBatch()
    const session = this.port.session()
    const pointers = batch.map(({ pointer }) => pointer)
    const isMove = batch[0]!.isMove
    const build = (request: number) => {
      for (const item of batch) item.messages++
      return { type: 'upload' as const, request, session, isMove, pointers }
    }
    this.state.ask(
      server,
      build,
      { tries: TRIES_PER_SERVER },
      {
        onReply: reply => this.onReply(batch, reply),
        onSilence: () => {
          for (const item of batch) item.timeouts++
          this.isSending = false
          this.port.onLost()
        },
      },
    )
  }

  /** The server cannot be found again: who waits for an upload hears of it. What is to be uploaded stays. */
  fail(failure: Failure): void {
    for (const item of [...this.waiting.values()]) settle(item, failure)
  }

  /** A new session has begun: the server is told all of these, and need not hear what was taken back before. */
  beginAnew(pointers: Iterable<Pointer>): void {
    for (const item of [...this.waiting.values()]) if (item.pointer.withdrawn) this.end(item, undefined)
    for (const pointer of pointers) this.add(pointer, true)
  }

  clear(): void {
    this.waiting.clear()
  }

  /** As many as a message carries, all for the same reason: what a user waits for does not wait for a move. */
  private nextBatch(): Waiting[] {
    const items = [...this.waiting.values()]
    const isMove = items.every(item => item.isMove)
    const batch: Waiting[] = []
    let bytes = 0
    for (const item of items) {
      if (item.isMove !== isMove) continue
      bytes += pointerCost(item.pointer)
      const isFull = batch.length === MAX_POINTERS_PER_UPLOAD || bytes > MAX_UPLOAD_BYTES
      if (isFull && batch.length > 0) break
      batch.push(item)
    }
    return batch
  }

  private onReply(batch: readonly Waiting[], reply: NapsterReply): void {
    this.isSending = false
    if (reply.type !== 'held' || !reply.isKnown) {
      this.port.onLost()
      return
    }
    this.port.onHeard()
    if (reply.isBusy) return
    const refused = new Set(reply.refused)
    for (const [position, item] of batch.entries())
      this.end(item, refused.has(position) ? 'not acknowledged' : undefined)
    this.pump()
  }

  private end(item: Waiting, failure: Failure | undefined): void {
    const id = publicationId(item.pointer.key, item.pointer.target)
    if (this.waiting.get(id) === item) this.waiting.delete(id)
    settle(item, failure)
  }
}

/** Tells those that wait for the item, once. */
function settle(item: Waiting, failure: Failure | undefined): void {
  const { messages, timeouts } = item
  for (const done of item.done.splice(0))
    done({ messages, timeouts, ...(failure === undefined ? {} : { failure }) })
}
