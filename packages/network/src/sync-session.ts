import type { Stream } from '@libp2p/interface'
import { FramedStream } from '@onehop/libp2p-overlay'
import {
  attemptDecode,
  BoundedMap,
  bytesKey,
  describeRejection,
  equalBytes,
  sha256d,
  TokenBucket,
} from '@onehop/primitives'
import {
  HANDSHAKE_TIMEOUT_MS,
  MAX_FAILURES_IN_A_ROW,
  MAX_SYNC_FRAME_BYTES,
  MAX_SYNC_QUEUED_BYTES,
  MAX_SYNC_STREAMS,
  REFUSED_BYTES_BURST,
  REFUSED_BYTES_PER_SECOND,
} from './limits.ts'
import { type AnswerReader, PendingRequests, RequestFailure } from './pending-requests.ts'
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type PeerStatus,
  type SyncAnswer,
  type SyncMessage,
  type SyncRequest,
} from './sync-messages.ts'

const FRAME_LIMITS = { maxFrameBytes: MAX_SYNC_FRAME_BYTES, maxQueuedBytes: MAX_SYNC_QUEUED_BYTES }
const HEADER_BYTES = 80
const HASH_BYTES = 32

/** Answers of one peer that it remembers not to have; forgotten oldest first. */
const MAX_REMEMBERED_MISSING = 512

/** What a session needs of its owner. */
export interface SessionPort {
  now(): number
  /** Our own status, sent when a stream opens. */
  status(): PeerStatus
  /** The first status came: the peer is of our chain. */
  onReady(session: SyncSession): void
  onRequest(session: SyncSession, request: SyncRequest): void
  /** The peer broke the protocol. */
  onMalformed(session: SyncSession, reason: string): void
  onForeignChain(session: SyncSession, status: PeerStatus): void
  /** The peer answers no more. */
  onUnresponsive(session: SyncSession): void
  /** The last stream has closed. */
  onClosed(session: SyncSession): void
}

/** A block as a peer sent it: whole, or in BIP 152's short form. */
export interface SentBlock {
  readonly form: 'compact' | 'whole'
  readonly bytes: Uint8Array
}

/** The sync protocol with one peer: requests with ids, pipelined over one stream that stays open. */
export class SyncSession {
  readonly peerId: string
  /** What the peer said last of its chain; undefined until the handshake. */
  status: PeerStatus | undefined
  /** Hash of the header that came from it last by gossip. */
  announcedTip: Uint8Array | undefined
  /** Time of the last status exchange, and of the shortest one, in ms. */
  latencyMs: number | undefined
  minLatencyMs: number | undefined
  /** The peer's tip up to which its headers were fetched. */
  syncedTip: Uint8Array | undefined
  /** Headers are not asked of this peer before. */
  headersRetryAtMs = 0
  /** Nor before our chain has this work. */
  headersAtWork = 0n
  /** Hashes of the blocks being fetched from this peer. */
  readonly blocksInFlight = new Map<string, Uint8Array>()
  /** When something new of this peer came in last. */
  lastBlockAtMs: number | undefined
  lastTransactionAtMs: number | undefined
  /** Height up to which its headers were looked at and not kept yet. */
  presyncedHeight: number | undefined
  private readonly port: SessionPort
  private readonly streams: FramedStream[] = []
  private readonly pending = new PendingRequests(() => this.onTimeout())
  private readonly missing = new BoundedMap<string, number>(MAX_REMEMBERED_MISSING)
  private readonly handshakeTimer: NodeJS.Timeout
  private readonly refusedBytes: TokenBucket
  private patientUntilMs = 0
  private statusRequest: Promise<PeerStatus> | undefined
  private nextId = 1
  /** Statuses that open a stream and have not come yet. */
  private greetingsDue = 0
  private failures = 0
  private closed = false

  constructor(peerId: string, port: SessionPort) {
    this.peerId = peerId
    this.port = port
    this.refusedBytes = new TokenBucket(REFUSED_BYTES_PER_SECOND, REFUSED_BYTES_BURST, port.now())
    this.handshakeTimer = setTimeout(() => port.onUnresponsive(this), HANDSHAKE_TIMEOUT_MS)
  }

  get isReady(): boolean {
    return !this.closed && this.status !== undefined
  }

  get isOpen(): boolean {
    return this.streams.some(stream => stream.isOpen)
  }

  /** Takes a stream of either side; the peer may have opened one while we did. */
  attach(stream: Stream): void {
    if (this.streams.length >= MAX_SYNC_STREAMS) this.streams[0]?.abort(new Error('too many streams'))
    const framed = new FramedStream(stream, FRAME_LIMITS, {
      onFrame: frame => this.receive(frame),
      onClose: error => this.detach(framed, error),
    })
    this.streams.push(framed)
    this.greetingsDue++
    framed.send(encodeSyncMessage({ type: 'status', id: 0, status: this.port.status() }))
  }

