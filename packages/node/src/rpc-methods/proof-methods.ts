import {
  createMerkleBlock,
  type HeaderNode,
  hexToTxId,
  type MerkleBlock,
  readMerkleBlock,
  serializeMerkleBlock,
  type TxId,
  txIdToHex,
  verifyMerkleBlock,
} from '@onehop/ledger'
import { attemptDecode, ByteReader, bytesKey, bytesToHex, hexToBytes } from '@onehop/primitives'
import { defineMethod, parseHexParam, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH, blockOf, nodeOf } from './block-lookup.ts'
import type { MethodContext } from './method-context.ts'

const HASH_BYTES = 32

/** The ids in the order in which they were given. @throws {RpcError} for none, one that is no id, one given twice. */
function parseTxids(given: readonly unknown[]): TxId[] {
  if (given.length === 0) throw new RpcError(RPC_CODE.invalidParameter, "Parameter 'txids' cannot be empty")
  const known = new Set<string>()
  return given.map(value => {
    const hex = parseHexParam('txid', value, HASH_BYTES)
    if (known.has(hex)) {
      throw new RpcError(RPC_CODE.invalidParameter, `Invalid parameter, duplicated txid: ${hex}`)
    }
    known.add(hex)
    return hexToTxId(hex)
  })
}

/** The block of the active chain that has one of them. */
async function findNode({ chain }: MethodContext, txids: readonly TxId[]): Promise<HeaderNode> {
  for (const txid of txids) {
    const found = await chain.findTransaction(txid)
    if (found !== undefined) return found.node
  }
  throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Transaction not yet in block')
}

async function proofOf(
  context: MethodContext,
  node: HeaderNode,
  txids: readonly TxId[],
): Promise<MerkleBlock> {
  const block = await blockOf(context, node)
  const present = new Set(block.transactions.map(({ txid }) => bytesKey(txid)))
  if (!txids.every(txid => present.has(bytesKey(txid)))) {
    throw new RpcError(
      RPC_CODE.invalidAddressOrKey,
      'Not all transactions found in specified or retrieved block',
    )
  }
  return createMerkleBlock(block, txids)
}

/** What the proof proves of the active chain; nothing where it is wrong. @throws {RpcError} for a block that is not there. */
async function provenTxids({ chain }: MethodContext, proof: MerkleBlock): Promise<TxId[]> {
  const claimed = verifyMerkleBlock(proof)
  if (!claimed.ok) return []
  const node = chain.headerTree.get(proof.header.hash)
  const count = node && chain.isActive(node) ? await chain.transactionCount(node) : undefined
  if (count === undefined) throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Block not found in chain')
  const counted = verifyMerkleBlock(proof, count)
  return counted.ok ? counted.value.matches.map(({ txid }) => txid) : []
}

/** Proofs that transactions are in a block, for those who have its header alone: bitcoind's calls. */
export function proofMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'gettxoutproof',
      category: 'Blockchain',
      summary:
        'Proof in hex that transactions are in a block: in the one that is named, or the one that is found.',
      params: {
        txids: { type: 'array', description: 'All in one block' },
        blockhash: { ...BLOCK_HASH, optional: true },
      },
      handler: async ({ txids, blockhash }) => {
        const wanted = parseTxids(txids)
        const node = blockhash === undefined ? await findNode(context, wanted) : nodeOf(context, blockhash)
        return bytesToHex(serializeMerkleBlock(await proofOf(context, node, wanted)))
      },
    }),
    defineMethod({
      name: 'verifytxoutproof',
      category: 'Blockchain',
      summary:
        'Ids of the transactions that a proof proves to be in the active chain; none when it is wrong.',
      params: { proof: { type: 'hex' } },
      handler: async ({ proof }) => {
        if (proof === '') {
          throw new RpcError(RPC_CODE.invalidParameter, "proof must be hexadecimal string (not '')")
        }
        // As in bitcoind, bytes behind the proof do not matter.
        const parsed = attemptDecode('proof-decode-failed', () =>
          readMerkleBlock(new ByteReader(hexToBytes(proof))),
        )
        if (!parsed.ok) throw new RpcError(RPC_CODE.miscError, `Proof decode failed: ${parsed.detail}`)
        return (await provenTxids(context, parsed.value)).map(txIdToHex)
      },
    }),
  ]
}
