import { bytesKey, describeRejection } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import {
  MAX_TRANSACTION_SOURCES,
  MAX_TRANSACTIONS_IN_FLIGHT,
  MAX_TRANSACTIONS_IN_FLIGHT_PER_PEER,
  MAX_TRANSACTIONS_PER_REQUEST,
  MAX_WAITING_TRANSACTION_BYTES,
  MISSING_RETRY_MS,
} from './limits.ts'
import { ParentFetch } from './parent-fetch.ts'
import { RequestFailure } from './pending-requests.ts'
import type { SyncSession } from './sync-session.ts'

/** What became of an announced transaction. */
export type FetchResult = 'present' | 'refused' | 'invalid' | 'unavailable'

/** What fetching needs of its owner. */
export interface FetchPort {
  readonly chain: ChainPort
  now(): number
  sessions(): SyncSession[]
  /** The peer sent a transaction against consensus. */
  onInvalidTransaction(session: SyncSession, reason: string): void
  /** Something failed here, for which no peer is to blame. */
  onError(error: Error): void
}

interface Fetch {
  readonly wtxid: Uint8Array
  readonly announcers: SyncSession[]
  readonly result: Promise<FetchResult>
  readonly settle: (result: FetchResult) => void
  asked: number
}

/** Fetches announced transactions once, from whoever announced them, and hands them to the mempool. */
export class TransactionFetch {
  private readonly port: FetchPort
  private readonly fetches = new Map<string, Fetch>()
  private readonly parents: ParentFetch
  private readonly perPeer = new Map<SyncSession, number>()
  private waitingBytes = 0

  constructor(port: FetchPort) {
    this.port = port
    this.parents = new ParentFetch(port)
  }

  /** Sees that these are in the mempool, if they can be. One result for each, in order. */
  fetch(wtxids: readonly Uint8Array[], announcer: SyncSession | undefined): Promise<FetchResult[]> {
    const results: Promise<FetchResult>[] = []
    const fresh: Fetch[] = []
    for (const wtxid of wtxids) {
      const key = bytesKey(wtxid)
      const known = this.knownResult(wtxid, key, announcer)
      const underway = this.fetches.get(key)
      if (known !== undefined) results.push(Promise.resolve(known))
      else if (underway !== undefined) {
        addAnnouncer(underway, announcer)
        results.push(underway.result)
      } else {
        const fetch = this.begin(wtxid, key, announcer)
        fresh.push(fetch)
        results.push(fetch.result)
      }
    }
    this.ask(fresh)
    return Promise.all(results)
  }

  stop(): void {
    for (const fetch of [...this.fetches.values()]) this.settle(fetch, 'unavailable')
  }

  private knownResult(
    wtxid: Uint8Array,
    key: string,
    announcer: SyncSession | undefined,
  ): FetchResult | undefined {
    const { chain } = this.port
    if (chain.hasTransaction(wtxid)) return 'present'
    if (chain.hasSeenTransaction(wtxid)) {
      if (announcer !== undefined) chain.addAnnouncer(wtxid, announcer.peerId)
      return 'refused'
    }
    return this.fetches.has(key) || this.hasRoomFor(announcer) ? undefined : 'unavailable'
  }

  /** Nobody can take up all the room with transactions that do not exist, or our time with ones that fail. */
  private hasRoomFor(announcer: SyncSession | undefined): boolean {
    if (this.fetches.size >= MAX_TRANSACTIONS_IN_FLIGHT) return false
    if (announcer === undefined) return true
    const ofPeer = this.perPeer.get(announcer) ?? 0
    return ofPeer < MAX_TRANSACTIONS_IN_FLIGHT_PER_PEER && announcer.mayOfferTransactions
  }

