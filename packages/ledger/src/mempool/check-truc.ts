import { txIdToHex } from '../ids.ts'
import { MAX_TRUC_CHILD_VIRTUAL_SIZE, MAX_TRUC_VIRTUAL_SIZE } from '../limits.ts'
import type { Transaction } from '../transaction.ts'
import type { MempoolEntry } from './mempool-entry.ts'

/** Topologically restricted until confirmation (BIP 431). */
export const TRUC_VERSION = 3
/** A version 3 transaction with all that it depends on; with all that depends on it. */
export const MAX_TRUC_FAMILY = 2

/** Why a transaction does not keep BIP 431. */
export interface TrucViolation {
  readonly detail: string
  /** The other child of its parent, when the transaction could come in its place. */
  readonly sibling?: MempoolEntry
}

/**
 * A version 3 transaction is small, and has at most one unconfirmed relative, which is of version 3 too
 * (`SingleTRUCChecks`).
 * @param conflicts what it would replace.
 */
export function findTrucViolation(
  transaction: Transaction,
  virtualSize: number,
  ancestors: ReadonlySet<MempoolEntry>,
  conflicts: ReadonlySet<MempoolEntry>,
): TrucViolation | undefined {
  for (const ancestor of ancestors) {
    const mixed = mixedVersions(transaction, ancestor.transaction)
    if (mixed !== undefined) return { detail: mixed }
  }
  if (transaction.version !== TRUC_VERSION) return undefined
  const isChild = ancestors.size > 0
  if (ancestors.size + 1 > MAX_TRUC_FAMILY && virtualSize <= MAX_TRUC_VIRTUAL_SIZE)
    return { detail: tooManyAncestors(transaction) }
  const detail = tooBigForTruc(transaction, virtualSize, isChild)
  if (detail !== undefined) return { detail }
  const [parent] = ancestors
  return parent && fullParent(parent, conflicts)
}

/** Why a transaction of one version may not spend one of the other, unconfirmed. */
export function mixedVersions(child: Transaction, parent: Transaction): string | undefined {
  const isTruc = child.version === TRUC_VERSION
  if ((parent.version === TRUC_VERSION) === isTruc) return undefined
  const [mine, other] = isTruc ? ['version=3', 'non-version=3'] : ['non-version=3', 'version=3']
  return `${mine} tx ${idsOf(child)} cannot spend from ${other} tx ${idsOf(parent)}`
}

/** Why a version 3 transaction is too large, for one with or without an unconfirmed parent. */
export function tooBigForTruc(
  transaction: Transaction,
  virtualSize: number,
  isChild: boolean,
): string | undefined {
  const isTooBig = (what: string, limit: number) =>
    `${what} ${idsOf(transaction)} is too big: ${virtualSize} > ${limit} virtual bytes`
  if (virtualSize > MAX_TRUC_VIRTUAL_SIZE) return isTooBig('version=3 tx', MAX_TRUC_VIRTUAL_SIZE)
  if (isChild && virtualSize > MAX_TRUC_CHILD_VIRTUAL_SIZE)
    return isTooBig('version=3 child tx', MAX_TRUC_CHILD_VIRTUAL_SIZE)
  return undefined
}

/**
 * The parent has a child already, which is not among what is replaced. More than two can be there after a
 * reorganisation; then nobody knows whose place to take.
 */
function fullParent(parent: MempoolEntry, conflicts: ReadonlySet<MempoolEntry>): TrucViolation | undefined {
  for (const child of parent.children) if (conflicts.has(child)) return undefined
  if (parent.descendantCount + 1 <= MAX_TRUC_FAMILY) return undefined
  const detail = tooManyDescendants(parent.transaction)
  const [sibling] = parent.children
  const canGo = parent.descendantCount === MAX_TRUC_FAMILY && sibling?.ancestorCount === MAX_TRUC_FAMILY
  return canGo ? { detail, sibling } : { detail }
}

/** @returns the refusal's detail. */
export function tooManyAncestors(transaction: Transaction): string {
  return `tx ${idsOf(transaction)} would have too many ancestors`
}

/** @returns the refusal's detail. */
export function tooManyDescendants(parent: Transaction): string {
  return `tx ${idsOf(parent)} would exceed descendant count limit`
}

function idsOf({ txid, wtxid }: Transaction): string {
  return `${txIdToHex(txid)} (wtxid=${txIdToHex(wtxid)})`
}
