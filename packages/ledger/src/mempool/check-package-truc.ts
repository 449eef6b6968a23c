import { equalBytes } from '@onehop/primitives'
import type { Transaction } from '../transaction.ts'
import type { Candidate } from './candidate.ts'
import {
  MAX_TRUC_FAMILY,
  mixedVersions,
  TRUC_VERSION,
  tooBigForTruc,
  tooManyAncestors,
  tooManyDescendants,
} from './check-truc.ts'

/**
 * BIP 431 for a member of a package, whose only parent may be another member (`PackageTRUCChecks`). What it spends from
 * the mempool was looked at already.
 * @returns the refusal's detail.
 */
export function findPackageTrucViolation(
  { transaction, virtualSize, ancestors }: Candidate,
  members: readonly Transaction[],
): string | undefined {
  const inPackage = members.filter(member => spends(transaction, member))
  for (const parent of [...Array.from(ancestors, entry => entry.transaction), ...inPackage]) {
    const mixed = mixedVersions(transaction, parent)
    if (mixed !== undefined && transaction.version !== TRUC_VERSION) return mixed
  }
  if (transaction.version !== TRUC_VERSION) return undefined
  const [entry] = ancestors
  const parent = entry?.transaction ?? inPackage[0]
  if (ancestors.size + inPackage.length + 1 > MAX_TRUC_FAMILY) return tooManyAncestors(transaction)
  if (parent === undefined) return undefined
  const detail = tooBigForTruc(transaction, virtualSize, true) ?? mixedVersions(transaction, parent)
  if (detail !== undefined) return detail
  for (const member of members) {
    if (member === transaction) continue
    if (spends(member, parent)) return tooManyDescendants(parent)
    if (spends(member, transaction)) return tooManyAncestors(member)
  }
  return entry !== undefined && entry.descendantCount > 1 ? tooManyDescendants(parent) : undefined
}

function spends({ inputs }: Transaction, { txid }: Transaction): boolean {
  return inputs.some(({ previousOutput }) => equalBytes(previousOutput.txid, txid))
}
