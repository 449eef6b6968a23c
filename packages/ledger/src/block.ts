import { type ByteReader, ByteWriter, readAll, sha256d } from '@onehop/primitives'
import type { BlockHash } from './hashes.ts'
import { readTransaction, type Transaction, WITNESS_SCALE_FACTOR, writeTransaction } from './transaction.ts'

/** Bytes of a serialised header. */
export const HEADER_BYTES = 80
const LEAST_TRANSACTION_BYTES = 10

/** What a header is made of. */
export interface HeaderFields {
  /** Signed 32 bits. */
  readonly version: number
  readonly previousBlock: BlockHash
  /** 32 bytes, internal order. */
  readonly merkleRoot: Uint8Array
  /** Unix time in seconds, 32 bits. */
  readonly time: number
  /** Compact target. */
  readonly bits: number
  readonly nonce: number
}

/** A block header, immutable, 80 bytes serialised. */
export class BlockHeader implements HeaderFields {
  readonly version: number
  readonly previousBlock: BlockHash
  readonly merkleRoot: Uint8Array
  readonly time: number
  readonly bits: number
  readonly nonce: number
  private cachedHash: BlockHash | undefined

  constructor({ version, previousBlock, merkleRoot, time, bits, nonce }: HeaderFields) {
    this.version = version
    this.previousBlock = previousBlock
    this.merkleRoot = merkleRoot
    this.time = time
    this.bits = bits
    this.nonce = nonce
  }

  get hash(): BlockHash {
    this.cachedHash ??= sha256d(serializeHeader(this)) as BlockHash
    return this.cachedHash
  }
}

/** @throws {DecodeError} */
export function readHeader(reader: ByteReader): BlockHeader {
  return new BlockHeader({
    version: reader.readInt32(),
    previousBlock: reader.readBytes(32) as BlockHash,
    merkleRoot: reader.readBytes(32),
    time: reader.readUint32(),
    bits: reader.readUint32(),
    nonce: reader.readUint32(),
  })
}

/** Decodes exactly 80 bytes. @throws {DecodeError} */
export function parseHeader(bytes: Uint8Array): BlockHeader {
  return readAll(bytes, readHeader)
}

/** 80 bytes. */
export function serializeHeader(header: HeaderFields): Uint8Array {
  const writer = new ByteWriter(HEADER_BYTES)
  writeHeader(writer, header)
  return writer.toBytes()
}

export function writeHeader(writer: ByteWriter, header: HeaderFields): void {
  writer.writeInt32(header.version).writeBytes(header.previousBlock).writeBytes(header.merkleRoot)
  writer.writeUint32(header.time).writeUint32(header.bits).writeUint32(header.nonce)
}

/** A block: its header and its transactions, the coinbase first. Immutable. */
export class Block {
  readonly header: BlockHeader
  readonly transactions: readonly Transaction[]
  private cachedWeight = 0

  constructor(header: BlockHeader, transactions: readonly Transaction[]) {
    this.header = header
    this.transactions = transactions
  }

  get hash(): BlockHash {
    return this.header.hash
  }

  /** Weight units (BIP 141). */
  get weight(): number {
    this.cachedWeight ||=
      serializeBlock(this, { witness: false }).length * (WITNESS_SCALE_FACTOR - 1) +
      serializeBlock(this).length
    return this.cachedWeight
  }
}

/** @throws {DecodeError} */
export function readBlock(reader: ByteReader): Block {
  const header = readHeader(reader)
  const count = reader.readCount(LEAST_TRANSACTION_BYTES)
  return new Block(
    header,
    Array.from({ length: count }, () => readTransaction(reader)),
  )
}

/** Decodes all of the bytes. @throws {DecodeError} */
export function parseBlock(bytes: Uint8Array): Block {
  return readAll(bytes, readBlock)
}

/** Serialises with witnesses unless told otherwise (BIP 144). */
export function serializeBlock(
  { header, transactions }: Block,
  options: { witness?: boolean } = {},
): Uint8Array {
  const writer = new ByteWriter()
  writeHeader(writer, header)
  writer.writeCompactSize(transactions.length)
  for (const transaction of transactions) writeTransaction(writer, transaction, options.witness ?? true)
  return writer.toBytes()
}
