import { describeRejection, TokenBucket } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import {
  BUSY_ANSWERS_BURST,
  BUSY_ANSWERS_PER_SECOND,
  COMPACT_BLOCK_COST_ITEMS,
  MAX_HEADERS_PER_REQUEST,
  MAX_MEMPOOL_IDS,
  MAX_QUEUED_REQUESTS,
  MAX_WAITING_BUSY_ANSWERS,
  SERVED_ITEMS_BURST,
  SERVED_ITEMS_PER_SECOND,
} from './limits.ts'
import type { PeerStatus, SyncAnswer, SyncRequest } from './sync-messages.ts'

/** Serving this many headers costs as much as one block or transaction. */
const HEADERS_PER_ITEM = 100

const HASH_BYTES = 32

/** What serving needs. */
export interface ServerPort {
  readonly chain: ChainPort
  now(): number
  status(): PeerStatus
  /** Resolves when a block that is being downloaded has arrived, or will not for now. */
  waitForBlock(hash: Uint8Array): Promise<void>
  /** The peer asks on and on, whatever it is answered. */
  onFlood(): void
  /** The peer asks for what no block can have. */
  onInvalidRequest(reason: string): void
  /** What the peer's mempool takes at least, in satoshis per 1,000 virtual bytes. */
  minFeeRateOfPeer(): bigint
  /** Serving failed on our side. */
  onError(error: Error): void
}

/** Serves one peer: one request after the other, never more than the peer reads, never faster than the limits. */
export class SyncServer {
  private readonly port: ServerPort
  private readonly answer: (answer: SyncAnswer) => Promise<boolean>
  private readonly budget: TokenBucket
  private readonly busyAnswers: TokenBucket
  private readonly queue: SyncRequest[] = []
  private waitingBusyAnswers = 0
  private serving = false

  constructor(port: ServerPort, answer: (answer: SyncAnswer) => Promise<boolean>) {
    this.port = port
    this.answer = answer
    this.budget = new TokenBucket(SERVED_ITEMS_PER_SECOND, SERVED_ITEMS_BURST, port.now())
    this.busyAnswers = new TokenBucket(BUSY_ANSWERS_PER_SECOND, BUSY_ANSWERS_BURST, port.now())
  }

  /** Queues the request, or answers `busy`. */
  accept(request: SyncRequest): void {
    if (this.queue.length >= MAX_QUEUED_REQUESTS || !this.budget.take(costOf(request), this.port.now())) {
      void this.turnAway(request)
      return
    }
    this.queue.push(request)
    if (!this.serving) void this.serveAll()
  }

  private async turnAway({ id }: SyncRequest): Promise<void> {
    if (!this.busyAnswers.take(1, this.port.now())) {
      this.port.onFlood()
      return
    }
    if (this.waitingBusyAnswers >= MAX_WAITING_BUSY_ANSWERS) return
    this.waitingBusyAnswers++
    await this.answer({ type: 'busy', id })
    this.waitingBusyAnswers--
  }

  private async serveAll(): Promise<void> {
    this.serving = true
    for (let request = this.queue.shift(); request !== undefined; request = this.queue.shift()) {
      if (!(await this.serveSafely(request))) this.queue.length = 0
    }
    this.serving = false
  }

  /** What fails here leaves one request without an answer, and everything else at work. */
  private async serveSafely(request: SyncRequest): Promise<boolean> {
    try {
      return await this.serve(request)
    } catch (error) {
      this.port.onError(error as Error)
      return true
    }
  }

  /** False when the peer is gone. */
  private async serve(request: SyncRequest): Promise<boolean> {
    const { id } = request
    const { chain } = this.port
    switch (request.type) {
      case 'getStatus':
        return this.answer({ type: 'status', id, status: this.port.status() })
      case 'getHeaders': {
        const limit = Math.min(request.limit, MAX_HEADERS_PER_REQUEST)
        return this.answer({ type: 'headers', id, headers: chain.headersAfter(request.hashes, limit) })
      }
      case 'getMempool':
        return this.answer({ type: 'mempool', id, hashes: this.mempoolIds() })
      case 'getBlocks':
        return this.serveItems(id, request.hashes, 'block', hash =>
          this.find(hash, () => chain.getBlock(hash), request.hashes.length === 1),
        )
      case 'getCompactBlock':
        return this.serveCompactBlock(id, request.hash)
      case 'getBlockTransactions':
        return this.serveBlockTransactions(id, request.bytes)
      case 'getTransactions':
        return this.serveItems(id, request.hashes, 'transaction', async hash => chain.getTransaction(hash))
      case 'getParents':
        return this.serveItems(id, request.hashes, 'transaction', async hash =>
          chain.getTransactionById(hash),
        )
    }
  }

  private async serveItems(
    id: number,
    hashes: readonly Uint8Array[],
    type: 'block' | 'transaction',
    find: (hash: Uint8Array) => Promise<Uint8Array | undefined>,
  ): Promise<boolean> {
    for (const hash of hashes) {
      const bytes = await find(hash)
      const sent = await this.answer(
        bytes === undefined ? { type: 'notFound', id, hash } : { type, id, bytes },
      )
      if (!sent) return false
    }
    return true
  }

  /** Whole where it is too old to be worth the work. */
  private async serveCompactBlock(id: number, hash: Uint8Array): Promise<boolean> {
    const { chain } = this.port
    const compact = await this.find(hash, () => chain.getCompactBlock(hash), true)
    if (compact !== undefined) return this.answer({ type: 'compactBlock', id, bytes: compact })
    const bytes = await chain.getBlock(hash)
    return this.answer(bytes === undefined ? { type: 'notFound', id, hash } : { type: 'block', id, bytes })
  }

  private async serveBlockTransactions(id: number, request: Uint8Array): Promise<boolean> {
    const found = await this.port.chain.getBlockTransactions(request)
    if (!found.ok) {
      if (found.blame === 'sender') this.port.onInvalidRequest(describeRejection(found))
      return found.blame === 'nobody'
    }
    const bytes = found.value
    if (bytes !== undefined) return this.answer({ type: 'blockTransactions', id, bytes })
    return this.answer({ type: 'notFound', id, hash: request.subarray(0, HASH_BYTES) })
  }

  private mempoolIds(): Uint8Array[] {
    return this.port.chain.mempoolIds(this.port.minFeeRateOfPeer()).slice(0, MAX_MEMPOOL_IDS)
  }

  /**
   * A block whose header we relayed is asked for before it is here: worth a short wait. Not one for each of many, which
   * may never come.
   */
  private async find(
    hash: Uint8Array,
    look: () => Promise<Uint8Array | undefined>,
    mayWait: boolean,
  ): Promise<Uint8Array | undefined> {
    const bytes = await look()
    if (bytes !== undefined || !mayWait) return bytes
    await this.port.waitForBlock(hash)
    return look()
  }
}

function costOf(request: SyncRequest): number {
  switch (request.type) {
    case 'getHeaders':
      return 1 + MAX_HEADERS_PER_REQUEST / HEADERS_PER_ITEM
    case 'getBlocks':
    case 'getTransactions':
    case 'getParents':
      return 1 + request.hashes.length
    case 'getCompactBlock':
    case 'getBlockTransactions':
      return COMPACT_BLOCK_COST_ITEMS
    default:
      return 1
  }
}
