import { blockHashToHex, type CoinHashType } from '@onehop/ledger'
import { bytesToHex, reverseBytes } from '@onehop/primitives'
import { BitcoinAmount, defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'

const HASH_TYPES: readonly string[] = ['hash_serialized_3', 'muhash', 'none'] satisfies CoinHashType[]

function hashTypeOf(name: string): CoinHashType {
  if (HASH_TYPES.includes(name)) return name as CoinHashType
  throw new RpcError(RPC_CODE.invalidParameter, `'${name}' is not a valid hash_type`)
}

async function coinSetInfo({ chain }: MethodContext, hashType: CoinHashType) {
  const statistics = await chain.coinStatistics(hashType)
  const { hash } = statistics
  return {
    height: statistics.tip.height,
    bestblock: blockHashToHex(statistics.tip.hash),
    txouts: statistics.coins,
    bogosize: statistics.bogoSize,
    ...(hash === undefined ? {} : { [hashType]: bytesToHex(reverseBytes(hash)) }),
    total_amount: new BitcoinAmount(statistics.totalAmount),
    transactions: statistics.transactions,
    disk_size: statistics.diskBytes,
  }
}

/** The set of unspent outputs as a whole: bitcoind's calls. */
export function coinSetMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'gettxoutsetinfo',
      category: 'Blockchain',
      summary: 'Number, value and hash of all outputs that are not spent yet, at one block.',
      params: {
        hash_type: {
          type: 'string',
          default: 'hash_serialized_3',
          description: 'hash_serialized_3, muhash (independent of order, so that it can be kept up), or none',
        },
        hash_or_height: {
          type: 'any',
          optional: true,
          description: 'another block than the tip: refused, for it would need the index coinstatsindex',
        },
        use_index: { type: 'boolean', default: true, description: 'makes no difference here' },
      },
      handler: ({ hash_type, hash_or_height }) => {
        const hashType = hashTypeOf(hash_type)
        if (hash_or_height !== undefined) {
          throw new RpcError(
            RPC_CODE.invalidParameter,
            'Querying specific block heights requires coinstatsindex',
          )
        }
        return coinSetInfo(context, hashType)
      },
    }),
  ]
}
