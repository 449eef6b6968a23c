import { type Block, type HeaderNode, hexToBlockHash } from '@onehop/ledger'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'

/** A parameter that names a block. */
export const BLOCK_HASH = { type: 'hex', lengthBytes: 32 } as const

/** @throws {RpcError} -5 for a block whose header is not known. */
export function nodeOf({ chain }: MethodContext, hex: string): HeaderNode {
  const node = chain.headerTree.get(hexToBlockHash(hex))
  if (node === undefined) throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Block not found')
  return node
}

/** @throws {RpcError} -1 for a block whose body is not here. */
export async function blockOf({ chain }: MethodContext, node: HeaderNode): Promise<Block> {
  const block = await chain.getBlock(node.hash)
  if (block === undefined)
    throw new RpcError(RPC_CODE.miscError, 'Block not available (not fully downloaded)')
  return block
}
