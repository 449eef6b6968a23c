import {
  attemptDecode,
  type ByteReader,
  ByteWriter,
  DecodeError,
  equalBytes,
  type Result,
  readAll,
} from '@onehop/primitives'
import { type Block, type BlockHeader, parseHeader, serializeHeader } from './block.ts'
import type { TxId } from './ids.ts'
import { HEADER_LENGTH } from './limits.ts'
import {
  createPartialMerkleTree,
  extractMatches,
  type MerkleExtract,
  type PartialMerkleTree,
} from './partial-merkle-tree.ts'

/** A header and what proves that some transactions are in its block: `CMerkleBlock`, what `gettxoutproof` gives. */
export interface MerkleBlock {
  readonly header: BlockHeader
  readonly tree: PartialMerkleTree
}

/** Proves those of the block's transactions that are wanted. */
export function createMerkleBlock(block: Block, wanted: Iterable<TxId>): MerkleBlock {
  const txids = block.transactions.map(({ txid }) => txid)
  return { header: block.header, tree: createPartialMerkleTree(txids, wanted) }
}

/** 80 bytes of header, a 32-bit count, the hashes, the flags (BIP 37). */
export function serializeMerkleBlock({ header, tree }: MerkleBlock): Uint8Array {
  const writer = new ByteWriter().writeBytes(serializeHeader(header)).writeUint32(tree.transactionCount)
  writer.writeCompactSize(tree.hashes.length)
  for (const hash of tree.hashes) writer.writeBytes(hash)
  return writer.writeVarBytes(tree.flags).toBytes()
}

/** Reads one; what it says is not checked. Hashes and flags are views. @throws {DecodeError} */
export function readMerkleBlock(reader: ByteReader): MerkleBlock {
  const header = parseHeader(reader.readBytes(HEADER_LENGTH))
  const transactionCount = reader.readUint32()
  const hashes: Uint8Array[] = []
  for (let count = reader.readCount(32); count > 0; count--) hashes.push(reader.readBytes(32))
  return { header, tree: { transactionCount, hashes, flags: reader.readVarBytes() } }
}

/** One from all of `bytes`; what it says is not checked. @throws {DecodeError} */
export function parseMerkleBlock(bytes: Uint8Array): MerkleBlock {
  return readAll(bytes, readMerkleBlock)
}

/**
 * What the proof proves of the block with its header. Refused: `bad-txoutproof` (blame: sender). Whether the header is
 * one of a chain is for the caller to check.
 * @param transactionCount how many transactions the block has, where that is known. Without it a transaction of 64 bytes
 * in the block can stand for a node of the tree, and seem to prove another (CVE-2017-12842).
 */
export function verifyMerkleBlock(
  { header, tree }: MerkleBlock,
  transactionCount: number = tree.transactionCount,
): Result<MerkleExtract> {
  return attemptDecode('bad-txoutproof', () => {
    if (tree.transactionCount !== transactionCount) throw new DecodeError('another number of transactions')
    const extract = extractMatches(tree)
    if (!equalBytes(extract.root, header.merkleRoot)) throw new DecodeError('another merkle root')
    return extract
  })
}
