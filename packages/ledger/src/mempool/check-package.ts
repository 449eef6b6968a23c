import { bytesKey, OK, refused, type Verdict } from '@onehop/primitives'
import { MAX_PACKAGE_TRANSACTIONS, MAX_PACKAGE_WEIGHT } from '../limits.ts'
import { outPointKey, type Transaction } from '../transaction.ts'

/** What a package must be whatever the mempool has (`IsWellFormedPackage`): small, parents first, no coin spent twice. */
export function checkPackageShape(transactions: readonly Transaction[]): Verdict {
  if (transactions.length > MAX_PACKAGE_TRANSACTIONS) return refused('package-too-many-transactions')
  const weight = transactions.reduce((sum, transaction) => sum + transaction.weight, 0)
  if (transactions.length > 1 && weight > MAX_PACKAGE_WEIGHT) return refused('package-too-large')
  const ids = new Set(transactions.map(({ txid }) => bytesKey(txid)))
  if (ids.size !== transactions.length) return refused('package-contains-duplicates')
  if (!isSorted(transactions, ids)) return refused('package-not-sorted')
  return isConsistent(transactions) ? OK : refused('conflict-in-package')
}

/** Whether all but the last one are parents of the last one. */
export function isChildWithParents(transactions: readonly Transaction[]): boolean {
  const child = transactions.at(-1)
  if (child === undefined || transactions.length < 2) return false
  const parents = new Set(child.inputs.map(({ previousOutput }) => bytesKey(previousOutput.txid)))
  return transactions.slice(0, -1).every(({ txid }) => parents.has(bytesKey(txid)))
}

/** Whether besides no parent is the parent of another one: what users may hand in. */
export function isChildWithParentsTree(transactions: readonly Transaction[]): boolean {
  if (!isChildWithParents(transactions)) return false
  const parents = transactions.slice(0, -1)
  const ids = new Set(parents.map(({ txid }) => bytesKey(txid)))
  return parents.every(({ inputs }) => !inputs.some(input => ids.has(bytesKey(input.previousOutput.txid))))
}

function isSorted(transactions: readonly Transaction[], ids: ReadonlySet<string>): boolean {
  const later = new Set(ids)
  for (const { txid, inputs } of transactions) {
    if (inputs.some(({ previousOutput }) => later.has(bytesKey(previousOutput.txid)))) return false
    later.delete(bytesKey(txid))
  }
  return true
}

function isConsistent(transactions: readonly Transaction[]): boolean {
  const spent = new Set<string>()
  for (const { inputs } of transactions) {
    if (inputs.length === 0) return false
    const own = inputs.map(input => outPointKey(input.previousOutput))
    if (own.some(key => spent.has(key))) return false
    for (const key of own) spent.add(key)
  }
  return true
}
