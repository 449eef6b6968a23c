import type { IndexProgress } from '@onehop/chain'
import type { HeaderNode } from '@onehop/ledger'
import { bytesToHex, reverseBytes } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH, nodeOf } from './block-lookup.ts'
import type { MethodContext } from './method-context.ts'

const FILTER_TYPES: readonly string[] = ['basic']

function progressJson(indexes: readonly IndexProgress[]) {
  return Object.fromEntries(
    indexes.map(({ name, synced, height }) => [name, { synced, best_block_height: Math.max(0, height) }]),
  )
}

/** @throws {RpcError} as Core does for a type that it does not know, and for one that is not indexed. */
export function checkFilterType({ chain }: MethodContext, filterType: string): void {
  if (!FILTER_TYPES.includes(filterType))
    throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Unknown filtertype')
  if (!chain.indexes.hasFilters)
    throw new RpcError(RPC_CODE.miscError, `Index is not enabled for filtertype ${filterType}`)
}

async function filterOf({ chain }: MethodContext, node: HeaderNode) {
  const stored = await chain.indexes.findFilter(node)
  if (stored !== undefined && stored !== 'not indexed') return stored
  const standing = chain.standingOf(node)
  if (standing !== 'active' && standing !== 'valid-fork') {
    throw new RpcError(
      RPC_CODE.invalidAddressOrKey,
      'Filter not found. Block was not connected to active chain.',
    )
  }
  if (stored === 'not indexed') {
    throw new RpcError(
      RPC_CODE.miscError,
      'Filter not found. Block filters are still in the process of being indexed.',
    )
  }
  throw new RpcError(
    RPC_CODE.internalError,
    'Filter not found. This error is unexpected and indicates index corruption.',
  )
}

/** Indexes that a node may keep: bitcoind's calls. */
export function indexMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'getindexinfo',
      category: 'Util',
      summary: 'How far the indexes have come that this node keeps: txindex, basic block filter index.',
      params: { index_name: { type: 'string', optional: true, description: 'one of them only' } },
      handler: ({ index_name }) =>
        progressJson(
          context.chain.indexes.progress().filter(({ name }) => !index_name || name === index_name),
        ),
    }),
    defineMethod({
      name: 'getblockfilter',
      category: 'Blockchain',
      summary: 'The BIP 157 filter of a block and the header that commits to it; wants --blockfilterindex.',
      params: {
        blockhash: BLOCK_HASH,
        filtertype: { type: 'string', default: 'basic', description: 'basic is the only one' },
      },
      handler: async ({ blockhash, filtertype }) => {
        checkFilterType(context, filtertype)
        const { filter, header } = await filterOf(context, nodeOf(context, blockhash))
        return { filter: bytesToHex(filter.bytes), header: bytesToHex(reverseBytes(header)) }
      },
    }),
  ]
}
