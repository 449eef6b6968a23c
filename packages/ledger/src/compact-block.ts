import { assertDefined, type ByteReader, ByteWriter, DecodeError, readAll } from '@onehop/primitives'
import { type Block, type BlockHeader, readHeader, serializeHeader } from './block.ts'
import { asBlockHash, type BlockHash } from './ids.ts'
import { MAX_COMPACT_BLOCK_TRANSACTIONS, MIN_TRANSACTION_LENGTH, SHORT_ID_LENGTH } from './limits.ts'
import { shortIdsOf } from './short-ids.ts'
import { readTransaction, type Transaction, writeTransaction } from './transaction.ts'

/** A transaction that the sender of a compact block expects to be unknown, and its place in the block. */
export interface PrefilledTransaction {
  readonly index: number
  readonly transaction: Transaction
}

/** A block whose transactions are mostly only named (BIP 152, `cmpctblock`, version 2). */
export interface CompactBlock {
  readonly header: BlockHeader
  /** 64 bits that go into the key of the short ids. */
  readonly nonce: bigint
  /** 48 bits each: the transactions that are not prefilled, in the block's order. */
  readonly shortIds: readonly number[]
  /** By ascending index. */
  readonly prefilled: readonly PrefilledTransaction[]
}

/** Asks for transactions of a block (BIP 152, `getblocktxn`). */
export interface BlockTransactionsRequest {
  readonly block: BlockHash
  /** Places in the block, ascending. */
  readonly indexes: readonly number[]
}

/** The transactions that were asked for (BIP 152, `blocktxn`). */
export interface BlockTransactions {
  readonly block: BlockHash
  readonly transactions: readonly Transaction[]
}

/** Names all transactions but the coinbase, which nobody can know before. @param nonce 64 random bits. */
export function createCompactBlock({ header, transactions }: Block, nonce: bigint): CompactBlock {
  const shortIdOf = shortIdsOf(header, nonce)
  const coinbase = assertDefined(transactions[0], 'a block has a coinbase')
  return {
    header,
    nonce,
    shortIds: transactions.slice(1).map(({ wtxid }) => shortIdOf(wtxid)),
    prefilled: [{ index: 0, transaction: coinbase }],
  }
}

export function serializeCompactBlock(compact: CompactBlock): Uint8Array {
  const writer = new ByteWriter().writeBytes(serializeHeader(compact.header)).writeUint64(compact.nonce)
  writer.writeCompactSize(compact.shortIds.length)
  for (const shortId of compact.shortIds) writeShortId(writer, shortId)
  writer.writeCompactSize(compact.prefilled.length)
  let next = 0
  for (const { index, transaction } of compact.prefilled) {
    writer.writeCompactSize(index - next)
    writeTransaction(writer, transaction)
    next = index + 1
  }
  return writer.toBytes()
}

/** @throws {DecodeError} also where a prefilled transaction's place is beyond the block. */
export function parseCompactBlock(bytes: Uint8Array): CompactBlock {
  return readAll(bytes, readCompactBlock)
}

export function serializeBlockTransactionsRequest({ block, indexes }: BlockTransactionsRequest): Uint8Array {
  const writer = new ByteWriter().writeBytes(block).writeCompactSize(indexes.length)
  let next = 0
  for (const index of indexes) {
    writer.writeCompactSize(index - next)
    next = index + 1
  }
  return writer.toBytes()
}

/** @throws {DecodeError} */
export function parseBlockTransactionsRequest(bytes: Uint8Array): BlockTransactionsRequest {
  return readAll(bytes, reader => {
    const block = readBlockHash(reader)
    const indexes: number[] = []
    for (let count = reader.readCount(1); count > 0; count--)
      indexes.push(readNextIndex(reader, indexes.at(-1)))
    return { block, indexes }
  })
}

export function serializeBlockTransactions({ block, transactions }: BlockTransactions): Uint8Array {
  const writer = new ByteWriter().writeBytes(block).writeCompactSize(transactions.length)
  for (const transaction of transactions) writeTransaction(writer, transaction)
  return writer.toBytes()
}

/** @throws {DecodeError} */
export function parseBlockTransactions(bytes: Uint8Array): BlockTransactions {
  return readAll(bytes, reader => {
    const block = readBlockHash(reader)
    const transactions: Transaction[] = []
    for (let count = reader.readCount(MIN_TRANSACTION_LENGTH); count > 0; count--)
      transactions.push(readTransaction(reader))
    return { block, transactions }
  })
}

function readCompactBlock(reader: ByteReader): CompactBlock {
  const header = readHeader(reader)
  const nonce = reader.readUint64()
  const shortIds: number[] = []
  let named = reader.readCount(SHORT_ID_LENGTH)
  if (named > MAX_COMPACT_BLOCK_TRANSACTIONS) throw new DecodeError('indexes overflowed 16 bits')
  for (; named > 0; named--) shortIds.push(readShortId(reader))
  const prefilled: PrefilledTransaction[] = []
  for (let count = reader.readCount(1 + MIN_TRANSACTION_LENGTH); count > 0; count--) {
    const index = readNextIndex(reader, prefilled.at(-1)?.index)
    if (index > shortIds.length + prefilled.length)
      throw new DecodeError('prefilled transaction beyond the block')
    prefilled.push({ index, transaction: readPrefilled(reader) })
  }
  const count = shortIds.length + prefilled.length
  if (count === 0) throw new DecodeError('compact block without transactions')
  if (count > MAX_COMPACT_BLOCK_TRANSACTIONS) throw new DecodeError('indexes overflowed 16 bits')
  return { header, nonce, shortIds, prefilled }
}

function readPrefilled(reader: ByteReader): Transaction {
  const transaction = readTransaction(reader)
  if (transaction.inputs.length === 0 && transaction.outputs.length === 0)
    throw new DecodeError('empty prefilled transaction')
  return transaction
}

/** Indexes are written as the distance from the one after the last. */
function readNextIndex(reader: ByteReader, last: number | undefined): number {
  const index = (last ?? -1) + 1 + reader.readCompactSize()
  if (index >= MAX_COMPACT_BLOCK_TRANSACTIONS) throw new DecodeError('differential value overflow')
  return index
}

function writeShortId(writer: ByteWriter, shortId: number): void {
  writer.writeUint32(shortId % 0x1_0000_0000).writeUint16(Math.floor(shortId / 0x1_0000_0000))
}

function readShortId(reader: ByteReader): number {
  const low = reader.readUint32()
  return low + 0x1_0000_0000 * reader.readUint16()
}

function readBlockHash(reader: ByteReader): BlockHash {
  return asBlockHash(reader.readBytes(32).slice())
}
