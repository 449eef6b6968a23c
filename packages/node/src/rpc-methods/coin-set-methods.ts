import { blockHashToHex, type CoinHashType } from '@onehop/ledger'
import { bytesToHex, reverseBytes } from '@onehop/primitives'
import { BitcoinAmount, defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { CoinScan, scriptsToFind } from './coin-scan.ts'
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

/** One scan at a time, as in bitcoind: who asks again may learn how far it is, or end it. */
class CoinScans {
  private readonly context: MethodContext
  private running: CoinScan | undefined

  constructor(context: MethodContext) {
    this.context = context
  }

  async answer(
    action: string,
    objects: readonly unknown[] | undefined,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { running } = this
    if (action === 'status') return running === undefined ? null : { progress: running.progress }
    if (action === 'abort') {
      running?.abort()
      return running !== undefined
    }
    if (action === 'start') return this.start(objects, signal)
    throw new RpcError(RPC_CODE.invalidParameter, `Invalid action '${action}'`)
  }

  private async start(objects: readonly unknown[] | undefined, signal: AbortSignal): Promise<unknown> {
    if (this.running !== undefined) {
      throw new RpcError(
        RPC_CODE.invalidParameter,
        'Scan already in progress, use action "abort" or "status"',
      )
    }
    if (objects === undefined)
      throw new RpcError(RPC_CODE.miscError, 'scanobjects argument is required for the start action')
    const { chain, parameters } = this.context
    const scan = new CoinScan(scriptsToFind(objects, parameters), parameters)
    const abort = () => scan.abort()
    signal.addEventListener('abort', abort)
    this.running = scan
    try {
      return await scan.run(await chain.snapshotCoins())
    } finally {
      this.running = undefined
      signal.removeEventListener('abort', abort)
    }
  }
}

/** The set of unspent outputs as a whole: bitcoind's calls. */
export function coinSetMethods(context: MethodContext): RpcMethod[] {
  const scans = new CoinScans(context)
  return [
    defineMethod({
      name: 'scantxoutset',
      category: 'Blockchain',
      summary:
        'Finds unspent outputs by descriptors, in all of the chain; or tells how far that is, or ends it.',
      params: {
        action: { type: 'string', description: 'start, status or abort' },
        scanobjects: {
          type: 'array',
          optional: true,
          description: 'descriptors: addr(…), raw(…), combo(…) and others with keys in hexadecimal',
        },
      },
      handler: ({ action, scanobjects }, { signal }) => scans.answer(action, scanobjects, signal),
    }),
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
