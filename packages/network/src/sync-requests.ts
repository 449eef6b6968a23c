import { BoundedMap, bytesKey, equalBytes, sha256d } from '@onehop/primitives'
import { MAX_FAILURES_IN_A_ROW, MAX_REMEMBERED_MISSING } from './limits.ts'
import { type AnswerReader, PendingRequests, RequestFailure } from './pending-requests.ts'
import type { SyncAnswer, SyncRequest } from './sync-messages.ts'

const HEADER_BYTES = 80
const HASH_BYTES = 32

/** A block as a peer sent it: whole, or in BIP 152's short form. */
export interface SentBlock {
  readonly form: 'compact' | 'whole'
  readonly bytes: Uint8Array
}

/** What requests need of their owner. */
export interface RequestsPort {
  now(): number
  /** Bytes that the peer has sent up to now, whole messages or not. */
  receivedBytes(): number
  /** @returns false when the peer's stream does not take it. */
  send(request: SyncRequest): boolean
  /** The peer sent what was not asked for. */
  onUnexpected(answer: SyncAnswer): void
  /** The peer answers no more. */
  onUnresponsive(): void
}

/** What can be asked of one peer. All calls @throws {RequestFailure} when there is no answer, without blame. */
export class SyncRequests {
  private readonly port: RequestsPort
  private readonly pending: PendingRequests
  private readonly missing = new BoundedMap<string, number>(MAX_REMEMBERED_MISSING)
  private nextId = 1
  private failures = 0

  constructor(port: RequestsPort) {
    this.port = port
    this.pending = new PendingRequests({
      receivedBytes: () => port.receivedBytes(),
      onTimeout: () => this.onTimeout(),
    })
  }

  /** The answer to it is a message of its own, too. */
  getStatus(): Promise<void> {
    return this.request({ type: 'getStatus', id: this.nextId }, answer =>
      answer.type === 'status' ? 'done' : 'unexpected',
    )
  }

  async getHeaders(locator: readonly Uint8Array[], limit: number): Promise<readonly Uint8Array[]> {
    let headers: readonly Uint8Array[] = []
    await this.request({ type: 'getHeaders', id: this.nextId, hashes: [...locator], limit }, answer => {
      if (answer.type !== 'headers') return 'unexpected'
      headers = answer.headers
      return 'done'
    })
    return headers
  }

  async getMempool(): Promise<readonly Uint8Array[]> {
    let ids: readonly Uint8Array[] = []
    await this.request({ type: 'getMempool', id: this.nextId }, answer => {
      if (answer.type !== 'mempool') return 'unexpected'
      ids = answer.hashes
      return 'done'
    })
    return ids
  }

  /** Calls back for every hash as its answer comes: the block, or undefined where the peer has not got it. */
  getBlocks(
    hashes: readonly Uint8Array[],
    onBlock: (hash: Uint8Array, bytes?: Uint8Array) => void,
  ): Promise<void> {
    const request = { type: 'getBlocks', id: this.nextId, hashes: [...hashes] } as const
    return this.requestItems(request, 'block', blockHashOf, onBlock)
  }

  /** The block, in its short form unless the peer prefers not to; undefined where it has not got it. */
  async getCompactBlock(hash: Uint8Array): Promise<SentBlock | undefined> {
    let block: SentBlock | undefined
    await this.request({ type: 'getCompactBlock', id: this.nextId, hash }, answer => {
      if (answer.type === 'notFound') return equalBytes(answer.hash, hash) ? 'done' : 'unexpected'
      if (answer.type !== 'compactBlock' && answer.type !== 'block') return 'unexpected'
      block = { form: answer.type === 'block' ? 'whole' : 'compact', bytes: answer.bytes }
      return equalBytes(blockHashOf(answer.bytes), hash) ? 'done' : 'unexpected'
    })
    return block
  }

