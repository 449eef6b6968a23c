import { type Block, type BlockUndo, type HeaderNode, hexToBlockHash } from '@onehop/ledger'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'

/** A parameter that names a block. */
export const BLOCK_HASH = { type: 'hex', lengthBytes: 32 } as const
const HASH_DIGITS = 64

/** @throws {RpcError} -5 for a block whose header is not known. */
export function nodeOf({ chain }: MethodContext, hex: string): HeaderNode {
  const node = chain.headerTree.get(hexToBlockHash(hex))
  if (node === undefined) throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Block not found')
  return node
}

/** The block that a parameter names either way. @throws {RpcError} -8 or -5 as Core's `ParseHashOrHeight`. */
export function nodeByHashOrHeight(context: MethodContext, hashOrHeight: unknown): HeaderNode {
  if (typeof hashOrHeight === 'number') return nodeByHeight(context, hashOrHeight)
  const text = String(hashOrHeight)
  if (text.length !== HASH_DIGITS) {
    throw new RpcError(
      RPC_CODE.invalidParameter,
      `hash_or_height must be of length ${HASH_DIGITS} (not ${text.length}, for '${text}')`,
    )
  }
  if (!/^[0-9a-fA-F]*$/.test(text)) {
    throw new RpcError(RPC_CODE.invalidParameter, `hash_or_height must be hexadecimal string (not '${text}')`)
  }
  return nodeOf(context, text)
}

function nodeByHeight({ chain }: MethodContext, height: number): HeaderNode {
  if (!Number.isInteger(height)) throw new RpcError(RPC_CODE.miscError, 'JSON integer out of range')
  if (height < 0) throw new RpcError(RPC_CODE.invalidParameter, `Target block height ${height} is negative`)
  const node = chain.nodeAtHeight(height)
  if (node !== undefined) return node
  throw new RpcError(
    RPC_CODE.invalidParameter,
    `Target block height ${height} after current tip ${chain.tip.height}`,
  )
}

/** @throws {RpcError} -1 for a block whose body is not here. */
export async function blockOf({ chain }: MethodContext, node: HeaderNode): Promise<Block> {
  const block = await chain.getBlock(node.hash)
  if (block !== undefined) return block
  throw new RpcError(
    RPC_CODE.miscError,
    `Block not available (${chain.isPruned(node) ? 'pruned data' : 'not fully downloaded'})`,
  )
}

/** What the block spent. @throws {RpcError} -1 when that is not here. */
export async function undoOf({ chain }: MethodContext, node: HeaderNode): Promise<BlockUndo> {
  const undo = await chain.getUndo(node.hash)
  if (undo !== undefined) return undo
  const isPruned = chain.standingOf(node) === 'active'
  throw new RpcError(RPC_CODE.miscError, `Undo data not available${isPruned ? ' (pruned data)' : ''}`)
}
