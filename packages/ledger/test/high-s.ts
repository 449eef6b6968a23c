import { Transaction } from '@onehop/ledger'
import { concatBytes, decodeStrictDerSignature, encodeDerSignature, negateS } from '@onehop/primitives'
import { fieldsOf } from './regtest-chain.ts'

/** The same P2WPKH spends with the other valid signatures. */
export function withHighS(transaction: Transaction): Transaction {
  const inputs = transaction.inputs.map(input => {
    const [signature, key] = input.witness
    const negated = negateS(decodeStrictDerSignature(signature!.subarray(0, -1)))
    return { ...input, witness: [concatBytes(encodeDerSignature(negated), signature!.subarray(-1)), key!] }
  })
  return new Transaction({ ...fieldsOf(transaction), inputs })
}
