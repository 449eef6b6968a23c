import type { Stream } from '@libp2p/interface'
import { FramedStream } from '@onehop/libp2p-overlay'
import { attemptDecode, describeRejection, equalBytes, TokenBucket } from '@onehop/primitives'
import {
  COMPACT_BLOCKS_BURST,
  COMPACT_BLOCKS_PER_SECOND,
  HANDSHAKE_TIMEOUT_MS,
  MAX_SYNC_FRAME_BYTES,
  MAX_SYNC_QUEUED_BYTES,
  MAX_SYNC_STREAMS,
  REFUSED_BYTES_BURST,
  REFUSED_BYTES_PER_SECOND,
} from './limits.ts'
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type PeerStatus,
  type SyncAnswer,
  type SyncMessage,
  type SyncRequest,
} from './sync-messages.ts'
import { SyncRequests } from './sync-requests.ts'

const FRAME_LIMITS = { maxFrameBytes: MAX_SYNC_FRAME_BYTES, maxQueuedBytes: MAX_SYNC_QUEUED_BYTES }

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

/** The sync protocol with one peer: requests with ids, pipelined over one stream that stays open. */
export class SyncSession {
  readonly peerId: string
  /** What the peer said last of its chain; undefined until the handshake. */
  status: PeerStatus | undefined
  /** What can be asked of the peer. */
  readonly requests: SyncRequests
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
  /** Blocks that it may send in their short form: each is compared with the whole mempool. */
  readonly compactBlocks: TokenBucket
  /** When something new of this peer came in last. */
  lastBlockAtMs: number | undefined
  lastTransactionAtMs: number | undefined
  /** Height up to which its headers were looked at and not kept yet. */
  presyncedHeight: number | undefined
  private readonly port: SessionPort
  private readonly streams: FramedStream[] = []
  private readonly handshakeTimer: NodeJS.Timeout
  private readonly refusedBytes: TokenBucket
  private patientUntilMs = 0
  private statusRequest: Promise<void> | undefined
  /** Statuses that open a stream and have not come yet. */
  private greetingsDue = 0
  private closed = false

  constructor(peerId: string, port: SessionPort) {
    this.peerId = peerId
    this.port = port
    this.compactBlocks = new TokenBucket(COMPACT_BLOCKS_PER_SECOND, COMPACT_BLOCKS_BURST, port.now())
    this.refusedBytes = new TokenBucket(REFUSED_BYTES_PER_SECOND, REFUSED_BYTES_BURST, port.now())
    this.requests = new SyncRequests({
      now: () => port.now(),
      receivedBytes: () => this.streams.reduce((sum, stream) => sum + stream.receivedBytes, 0),
      send: request => this.send(request),
      onUnexpected: ({ type }) => port.onMalformed(this, `${type} that was not asked for`),
      onUnresponsive: () => port.onUnresponsive(this),
    })
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
  refreshStatus(): Promise<void> {
    this.statusRequest ??= this.requestStatus().finally(() => {
      this.statusRequest = undefined
    })
    return this.statusRequest
  }

  close(reason: Error): void {
    if (this.closed) return
    this.closed = true
    clearTimeout(this.handshakeTimer)
    for (const stream of [...this.streams]) stream.abort(reason)
    this.requests.failAll(reason.message)
    this.port.onClosed(this)
  }

  private async requestStatus(): Promise<void> {
    const sentAtMs = this.port.now()
    await this.requests.getStatus()
    this.latencyMs = this.port.now() - sentAtMs
    this.minLatencyMs = Math.min(this.latencyMs, this.minLatencyMs ?? this.latencyMs)
  }

  private send(message: SyncMessage): boolean {
    const stream = this.streams.find(candidate => candidate.isOpen)
    return stream?.send(encodeSyncMessage(message)) ?? false
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
    if (message.id !== 0) this.requests.onAnswer(message)
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
        this.requests.onAnswer(message)
    }
  }

  private detach(stream: FramedStream, error?: Error): void {
    const index = this.streams.indexOf(stream)
    if (index >= 0) this.streams.splice(index, 1)
    if (this.closed) return
    if (error?.name === 'DecodeError') this.port.onMalformed(this, error.message)
    if (this.streams.length === 0) this.close(error ?? new Error('the peer closed the stream'))
    else this.requests.failAll('a stream closed')
  }
}
