import type { Connection, PeerId, Stream } from '@libp2p/interface'
import type { PenaltyLedger } from '@onehop/libp2p-overlay'
import { bytesToHex, describeRejection, type Verdict } from '@onehop/primitives'
import { BlockDownload } from './block-download.ts'
import type { ChainPort } from './chain-port.ts'
import type { HeaderSyncResult } from './header-sync.ts'
import { HeaderSyncs } from './header-syncs.ts'
import {
  FLOOD_POINTS,
  INVALID_BLOCK_POINTS,
  INVALID_TRANSACTION_POINTS,
  LOW_WORK_POINTS,
  MALFORMED_POINTS,
  MEMPOOL_INTERVAL_MS,
  STATUS_INTERVAL_MS,
} from './limits.ts'
import type { NetworkLog, SyncState } from './network-types.ts'
import { RequestFailure } from './pending-requests.ts'
import { type PeerStatus, SYNC_VERSION } from './sync-messages.ts'
import { SyncServer } from './sync-server.ts'
import { type SessionPort, SyncSession } from './sync-session.ts'
import { type FetchResult, TransactionFetch } from './transaction-fetch.ts'
import { INVALID_BY_ITS_BODY } from './verdict-codes.ts'

/** What synchronisation needs of the host. */
export interface ChainSyncPort {
  readonly chain: ChainPort
  readonly genesisHash: Uint8Array
  readonly penalties: PenaltyLedger
  readonly log: NetworkLog
  now(): number
  random(): number
  openStream(connection: Connection): Promise<Stream>
  disconnect(peerId: string): void
  /** The peer is of another chain. */
  onForeignChain(peerId: string): void
  onState(state: SyncState): void
  /** Transactions accepted outside of gossip, which others may not know. */
  onTransactions(wtxids: readonly Uint8Array[]): void
}

interface Member {
  readonly session: SyncSession
  readonly server: SyncServer
}

/** Keeps the chain up to date with all peers that speak the sync protocol, and serves them. */
export class ChainSync {
  private readonly port: ChainSyncPort
  private readonly members = new Map<string, Member>()
  private readonly blocks: BlockDownload
  private readonly transactions: TransactionFetch
  private readonly timers: NodeJS.Timeout[]
  private readonly headers: HeaderSyncs
  private lastState = ''
  private wasSyncing = false
  private stopped = false

  constructor(port: ChainSyncPort) {
    this.port = port
    const now = () => port.now()
    const sessions = () => this.readySessions()
    this.headers = new HeaderSyncs({
      chain: port.chain,
      now,
      sessions,
      onBegin: () => this.onProgress(),
      onEnd: (session, result) => this.onHeaders(session, result),
      onError: error => this.onError('header synchronisation', error),
    })
    this.blocks = new BlockDownload({
      chain: port.chain,
      now,
      random: () => port.random(),
      sessions,
      onInvalidBlock: (session, reason) => this.penalise(session, INVALID_BLOCK_POINTS, reason),
      onProgress: () => {
        // Headers may have waited for blocks.
        this.headers.evaluate()
        this.onProgress()
      },
      onError: error => this.onError('a download', error),
    })
    this.transactions = new TransactionFetch({
      chain: port.chain,
      now,
      sessions,
      onInvalidTransaction: (session, reason) => this.penalise(session, INVALID_TRANSACTION_POINTS, reason),
      onError: error => this.onError('fetching transactions', error),
    })
    this.timers = [
      setInterval(() => this.compareTips(), STATUS_INTERVAL_MS),
      setInterval(() => this.compareMempool(), MEMPOOL_INTERVAL_MS),
    ]
  }

  session(peerId: string): SyncSession | undefined {
    return this.members.get(peerId)?.session
  }

  /** A peer that speaks the protocol connected. Whoever dialled opens the stream. */
  onConnect(peerId: PeerId, connection: Connection): void {
    if (connection.direction === 'outbound' && !this.stopped) void this.open(peerId.toString(), connection)
  }

  onDisconnect(peerId: PeerId): void {
    this.members.get(peerId.toString())?.session.close(new Error('the peer disconnected'))
  }

