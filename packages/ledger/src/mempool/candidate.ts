import type { Sats } from '../amount.ts'
import type { Coin } from '../coin.ts'
import type { Transaction } from '../transaction.ts'
import type { FeePerSize } from './fee-rate.ts'
import type { MempoolEntry } from './mempool-entry.ts'

/** A transaction on its way into the mempool, with what the checks found out. */
export interface Candidate {
  readonly transaction: Transaction
  /** What it spends, in the order of its inputs. */
  readonly coins: readonly Coin[]
  readonly fee: Sats
  /** The fee that counts: with what `prioritisetransaction` added. */
  readonly modifiedFee: Sats
  readonly sigopsCost: number
  /** Virtual bytes that its fee and its place are measured by. */
  readonly virtualSize: number
  /** Whose outputs it spends, in the mempool. */
  readonly parents: ReadonlySet<MempoolEntry>
  /** All that it depends on in the mempool. */
  readonly ancestors: ReadonlySet<MempoolEntry>
  /** What it would replace, without what depends on that. */
  readonly conflicts: ReadonlySet<MempoolEntry>
  /** It would replace another child of its version 3 parent, though both could be mined. */
  readonly evictsSibling: boolean
}

/** What the candidate pays. */
export function rateOf({ modifiedFee, virtualSize }: Candidate): FeePerSize {
  return { fee: modifiedFee, size: virtualSize }
}

/** How a transaction comes in (`ATMPArgs`). */
export interface AcceptanceMode {
  /** False for what was checked when it came here first. */
  readonly checksScripts: boolean
  /** False for what a block had: it need not pay again. */
  readonly checksFee: boolean
  /** Whether it may replace what spends the same coins. */
  readonly mayReplace: boolean
  /** Whether it may replace the other child of a version 3 parent. */
  readonly mayEvictSibling: boolean
  /** Whether it may be the one descendant above the limit. */
  readonly mayCarveOut: boolean
  /** Satoshis per 1,000 virtual bytes above which the sender would not want it taken. */
  readonly maxFeeRate?: Sats | undefined
}

/** From a peer or a user, by itself. */
export const ALONE: AcceptanceMode = {
  checksScripts: true,
  checksFee: true,
  mayReplace: true,
  mayEvictSibling: true,
  mayCarveOut: true,
}

/** From a block that was disconnected: what was good enough for a miner may wait for the next one. */
export const RETURNED: AcceptanceMode = { ...ALONE, checksFee: false, mayEvictSibling: false }

/** A member of a package, tried by itself first. */
export const FIRST_ALONE: AcceptanceMode = { ...ALONE, mayCarveOut: false }

/** A member of a package whose fees count together. */
export const IN_PACKAGE: AcceptanceMode = {
  checksScripts: true,
  checksFee: false,
  mayReplace: true,
  mayEvictSibling: false,
  mayCarveOut: false,
}

/** A member of a package that is only tested: each pays for itself, and nothing is replaced. */
export const TESTED_PACKAGE: AcceptanceMode = {
  ...IN_PACKAGE,
  checksFee: true,
  mayReplace: false,
}
