import { compactSizeLength } from '@onehop/primitives'
import type { TransactionFields } from './transaction.ts'

/** Bytes without witnesses. */
export function baseSizeOf(transaction: TransactionFields): number {
  let size = 8 + compactSizeLength(transaction.inputs.length) + compactSizeLength(transaction.outputs.length)
  for (const { scriptSig } of transaction.inputs) {
    size += 40 + compactSizeLength(scriptSig.length) + scriptSig.length
  }
  for (const { scriptPubKey } of transaction.outputs) {
    size += 8 + compactSizeLength(scriptPubKey.length) + scriptPubKey.length
  }
  return size
}

/** Bytes of a witness stack with its counts and lengths. */
export function witnessLength(witness: readonly Uint8Array[]): number {
  let size = compactSizeLength(witness.length)
  for (const item of witness) size += compactSizeLength(item.length) + item.length
  return size
}

/** Bytes of all witness stacks. */
export function witnessSizeOf(transaction: TransactionFields): number {
  let size = 0
  for (const input of transaction.inputs) size += witnessLength(input.witness)
  return size
}
