import { describeRejection, type Rejection } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import type { SyncSession } from './sync-session.ts'

/** What came of asking for a block in its short form. */
export type CompactFetchResult =
  | { readonly outcome: 'block'; readonly bytes: Uint8Array }
  /** The peer has not got it. */
  | { readonly outcome: 'missing' }
  /** The whole block has to be asked for; nobody is to blame. */
  | { readonly outcome: 'incomplete'; readonly reason: string }
  /** The peer broke BIP 152. */
  | { readonly outcome: 'invalid'; readonly reason: string }

/**
 * Asks for a block in its short form, puts it together from the transactions that are here, and asks for the rest.
 * @throws {RequestFailure}
 */
export async function fetchCompactBlock(
  session: SyncSession,
  hash: Uint8Array,
  chain: ChainPort,
): Promise<CompactFetchResult> {
  const sent = await session.requests.getCompactBlock(hash)
  if (sent === undefined) return { outcome: 'missing' }
  if (sent.form === 'whole') return { outcome: 'block', bytes: sent.bytes }
  const opened = chain.openCompactBlock(sent.bytes)
  if (!opened.ok) return fromRejection(opened)
  const { request, complete } = opened.value
  const answer = request && (await session.requests.getBlockTransactions(request))
  if (request !== undefined && answer === undefined)
    return { outcome: 'incomplete', reason: 'the peer has not got the transactions' }
  const completed = complete(answer)
  return completed.ok ? { outcome: 'block', bytes: completed.value } : fromRejection(completed)
}

function fromRejection(rejection: Rejection): CompactFetchResult {
  const outcome = rejection.blame === 'sender' ? 'invalid' : 'incomplete'
  return { outcome, reason: describeRejection(rejection) }
}
