import { type Result, refused } from '@onehop/primitives'
import { txIdToHex } from '../ids.ts'
import {
  CARVE_OUT_VIRTUAL_SIZE,
  MAX_MEMPOOL_CHAIN_TRANSACTIONS,
  MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE,
} from '../limits.ts'
import type { MempoolEntry } from './mempool-entry.ts'

/** How long chains of unconfirmed transactions may be. */
export interface ChainLimits {
  /** A transaction with all that it depends on. */
  readonly ancestorCount: number
  /** Virtual bytes of them. */
  readonly ancestorSize: number
  /** A transaction with all that depends on it. */
  readonly descendantCount: number
  /** Virtual bytes of them. */
  readonly descendantSize: number
}

/** Bitcoin Core's defaults. */
export const CHAIN_LIMITS: ChainLimits = {
  ancestorCount: MAX_MEMPOOL_CHAIN_TRANSACTIONS,
  ancestorSize: MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE,
  descendantCount: MAX_MEMPOOL_CHAIN_TRANSACTIONS,
  descendantSize: MAX_MEMPOOL_CHAIN_VIRTUAL_SIZE,
}

/** One more small transaction may spend from a parent at its limit, so that no partner of a contract can block another. */
export const CARVE_OUT_LIMITS: ChainLimits = {
  ...CHAIN_LIMITS,
  ancestorCount: 2,
  descendantCount: CHAIN_LIMITS.descendantCount + 1,
  descendantSize: CHAIN_LIMITS.descendantSize + CARVE_OUT_VIRTUAL_SIZE,
}

/** What is to be added to the pool below the parents: one transaction, or a package. */
export interface Newcomers {
  readonly count: number
  /** Virtual bytes. */
  readonly size: number
}

const NO_ANCESTORS: ReadonlySet<MempoolEntry> = new Set()

/**
 * All that the newcomers would depend on, when neither they with their ancestors nor any ancestor with its descendants
 * would be too long a chain (`CalculateMemPoolAncestors`). The refusal's detail is Core's.
 */
export function ancestorsWithin(
  parents: ReadonlySet<MempoolEntry>,
  { count, size }: Newcomers,
  limits: ChainLimits,
): Result<ReadonlySet<MempoolEntry>> {
  if (parents.size === 0) return { ok: true, value: NO_ANCESTORS }
  if (parents.size + count > limits.ancestorCount)
    return tooLong(`too many unconfirmed parents [limit: ${limits.ancestorCount}]`)
  const ancestors = new Set(parents)
  let totalSize = size
  for (const ancestor of ancestors) {
    totalSize += ancestor.virtualSize
    if (ancestor.descendantSize + size > limits.descendantSize)
      return tooLong(
        `exceeds descendant size limit for tx ${idOf(ancestor)} [limit: ${limits.descendantSize}]`,
      )
    if (ancestor.descendantCount + count > limits.descendantCount)
      return tooLong(`too many descendants for tx ${idOf(ancestor)} [limit: ${limits.descendantCount}]`)
    if (totalSize > limits.ancestorSize)
      return tooLong(`exceeds ancestor size limit [limit: ${limits.ancestorSize}]`)
    for (const parent of ancestor.parents) ancestors.add(parent)
    if (ancestors.size + count > limits.ancestorCount)
      return tooLong(`too many unconfirmed ancestors [limit: ${limits.ancestorCount}]`)
  }
  return { ok: true, value: ancestors }
}

function tooLong(detail: string) {
  return refused('too-long-mempool-chain', detail)
}

function idOf({ transaction }: MempoolEntry): string {
  return txIdToHex(transaction.txid)
}