  /** A stream that a peer opened. */
  accept(stream: Stream, connection: Connection): void {
    if (this.stopped) stream.abort(new Error('stopped'))
    else this.member(connection.remotePeer.toString()).session.attach(stream)
  }

  /** A header of gossip was accepted: its block is asked of the peer it came from first. */
  onNewHeader(peerId: string, hash: Uint8Array): void {
    const session = this.session(peerId)
    if (session !== undefined) session.announcedTip = hash
    this.blocks.pump(session)
    this.onProgress()
  }

  /** The peer knows something that does not fit to what we have: compare. */
  async catchUpWith(peerId: string): Promise<void> {
    const session = this.session(peerId)
    if (session?.isReady !== true) return
    session.syncedTip = undefined
    await this.refresh(session)
  }

  /**
   * Asks the peer for a block, whatever it is good for, and gives it to the chain.
   * @returns what the chain says; undefined when the peer has not got it.
   * @throws {RequestFailure} when the peer does not answer.
   */
  async fetchBlock(peerId: string, hash: Uint8Array): Promise<Verdict | undefined> {
    const session = this.session(peerId)
    if (session?.isReady !== true) throw new RequestFailure('no such peer')
    let block: Uint8Array | undefined
    await session.requests.getBlocks([hash], (_, bytes) => {
      block = bytes
    })
    if (block === undefined) return undefined
    const verdict = await this.port.chain.acceptBlock(block)
    if (!verdict.ok && verdict.blame === 'sender' && !INVALID_BY_ITS_BODY.test(verdict.code))
      this.penalise(session, INVALID_BLOCK_POINTS, describeRejection(verdict))
    return verdict
  }

  fetchTransactions(wtxids: readonly Uint8Array[], announcer: string): Promise<FetchResult[]> {
    return this.transactions.fetch(wtxids, this.session(announcer))
  }

