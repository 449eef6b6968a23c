import { describeRejection } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import { MAX_HEADER_BATCHES, MAX_HEADERS_PER_REQUEST } from './limits.ts'
import { RequestFailure } from './pending-requests.ts'
import type { SyncSession } from './sync-session.ts'
import { LOW_WORK } from './verdict-codes.ts'

/** How fetching headers from a peer ended. */
export type HeaderSyncResult =
  | { readonly outcome: 'done' }
  /** The peer broke consensus. */
  | { readonly outcome: 'invalid'; readonly reason: string }
  /** The peer claimed more work than its headers have. */
  | { readonly outcome: 'low-work'; readonly reason: string }
  /** The peer cannot help now, without blame. */
  | { readonly outcome: 'failed'; readonly reason: string }

/** Fetches a peer's headers from where its chain leaves ours to its tip, or as far as they are wanted now. */
export async function syncHeaders(session: SyncSession, chain: ChainPort): Promise<HeaderSyncResult> {
  const intake = chain.openHeaders(session.peerId)
  try {
    for (let batch = 0; batch < MAX_HEADER_BATCHES; batch++) {
      const tip = session.status?.bestHash
      const headers = await session.requests.getHeaders(intake.locator(), MAX_HEADERS_PER_REQUEST)
      const taken = intake.take(headers, headers.length === MAX_HEADERS_PER_REQUEST)
      if (!taken.ok) {
        const reason = describeRejection(taken)
        if (taken.code === LOW_WORK) return { outcome: 'low-work', reason }
        return { outcome: taken.blame === 'sender' ? 'invalid' : 'failed', reason }
      }
      const progress = taken.value
      session.presyncedHeight = progress.next === 'more' ? progress.presyncedHeight : undefined
      if (progress.next === 'more') continue
      if (progress.next === 'later') session.headersAtWork = progress.atWork
      else session.syncedTip = tip
      return { outcome: 'done' }
    }
  } catch (error) {
    if (error instanceof RequestFailure) return { outcome: 'failed', reason: error.message }
    throw error
  }
  return { outcome: 'low-work', reason: 'no end of headers' }
}
