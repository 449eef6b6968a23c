import { type Orphan, serializeTransaction, txIdToHex } from '@onehop/ledger'
import { bytesToHex } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { isSystemError } from '../system-errors.ts'
import type { MethodContext } from './method-context.ts'

/** bitcoind's code for a call that has to wait until the chain is there. */
const IN_INITIAL_DOWNLOAD = -10

/** An orphan as `getorphantxs` shows it: 0 its id, 1 what it is, 2 its bytes too. */
function orphanJson({ transaction, peers }: Orphan, verbosity: number) {
  const txid = txIdToHex(transaction.txid)
  if (verbosity === 0) return txid
  return {
    txid,
    wtxid: txIdToHex(transaction.wtxid),
    bytes: transaction.totalSize,
    vsize: transaction.virtualSize,
    weight: transaction.weight,
    from: [...peers],
    ...(verbosity === 2 && { hex: bytesToHex(serializeTransaction(transaction)) }),
  }
}

async function save({ mempoolStore }: MethodContext) {
  if (!mempoolStore.isLoaded) throw new RpcError(RPC_CODE.miscError, 'The mempool was not loaded yet')
  const { path } = mempoolStore
  const failure = new RpcError(RPC_CODE.miscError, 'Unable to dump mempool to disk')
  if (path === undefined) throw failure
  await mempoolStore.save(path).catch((error: unknown) => {
    throw isSystemError(error) ? failure : error
  })
  return { filename: path }
}

/** Keeping the mempool, and what has not found its way into it yet: bitcoind's calls. */
export function mempoolFileMethods(context: MethodContext): RpcMethod[] {
  const { chain, mempoolStore } = context
  return [
    defineMethod({
      name: 'savemempool',
      category: 'Blockchain',
      summary: 'Writes the mempool into the datadir, as every stop does.',
      handler: () => save(context),
    }),
    defineMethod({
      name: 'importmempool',
      category: 'Blockchain',
      summary: 'Takes in the mempool.dat of this or another node.',
      params: {
        filepath: { type: 'string' },
        options: {
          type: 'object',
          default: {},
          description:
            'use_current_time (default true), apply_fee_delta_priority (default false), apply_unbroadcast_set (ignored)',
        },
      },
      handler: async ({ filepath, options }) => {
        if (context.network?.syncState().syncing) {
          throw new RpcError(
            IN_INITIAL_DOWNLOAD,
            'Can only import the mempool after the block download and sync is done.',
          )
        }
        const isRead = await mempoolStore.import(filepath, {
          useCurrentTime: options.use_current_time !== false,
          applyFeeDeltas: options.apply_fee_delta_priority === true,
        })
        if (isRead) return {}
        throw new RpcError(RPC_CODE.miscError, 'Unable to import mempool file, see debug log for details.')
      },
    }),
    defineMethod({
      name: 'getorphantxs',
      category: 'Blockchain',
      summary: 'Transactions whose parents have not come yet: 0 ids, 1 what they are, 2 with their bytes.',
      params: { verbosity: { type: 'verbosity', default: 0 } },
      handler: ({ verbosity }) => {
        if (verbosity < 0 || verbosity > 2)
          throw new RpcError(RPC_CODE.invalidParameter, `Invalid verbosity value ${verbosity}`)
        return chain.transactions.orphans().map(orphan => orphanJson(orphan, verbosity))
      },
    }),
  ]
}