  private begin(wtxid: Uint8Array, key: string, announcer: SyncSession | undefined): Fetch {
    let settle: (result: FetchResult) => void = () => {}
    const result = new Promise<FetchResult>(resolve => {
      settle = resolve
    })
    const announcers = announcer === undefined ? [] : [announcer]
    const fetch: Fetch = { wtxid, announcers, result, settle, asked: 0 }
    this.fetches.set(key, fetch)
    this.count(fetch, 1)
    return fetch
  }

  /** Asks for each of these the next peer that may have it, in as few requests as possible. */
  private ask(fetches: readonly Fetch[]): void {
    const batches = new Map<SyncSession, Fetch[]>()
    for (const fetch of fetches) {
      const session = this.nextSource(fetch)
      if (session === undefined) this.settle(fetch, 'unavailable')
      else batches.set(session, [...(batches.get(session) ?? []), fetch])
    }
    for (const [session, batch] of batches) {
      for (let i = 0; i < batch.length; i += MAX_TRANSACTIONS_PER_REQUEST)
        void this.request(session, batch.slice(i, i + MAX_TRANSACTIONS_PER_REQUEST))
    }
  }

  private nextSource(fetch: Fetch): SyncSession | undefined {
    if (fetch.asked >= MAX_TRANSACTION_SOURCES) return undefined
    fetch.asked++
    const candidates = [...fetch.announcers, ...this.port.sessions()]
    return candidates.find(
      session => session.isReady && !session.requests.lacks(fetch.wtxid, MISSING_RETRY_MS),
    )
  }

  private async request(session: SyncSession, batch: readonly Fetch[]): Promise<void> {
    const wtxids = batch.map(fetch => fetch.wtxid)
    const arrived = new Map<Fetch, Uint8Array>()
    let index = 0
    try {
      await session.requests.getTransactions(wtxids, (_, bytes) => {
        const fetch = batch[index++]
        if (fetch !== undefined && bytes !== undefined && this.keep(bytes)) arrived.set(fetch, bytes)
      })
    } catch (error) {
      for (const fetch of batch.slice(index)) session.requests.setMissing(fetch.wtxid)
      if (!(error instanceof RequestFailure)) this.port.onError(error as Error)
    }
    for (const [fetch, bytes] of arrived) {
      await this.offer(fetch, bytes, session)
      this.waitingBytes -= bytes.length
    }
    this.ask(batch.filter(fetch => !arrived.has(fetch)))
  }

  /** Whether there is room for another body. One that is dropped is asked for again, from the next peer. */
  private keep(bytes: Uint8Array): boolean {
    if (this.waitingBytes + bytes.length > MAX_WAITING_TRANSACTION_BYTES) return false
    this.waitingBytes += bytes.length
    return true
  }

  private async offer(fetch: Fetch, bytes: Uint8Array, from: SyncSession): Promise<void> {
    const verdict = await this.port.chain.acceptTransaction(bytes, from.peerId)
    if (verdict.ok) {
      from.lastTransactionAtMs = this.port.now()
      this.settle(fetch, 'present')
    } else if (verdict.blame === 'sender') {
      this.port.onInvalidTransaction(from, describeRejection(verdict))
      this.settle(fetch, 'invalid')
    } else {
      from.onRefusedTransaction(bytes.length)
      this.settle(fetch, 'refused')
      void this.parents.fetchFor(fetch.wtxid, from)
    }
  }

  private settle(fetch: Fetch, result: FetchResult): void {
    if (this.fetches.delete(bytesKey(fetch.wtxid))) this.count(fetch, -1)
    fetch.settle(result)
  }

  /** Whoever announced it first is charged for it. */
  private count({ announcers: [first] }: Fetch, change: number): void {
    if (first === undefined) return
    const count = (this.perPeer.get(first) ?? 0) + change
    if (count > 0) this.perPeer.set(first, count)
    else this.perPeer.delete(first)
  }
}

function addAnnouncer({ announcers }: Fetch, announcer: SyncSession | undefined): void {
  if (announcer === undefined || announcers.length >= MAX_TRANSACTION_SOURCES) return
  if (!announcers.includes(announcer)) announcers.push(announcer)
}
