import { equalBytes } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import { type HeaderSyncResult, syncHeaders } from './header-sync.ts'
import { HEADERS_RETRY_MS, MAX_HEADER_SYNCS, SLOW_HEADERS_MS } from './limits.ts'
import type { SyncSession } from './sync-session.ts'

/** What fetching headers needs of its owner. */
export interface HeaderSyncsPort {
  readonly chain: ChainPort
  now(): number
  /** Sessions that may be asked. */
  sessions(): SyncSession[]
  /** Fetching has begun. */
  onBegin(): void
  onEnd(session: SyncSession, result: HeaderSyncResult): void
  /** Something failed here, for which no peer is to blame. */
  onError(error: Error): void
}

/**
 * Fetches headers from the peer that claims most work, when that is more than ours. One that takes long, which is easy
 * with headers of no use, does not keep us from others.
 */
export class HeaderSyncs {
  private readonly port: HeaderSyncsPort
  /** Peers whose headers are being fetched, and since when. */
  private readonly active = new Map<SyncSession, number>()

  constructor(port: HeaderSyncsPort) {
    this.port = port
  }

  get isActive(): boolean {
    return this.active.size > 0
  }

  /** Begins to fetch from another peer, if that is due. */
  evaluate(): void {
    if (!this.mayBegin) return
    const best = this.bestUnsynced()
    if (best !== undefined) void this.fetchFrom(best)
  }

  private get mayBegin(): boolean {
    if (this.active.size >= MAX_HEADER_SYNCS) return false
    const longAgo = this.port.now() - SLOW_HEADERS_MS
    return [...this.active.values()].every(sinceMs => sinceMs <= longAgo)
  }

  private bestUnsynced(): SyncSession | undefined {
    const { chainWork } = this.port.chain.tip()
    let best: SyncSession | undefined
    let bestWork = chainWork
    for (const session of this.port.sessions()) {
      const { status } = session
      if (status === undefined || status.chainWork <= bestWork) continue
      if (session.syncedTip !== undefined && equalBytes(session.syncedTip, status.bestHash)) continue
      if (session.headersRetryAtMs > this.port.now() || session.headersAtWork > chainWork) continue
      if (this.active.has(session)) continue
      best = session
      bestWork = status.chainWork
    }
    return best
  }

  private async fetchFrom(session: SyncSession): Promise<void> {
    this.active.set(session, this.port.now())
    this.port.onBegin()
    const result = await this.headersOf(session)
    this.active.delete(session)
    // Others come first for a while.
    if (result.outcome !== 'done') session.headersRetryAtMs = this.port.now() + HEADERS_RETRY_MS
    this.port.onEnd(session, result)
  }

  private async headersOf(session: SyncSession): Promise<HeaderSyncResult> {
    try {
      return await syncHeaders(session, this.port.chain)
    } catch (error) {
      this.port.onError(error as Error)
      return { outcome: 'failed', reason: 'an error of our own' }
    }
  }
}