  /** Sends an answer, after those before it have left. False when the stream is gone. */
  async answer(message: SyncAnswer): Promise<boolean> {
    const stream = this.streams.find(candidate => candidate.isOpen)
    if (stream === undefined) return false
    await stream.drained()
    return stream.send(encodeSyncMessage(message))
  }

  /** Whether transactions that it announces are looked at: not while it has offered too much in vain. */
  get mayOfferTransactions(): boolean {
    return this.port.now() >= this.patientUntilMs
  }

  /** A transaction of this length was of no use, without blame. */
  onRefusedTransaction(bytes: number): void {
    const nowMs = this.port.now()
    if (!this.refusedBytes.take(Math.min(bytes, REFUSED_BYTES_BURST), nowMs))
      this.patientUntilMs = nowMs + (1000 * bytes) / REFUSED_BYTES_PER_SECOND
  }

  /** Asks for the peer's tip, which also measures the way to it. Calls at the same time share one request. */
  getStatus(): Promise<PeerStatus> {
    this.statusRequest ??= this.requestStatus().finally(() => {
      this.statusRequest = undefined
    })
    return this.statusRequest
  }

  private async requestStatus(): Promise<PeerStatus> {
    const sentAtMs = this.port.now()
    await this.request({ type: 'getStatus', id: this.nextId }, answer =>
      answer.type === 'status' ? 'done' : 'unexpected',
    )
    this.latencyMs = this.port.now() - sentAtMs
    this.minLatencyMs = Math.min(this.latencyMs, this.minLatencyMs ?? this.latencyMs)
    return this.status!
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

  close(reason: Error): void {
    if (this.closed) return
    this.closed = true
    clearTimeout(this.handshakeTimer)
    for (const stream of [...this.streams]) stream.abort(reason)
    this.pending.failAll(reason.message)
    this.port.onClosed(this)
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
    const stream = this.streams.find(candidate => candidate.isOpen)
    if (stream === undefined || !stream.send(encodeSyncMessage(request)))
      return Promise.reject(new RequestFailure('the stream does not take requests'))
    const answers = 'hashes' in request && request.type !== 'getHeaders' ? request.hashes.length : 1
    return this.pending.wait(request.id, answers, read)
  }

  private onTimeout(): void {
    this.failures++
    if (this.failures >= MAX_FAILURES_IN_A_ROW) this.port.onUnresponsive(this)
  }

  private receive(frame: Uint8Array): void {
    const decoded = attemptDecode('malformed-sync-message', () => decodeSyncMessage(frame))
    if (!decoded.ok) this.port.onMalformed(this, describeRejection(decoded))
    else if (decoded.value.type === 'status') this.onStatus(decoded.value)
    else if (this.status === undefined) this.port.onMalformed(this, 'no status before other messages')
    else this.dispatch(decoded.value)
  }

  private onStatus(message: Extract<SyncMessage, { type: 'status' }>): void {
    const { status } = message
    if (!equalBytes(status.genesisHash, this.port.status().genesisHash)) {
      this.port.onForeignChain(this, status)
      return
    }
    if (message.id === 0 && this.greetingsDue-- === 0) {
      this.port.onMalformed(this, 'a status that was not asked for')
      return
    }
    const isFirst = this.status === undefined
    this.status = status
    clearTimeout(this.handshakeTimer)
    if (message.id !== 0) this.onAnswer(message)
    if (isFirst) this.port.onReady(this)
  }

  private dispatch(message: SyncMessage): void {
    switch (message.type) {
      case 'getStatus':
      case 'getHeaders':
      case 'getBlocks':
      case 'getTransactions':
      case 'getParents':
      case 'getMempool':
      case 'getCompactBlock':
      case 'getBlockTransactions':
        this.port.onRequest(this, message)
        break
      default:
        this.onAnswer(message)
    }
  }

  private onAnswer(answer: SyncAnswer): void {
    const progress = this.pending.onAnswer(answer)
    if (progress === 'late' || progress === 'busy') return
    this.failures = 0
    if (progress === 'unexpected') this.port.onMalformed(this, `${answer.type} that was not asked for`)
  }

  private detach(stream: FramedStream, error?: Error): void {
    const index = this.streams.indexOf(stream)
    if (index >= 0) this.streams.splice(index, 1)
    if (this.closed) return
    if (error?.name === 'DecodeError') this.port.onMalformed(this, error.message)
    if (this.streams.length === 0) this.close(error ?? new Error('the peer closed the stream'))
    else this.pending.failAll('a stream closed')
  }
}

function blockHashOf(bytes: Uint8Array): Uint8Array {
  return sha256d(bytes.subarray(0, HEADER_BYTES))
}
