import { ByteReader, ByteWriter, compactSizeLength, readAll, sha256d } from '@onehop/primitives'
import type { BlockHash } from './ids.ts'
import { HEADER_LENGTH, MIN_TRANSACTION_LENGTH, WITNESS_SCALE_FACTOR } from './limits.ts'
import { readTransaction, type Transaction, writeTransaction } from './transaction.ts'

/** What a header is made of. */
export interface BlockHeaderFields {
  /** 32 bits, signed. */
  readonly version: number
  readonly previousBlock: BlockHash
  /** 32 bytes, internal order. */
  readonly merkleRoot: Uint8Array
  /** Unix time in seconds, 32 bits. */
  readonly time: number
  /** The target in compact form, 32 bits. */
  readonly bits: number
  /** 32 bits. */
  readonly nonce: number
}

/** An immutable block header; its hash is computed once, when it is first asked for. */
export class BlockHeader implements BlockHeaderFields {
  readonly version: number
  readonly previousBlock: BlockHash
  readonly merkleRoot: Uint8Array
  readonly time: number
  readonly bits: number
  readonly nonce: number
  private cachedHash: BlockHash | undefined

  constructor(fields: BlockHeaderFields) {
    this.version = fields.version | 0
    this.previousBlock = fields.previousBlock
    this.merkleRoot = fields.merkleRoot
    this.time = fields.time
    this.bits = fields.bits
    this.nonce = fields.nonce
  }

  /** 32 bytes, internal order. */
  get hash(): BlockHash {
    this.cachedHash ??= sha256d(serializeHeader(this)) as BlockHash
    return this.cachedHash
  }
}

/** The header's 80 bytes. */
export function serializeHeader(header: BlockHeaderFields): Uint8Array {
  return new ByteWriter(HEADER_LENGTH)
    .writeInt32(header.version)
    .writeBytes(header.previousBlock)
    .writeBytes(header.merkleRoot)
    .writeUint32(header.time)
    .writeUint32(header.bits)
    .writeUint32(header.nonce)
    .toBytes()
}

/** Reads a header's 80 bytes. @throws {DecodeError} */
export function readHeader(reader: ByteReader): BlockHeader {
  // A copy, so that the headers we keep do not keep the blocks that they came in.
  const bytes = new ByteReader(reader.readBytes(HEADER_LENGTH).slice())
  return new BlockHeader({
    version: bytes.readInt32(),
    previousBlock: bytes.readBytes(32) as BlockHash,
    merkleRoot: bytes.readBytes(32),
    time: bytes.readUint32(),
    bits: bytes.readUint32(),
    nonce: bytes.readUint32(),
  })
}

/** A header from exactly 80 bytes. @throws {DecodeError} */
export function parseHeader(bytes: Uint8Array): BlockHeader {
  return readAll(bytes, readHeader)
}

/** A header and its transactions, the coinbase first. */
export class Block {
  readonly header: BlockHeader
  readonly transactions: readonly Transaction[]

  constructor(header: BlockHeader, transactions: readonly Transaction[]) {
    this.header = header
    this.transactions = transactions
  }

  /** 32 bytes, internal order. */
  get hash(): BlockHash {
    return this.header.hash
  }

  /** Bytes without witnesses. */
  get baseSize(): number {
    return this.transactions.reduce((size, { baseSize }) => size + baseSize, this.overhead)
  }

  /** Bytes with witnesses. */
  get totalSize(): number {
    return this.transactions.reduce((size, { totalSize }) => size + totalSize, this.overhead)
  }

  /** Weight units (BIP 141). */
  get weight(): number {
    return this.baseSize * (WITNESS_SCALE_FACTOR - 1) + this.totalSize
  }

  private get overhead(): number {
    return HEADER_LENGTH + compactSizeLength(this.transactions.length)
  }
}

/** A block from all of `bytes`. @throws {DecodeError} */
export function parseBlock(bytes: Uint8Array): Block {
  return readAll(bytes, readBlock)
}

/** Reads one block. @throws {DecodeError} */
export function readBlock(reader: ByteReader): Block {
  const header = readHeader(reader)
  const transactions: Transaction[] = []
  for (let count = reader.readCount(MIN_TRANSACTION_LENGTH); count > 0; count--) {
    transactions.push(readTransaction(reader))
  }
  return new Block(header, transactions)
}

/** The bytes, with witnesses (where it has any) unless told otherwise. */
export function serializeBlock(block: Block, options: { readonly witness?: boolean } = {}): Uint8Array {
  const writer = new ByteWriter(options.witness === false ? block.baseSize : block.totalSize)
  writer.writeBytes(serializeHeader(block.header)).writeCompactSize(block.transactions.length)
  for (const transaction of block.transactions) writeTransaction(writer, transaction, options)
  return writer.toBytes()
}
