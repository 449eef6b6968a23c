import { bytesKey, OK, type Rejection, refused, type Verdict } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import { txIdToHex } from '../ids.ts'
import { outPointKey, type Transaction } from '../transaction.ts'
import { isDust } from './check-standard.ts'

/** A transaction with dust pays nothing, so that nobody mines it without the child that takes the dust away. */
export function checkPaysNothingForDust({ outputs }: Transaction, fee: Sats, modifiedFee: Sats): Verdict {
  const isFree = fee === 0n && modifiedFee === 0n
  return isFree || !outputs.some(isDust) ? OK : refused('dust', 'tx with dust output must be 0-fee')
}

/** A transaction that leaves dust of an unconfirmed parent unspent. */
export interface UnspentDust {
  readonly transaction: Transaction
  readonly rejection: Rejection
}

/**
 * Whoever spends from an unconfirmed transaction with dust spends the dust too (`CheckEphemeralSpends`).
 * @param parentOf an unconfirmed transaction that is not among these.
 */
export function findUnspentDust(
  transactions: readonly Transaction[],
  parentOf: (txid: Transaction['txid']) => Transaction | undefined,
): UnspentDust | undefined {
  const members = new Map(transactions.map(each => [bytesKey(each.txid), each]))
  for (const transaction of transactions) {
    const dust = dustOfParents(transaction, txid => members.get(bytesKey(txid)) ?? parentOf(txid))
    for (const { previousOutput } of transaction.inputs) dust.delete(outPointKey(previousOutput))
    if (dust.size > 0) return { transaction, rejection: leftDust(transaction) }
  }
  return undefined
}

/** Dust outputs of all parents that are not confirmed. */
function dustOfParents(
  { inputs }: Transaction,
  parentOf: (txid: Transaction['txid']) => Transaction | undefined,
): Set<string> {
  const parents = new Set(inputs.map(({ previousOutput }) => parentOf(previousOutput.txid)))
  const dust = new Set<string>()
  for (const parent of parents) {
    if (parent === undefined) continue
    for (const [index, output] of parent.outputs.entries())
      if (isDust(output)) dust.add(outPointKey({ txid: parent.txid, index }))
  }
  return dust
}

function leftDust({ txid, wtxid }: Transaction): Rejection {
  const ids = `${txIdToHex(txid)} (wtxid=${txIdToHex(wtxid)})`
  return refused('missing-ephemeral-spends', `tx ${ids} did not spend parent's ephemeral dust`)
}
