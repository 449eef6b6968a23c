import type { Rejection, Verdict } from '@onehop/primitives'
import { bytesKey } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { Wtxid } from '../ids.ts'
import type { Transaction } from '../transaction.ts'
import type { FeePerSize } from './fee-rate.ts'

/** A transaction that came in, or could. */
export interface Accepted {
  readonly transaction: Transaction
  readonly fee: Sats
  /** Virtual bytes. */
  readonly virtualSize: number
  /** By which it was judged: its own, or that of a package. */
  readonly effectiveRate: FeePerSize
  /** Whose fees and sizes that is. */
  readonly effectiveIncludes: readonly Wtxid[]
  /** What went for it. */
  readonly replaced: readonly Transaction[]
}

/** What became of a member of a package. */
export type MemberOutcome =
  | { readonly kind: 'accepted'; readonly accepted: Accepted }
  | { readonly kind: 'known'; readonly fee: Sats; readonly virtualSize: number }
  | { readonly kind: 'other-witness'; readonly wtxid: Wtxid }
  | { readonly kind: 'refused'; readonly rejection: Rejection }

/** What became of a package. */
export interface PackageOutcome {
  /** Whether all members are in the mempool now (or could be). */
  readonly verdict: Verdict
  /** By {@link memberKey}; a member that was not looked at is missing. */
  readonly members: ReadonlyMap<string, MemberOutcome>
}

/** Names a member of a package in its outcome. */
export function memberKey({ wtxid }: Transaction): string {
  return bytesKey(wtxid)
}

/** Why a transaction left the mempool, in Bitcoin Core's words. */
export type RemovalReason = 'expiry' | 'sizelimit' | 'reorg' | 'conflict' | 'replaced'

/** Is told of what comes and goes, after the fact. Not of what a block took. */
export interface MempoolObserver {
  onAdded?(transaction: Transaction): void
  onRemoved?(transaction: Transaction, reason: RemovalReason): void
}

/** Refusals that a child's fee, or another moment, may overcome (`TX_RECONSIDERABLE`). */
const RECONSIDERABLE: ReadonlySet<string> = new Set([
  'mempool min fee not met',
  'min relay fee not met',
  'mempool full',
  'insufficient fee',
  'insufficient fee (including sibling eviction)',
])

/** Whether the transaction may come in with a child that pays for it. */
export function isReconsiderable({ code }: Rejection): boolean {
  return RECONSIDERABLE.has(code)
}

/** Whether it is an orphan as far as we know. */
export function isMissingInputs({ code }: Rejection): boolean {
  return code === 'bad-txns-inputs-missingorspent'
}