  state(): SyncState {
    const { height } = this.port.chain.tip()
    let bestHeight = height
    for (const session of this.readySessions()) bestHeight = Math.max(bestHeight, session.status?.height ?? 0)
    const syncing = this.headers.isActive || this.blocks.isActive
    return { syncing, height, bestHeight, blocksInFlight: this.blocks.inFlight }
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.timers) clearInterval(timer)
    this.blocks.stop()
    for (const { session } of [...this.members.values()]) session.close(new Error('stopped'))
    this.transactions.stop()
  }

  /** Opens the stream to a connected peer, if there is none. */
  async open(peerId: string, connection: Connection): Promise<void> {
    if (this.session(peerId)?.isOpen) return
    try {
      const stream = await this.port.openStream(connection)
      if (this.stopped) stream.abort(new Error('stopped'))
      else this.member(peerId).session.attach(stream)
    } catch (error) {
      this.port.log('debug', `no sync stream to ${peerId}: ${(error as Error).message}`)
    }
  }

  private member(peerId: string): Member {
    const known = this.members.get(peerId)
    if (known !== undefined) return known
    const { port } = this
    const session = new SyncSession(peerId, this.sessionPort())
    const server = new SyncServer(
      {
        chain: port.chain,
        now: () => port.now(),
        status: () => this.ownStatus(),
        waitForBlock: hash => this.blocks.waitForBlock(hash),
        onFlood: () => this.penalise(session, FLOOD_POINTS, 'a flood of requests'),
        onInvalidRequest: reason => this.penalise(session, MALFORMED_POINTS, reason),
        minFeeRateOfPeer: () => session.status?.minFeeRate ?? 0n,
        onError: error => this.onError(`a request of ${peerId}`, error),
      },
      answer => session.answer(answer),
    )
    const member = { session, server }
    this.members.set(peerId, member)
    return member
  }

  private sessionPort(): SessionPort {
    return {
      now: () => this.port.now(),
      status: () => this.ownStatus(),
      onReady: session => this.onReady(session),
      onRequest: (session, request) => this.members.get(session.peerId)?.server.accept(request),
      onMalformed: (session, reason) => this.penalise(session, MALFORMED_POINTS, reason),
      onForeignChain: (session, status) => this.onForeignChain(session, status),
      onUnresponsive: session => {
        this.port.log('info', `peer ${session.peerId} answers no more`)
        session.close(new Error('no answers'))
        this.port.disconnect(session.peerId)
      },
      onClosed: session => {
        if (this.members.get(session.peerId)?.session === session) {
          this.members.delete(session.peerId)
          this.port.chain.forgetSource(session.peerId)
        }
        if (!this.stopped) this.blocks.pump()
      },
    }
  }

  private onReady(session: SyncSession): void {
    this.evaluate()
    this.onProgress()
    if (!this.state().syncing) void this.fetchMempool(session)
  }

  private onForeignChain(session: SyncSession, status: PeerStatus): void {
    const theirs = bytesToHex(Uint8Array.from(status.genesisHash).reverse())
    this.port.log('warn', `peer ${session.peerId} follows another chain (genesis ${theirs})`)
    session.close(new Error('another chain'))
    this.port.onForeignChain(session.peerId)
  }

  private penalise(session: SyncSession, points: number, reason: string): void {
    this.port.log('warn', `peer ${session.peerId} is to blame: ${reason}`)
    this.port.penalties.penalise(session.peerId, points, reason)
  }

  private ownStatus(): PeerStatus {
    const { height, hash, chainWork } = this.port.chain.tip()
    const { genesisHash } = this.port
    const minFeeRate = this.port.chain.minFeeRate()
    return { version: SYNC_VERSION, genesisHash, height, bestHash: hash, chainWork, minFeeRate }
  }

  private readySessions(): SyncSession[] {
    return [...this.members.values()].map(member => member.session).filter(session => session.isReady)
  }

  /** Looks for headers that are missing, then for blocks. */
  private evaluate(): void {
    if (this.stopped) return
    this.headers.evaluate()
    if (!this.headers.isActive) this.blocks.pump()
  }

  private onHeaders(session: SyncSession, result: HeaderSyncResult): void {
    if (this.stopped) return
    if (result.outcome === 'invalid') this.penalise(session, INVALID_BLOCK_POINTS, result.reason)
    else if (result.outcome === 'low-work') this.penalise(session, LOW_WORK_POINTS, result.reason)
    else if (result.outcome === 'failed')
      this.port.log('debug', `headers from ${session.peerId}: ${result.reason}`)
    this.blocks.pump(session)
    this.evaluate()
    this.onProgress()
  }

  private compareTips(): void {
    for (const session of this.readySessions()) void this.refresh(session)
    this.blocks.pump()
  }

  private async refresh(session: SyncSession): Promise<void> {
    try {
      await session.refreshStatus()
      this.evaluate()
      this.onProgress()
    } catch (error) {
      this.onFailure(`status of ${session.peerId}`, error)
    }
  }

  private compareMempool(): void {
    const sessions = this.readySessions()
    const session = sessions[Math.floor(this.port.random() * sessions.length)]
    if (session !== undefined && !this.state().syncing) void this.fetchMempool(session)
  }

  private async fetchMempool(session: SyncSession): Promise<void> {
    try {
      const ids = await session.requests.getMempool()
      const fresh = ids.filter(wtxid => !this.port.chain.hasSeenTransaction(wtxid))
      const results = await this.transactions.fetch(fresh, session)
      this.port.onTransactions(fresh.filter((_, i) => results[i] === 'present'))
    } catch (error) {
      this.onFailure(`mempool of ${session.peerId}`, error)
    }
  }

  /** A peer did not answer, or something failed here. */
  private onFailure(what: string, error: unknown): void {
    if (error instanceof RequestFailure) this.port.log('debug', `${what}: ${error.message}`)
    else this.onError(what, error as Error)
  }

  private onError(what: string, error: Error): void {
    this.port.log('warn', `${what} failed: ${error.message}`)
  }

  private onProgress(): void {
    const state = this.state()
    const key = `${state.syncing} ${state.height} ${state.bestHeight}`
    if (key === this.lastState || this.stopped) return
    this.lastState = key
    this.port.onState(state)
    if (this.wasSyncing && !state.syncing) this.compareMempool()
    this.wasSyncing = state.syncing
  }
}
