import { bytesKey, describeRejection } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import { MAX_ORPHAN_PARENTS, MAX_PARENTS_IN_FLIGHT_PER_PEER } from './limits.ts'
import { RequestFailure } from './pending-requests.ts'
import type { SyncSession } from './sync-session.ts'

/** What fetching parents needs of its owner. */
export interface ParentFetchPort {
  readonly chain: ChainPort
  /** The peer sent a transaction against consensus. */
  onInvalidTransaction(session: SyncSession, reason: string): void
  /** Something failed here, for which no peer is to blame. */
  onError(error: Error): void
}

/** Fetches the unknown parents of a transaction from whoever sent it: by txid, for that is all that a child tells. */
export class ParentFetch {
  private readonly port: ParentFetchPort
  private readonly inFlight = new Set<string>()
  private readonly perPeer = new Map<SyncSession, number>()

  constructor(port: ParentFetchPort) {
    this.port = port
  }

  /** The transaction waits for its parents: asks the peer for those that nobody is asked for already. */
  async fetchFor(wtxid: Uint8Array, from: SyncSession): Promise<void> {
    const room = MAX_PARENTS_IN_FLIGHT_PER_PEER - (this.perPeer.get(from) ?? 0)
    const txids = this.port.chain
      .missingParents(wtxid)
      .filter(txid => !this.inFlight.has(bytesKey(txid)))
      .slice(0, Math.min(MAX_ORPHAN_PARENTS, room))
    if (txids.length === 0) return
    this.count(txids, from, 1)
    try {
      for (const bytes of await this.request(txids, from)) await this.offer(bytes, from)
    } catch (error) {
      if (!(error instanceof RequestFailure)) this.port.onError(error as Error)
    }
    this.count(txids, from, -1)
  }

  private async request(txids: readonly Uint8Array[], from: SyncSession): Promise<Uint8Array[]> {
    const { chain } = this.port
    const idOf = (bytes: Uint8Array) => {
      const id = chain.transactionId(bytes)
      return id.ok ? id.value : undefined
    }
    const arrived: Uint8Array[] = []
    await from.requests.getParents(txids, idOf, (_, bytes) => {
      if (bytes !== undefined) arrived.push(bytes)
    })
    return arrived
  }

  private async offer(bytes: Uint8Array, from: SyncSession): Promise<void> {
    const verdict = await this.port.chain.acceptTransaction(bytes, from.peerId)
    if (verdict.ok) return
    if (verdict.blame === 'sender') this.port.onInvalidTransaction(from, describeRejection(verdict))
    else from.onRefusedTransaction(bytes.length)
  }

  private count(txids: readonly Uint8Array[], from: SyncSession, change: 1 | -1): void {
    for (const txid of txids) {
      if (change === 1) this.inFlight.add(bytesKey(txid))
      else this.inFlight.delete(bytesKey(txid))
    }
    const count = (this.perPeer.get(from) ?? 0) + change * txids.length
    if (count > 0) this.perPeer.set(from, count)
    else this.perPeer.delete(from)
  }
}
