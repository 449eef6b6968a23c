import { defineMethod, type RpcMethod } from '@onehop/rpc'
import { transactionJson } from './blockchain-json.ts'
import { createRawTransaction } from './create-raw-transaction.ts'
import { decodeScript } from './decode-script.ts'
import { getRawTransaction } from './get-raw-transaction.ts'
import type { MethodContext } from './method-context.ts'
import { decodeTransaction, RAW_TRANSACTION } from './submission-methods.ts'

/** Looking at transactions: bitcoind's calls. */
export function transactionMethods(context: MethodContext): RpcMethod[] {
  return [
    getRawTransaction(context),
    createRawTransaction(context),
    decodeScript(context),
    defineMethod({
      name: 'decoderawtransaction',
      category: 'Rawtransactions',
      summary: 'A transaction as JSON.',
      params: { hexstring: RAW_TRANSACTION, iswitness: { type: 'boolean', optional: true } },
      handler: ({ hexstring }) => {
        const { hex: _hex, ...json } = transactionJson(decodeTransaction(hexstring), context.parameters)
        return json
      },
    }),
  ]
}
