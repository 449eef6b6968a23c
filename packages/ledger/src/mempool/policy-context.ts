import { OK, refused, type SignatureVerifier, type Verdict } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { CoinsView } from '../coin.ts'
import type { HeaderNode } from '../header-node.ts'
import type { ChainParameters } from '../params.ts'
import type { ScriptCache } from '../script-cache.ts'
import type { OutPoint, TxOutput } from '../transaction.ts'
import type { EntryPool } from './entry-pool.ts'
import { type FeePerSize, feeAt } from './fee-rate.ts'

/** What the mempool has to know of the chain at the moment of a call. */
export interface MempoolContext {
  /** Coins at the tip. */
  readonly coins: CoinsView
  readonly tip: HeaderNode
  /** Unix time in seconds. */
  readonly now: number
  readonly verifier: SignatureVerifier
  /** Remembers whose scripts ran. */
  readonly scriptCache?: ScriptCache | undefined
}

/** Outputs that are not in the chain. */
export interface OutputsView {
  get(outPoint: OutPoint): TxOutput | undefined
}

/** What policy looks at besides the transaction. */
export interface PolicyContext extends MempoolContext {
  readonly pool: EntryPool
  readonly parameters: ChainParameters
  /** What the mempool asks since memory ran out, in satoshis per 1,000 virtual bytes. */
  readonly feeFloor: Sats
  /** What it always asks, in satoshis per 1,000 virtual bytes. */
  readonly minRelayFeeRate: Sats
  /** Outputs of those members of the package that come before the transaction. */
  readonly packageOutputs?: OutputsView | undefined
}

/** The fee is above both rates. */
export function checkFeeRate(
  { fee, size }: FeePerSize,
  { feeFloor, minRelayFeeRate }: PolicyContext,
): Verdict {
  const forFloor = feeAt(feeFloor, size)
  if (fee < forFloor) return refused('mempool min fee not met', `${fee} < ${forFloor}`)
  const least = feeAt(minRelayFeeRate, size)
  return fee < least ? refused('min relay fee not met', `${fee} < ${least}`) : OK
}
