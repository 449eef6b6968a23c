import { describeRejection, equalBytes, sha256d } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import { MAX_HEADER_BATCHES, MAX_HEADERS_PER_REQUEST } from './limits.ts'
import { RequestFailure } from './pending-requests.ts'
import type { SyncSession } from './sync-session.ts'

/** How fetching headers from a peer ended. */
export type HeaderSyncResult =
  | { readonly outcome: 'done' }
  /** The peer broke consensus. */
  | { readonly outcome: 'invalid'; readonly reason: string }
  /** The peer cannot help now, without blame. */
  | { readonly outcome: 'failed'; readonly reason: string }

/** Fetches a peer's headers from where its chain leaves ours to its tip. */
export async function syncHeaders(session: SyncSession, chain: ChainPort): Promise<HeaderSyncResult> {
  let locator = chain.locator()
  // Every batch must lead on, or a peer could keep us busy with the same headers forever.
  let before: Uint8Array | undefined
  try {
    for (let batch = 0; batch < MAX_HEADER_BATCHES; batch++) {
      const tip = session.status?.bestHash
      const headers = await session.getHeaders(locator, MAX_HEADERS_PER_REQUEST)
      const last = headers.at(-1)
      if (last === undefined) return finish(session, tip)
      if (before !== undefined && !equalBytes(previousOf(headers[0]!), before))
        return { outcome: 'failed', reason: 'the headers do not go on where the last ones ended' }
      const verdict = chain.acceptHeaders(headers)
      if (!verdict.ok) {
        const outcome = verdict.blame === 'sender' ? 'invalid' : 'failed'
        return { outcome, reason: describeRejection(verdict) }
      }
      if (headers.length < MAX_HEADERS_PER_REQUEST) return finish(session, tip)
      // The peer's branch may have less work than ours so far: go on from its last header, not from our best.
      before = sha256d(last)
      locator = [before, ...chain.locator()].slice(0, locator.length + 1)
    }
  } catch (error) {
    if (error instanceof RequestFailure) return { outcome: 'failed', reason: error.message }
    throw error
  }
  return { outcome: 'failed', reason: 'no end of headers' }
}

/** Version (4 bytes), then the hash of the header before. */
function previousOf(header: Uint8Array): Uint8Array {
  return header.subarray(4, 36)
}

function finish(session: SyncSession, tip: Uint8Array | undefined): HeaderSyncResult {
  session.syncedTip = tip
  return { outcome: 'done' }
}