  /**
   * The transactions that BIP 152's `getblocktxn` asks for, as `blocktxn`; both begin with the block's hash. Undefined
   * where the peer has not got the block.
   */
  async getBlockTransactions(asked: Uint8Array): Promise<Uint8Array | undefined> {
    const hash = asked.subarray(0, HASH_BYTES)
    let bytes: Uint8Array | undefined
    await this.request({ type: 'getBlockTransactions', id: this.nextId, bytes: asked }, answer => {
      if (answer.type === 'notFound') return equalBytes(answer.hash, hash) ? 'done' : 'unexpected'
      if (answer.type !== 'blockTransactions') return 'unexpected'
      bytes = answer.bytes
      return equalBytes(bytes.subarray(0, HASH_BYTES), hash) ? 'done' : 'unexpected'
    })
    return bytes
  }

  /** As {@link getBlocks}, by wtxid: the hash of a transaction's bytes, witness included. */
  getTransactions(
    wtxids: readonly Uint8Array[],
    onTransaction: (wtxid: Uint8Array, bytes?: Uint8Array) => void,
  ): Promise<void> {
    const request = { type: 'getTransactions', id: this.nextId, hashes: [...wtxids] } as const
    return this.requestItems(request, 'transaction', sha256d, onTransaction)
  }

  /** As {@link getTransactions}, by txid, which only the chain can tell. @param idOf undefined for what is none. */
  getParents(
    txids: readonly Uint8Array[],
    idOf: (bytes: Uint8Array) => Uint8Array | undefined,
    onTransaction: (txid: Uint8Array, bytes?: Uint8Array) => void,
  ): Promise<void> {
    const request = { type: 'getParents', id: this.nextId, hashes: [...txids] } as const
    return this.requestItems(request, 'transaction', idOf, onTransaction)
  }

  /** Whether the peer said within the last `withinMs` that it has not got this. */
  lacks(hash: Uint8Array, withinMs: number): boolean {
    const atMs = this.missing.get(bytesKey(hash))
    return atMs !== undefined && this.port.now() - atMs < withinMs
  }

  setMissing(hash: Uint8Array): void {
    this.missing.set(bytesKey(hash), this.port.now())
  }

  /** An answer came, whether it was asked for or not. */
  onAnswer(answer: SyncAnswer): void {
    const progress = this.pending.onAnswer(answer)
    if (progress === 'late' || progress === 'busy') return
    this.failures = 0
    if (progress === 'unexpected') this.port.onUnexpected(answer)
  }

  failAll(reason: string): void {
    this.pending.failAll(reason)
  }

  private requestItems(
    request: SyncRequest & { readonly hashes: readonly Uint8Array[] },
    itemType: 'block' | 'transaction',
    hashOf: (bytes: Uint8Array) => Uint8Array | undefined,
    onItem: (hash: Uint8Array, bytes?: Uint8Array) => void,
  ): Promise<void> {
    let next = 0
    return this.request(request, answer => {
      const expected = request.hashes[next++]
      if (expected === undefined) return 'unexpected'
      if (answer.type === 'notFound') {
        if (!equalBytes(answer.hash, expected)) return 'unexpected'
        this.setMissing(expected)
        onItem(expected)
      } else if (answer.type === itemType) {
        const hash = hashOf(answer.bytes)
        if (hash === undefined || !equalBytes(hash, expected)) return 'unexpected'
        onItem(expected, answer.bytes)
      } else return 'unexpected'
      return next === request.hashes.length ? 'done' : 'more'
    })
  }

  private request(request: SyncRequest, read: AnswerReader): Promise<void> {
    this.nextId++
    if (!this.port.send(request))
      return Promise.reject(new RequestFailure('the stream does not take requests'))
    const answers = 'hashes' in request && request.type !== 'getHeaders' ? request.hashes.length : 1
    return this.pending.wait(request.id, answers, read)
  }

  private onTimeout(): void {
    this.failures++
    if (this.failures >= MAX_FAILURES_IN_A_ROW) this.port.onUnresponsive()
  }
}

function blockHashOf(bytes: Uint8Array): Uint8Array {
  return sha256d(bytes.subarray(0, HEADER_BYTES))
}
