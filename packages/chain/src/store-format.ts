import { type BlockHash, type BlockHeader, type OutPoint, parseHeader, serializeHeader } from '@onehop/ledger'
import { ByteReader, ByteWriter, utf8Encode } from '@onehop/primitives'
import { type RecordLocation, readRecordLocation, writeRecordLocation } from './storage/record-files.ts'

/**
 * Version of everything in this file and of the record files. Raised when an older onehop could not read the
 * result. In format 1, the coins were always those of the tip; it is read, and becomes 2 with the first commit.
 */
export const FORMAT_VERSION = 2

/** Keys of single values. */
export const META_KEYS = {
  /** 4 bytes: {@link FORMAT_VERSION} of the onehop that made the store. */
  format: utf8Encode('Mformat'),
  /** 32 bytes: the hash of the network's first block. */
  genesis: utf8Encode('Mgenesis'),
  /** 32 bytes: the last block of the active chain. */
  tip: utf8Encode('Mtip'),
  /** 32 bytes: the block whose coins the store holds. It may be another than the tip. */
  bestBlock: utf8Encode('Mbest'),
  /** 32 bytes, while coins are written in several batches: the block that they will be of when all are written. */
  flushTarget: utf8Encode('Mflush'),
  /** 8 bytes: the acknowledged end of the block files. */
  blocksEnd: utf8Encode('Mblk'),
  /** 8 bytes: the acknowledged end of the undo files. */
  undosEnd: utf8Encode('Mrev'),
} as const

/** `H` and the block's hash: an {@link IndexEntry}. */
export const ENTRY_PREFIX = utf8Encode('H')

/** `C`, the transaction's id and the output's index (4 bytes, big endian): a coin. */
export const COIN_PREFIX = utf8Encode('C')

const HAS_BLOCK = 1
const HAS_UNDO = 2
const FAILED = 4
const INVALIDATED = 8
const HAS_COUNT = 16
const PRUNED = 32
const CONNECTED = 64

/** What the store knows of a header. */
export interface IndexEntry {
  readonly header: BlockHeader
  readonly height: number
  /** Where the block's bytes are, when it has them. */
  readonly block?: RecordLocation | undefined
  /** Where its undo data are: it was connected at least once. */
  readonly undo?: RecordLocation | undefined
  /** How many transactions the block has, once its body was here. */
  readonly transactions?: number | undefined
  /** Its body was here, and has been deleted. */
  readonly pruned: boolean
  /** It was connected at least once. */
  readonly connected: boolean
  /** The block or one before it is invalid. */
  readonly failed: boolean
  /** It, or one before it, was named by `invalidateblock`, and nothing else is known against it. */
  readonly invalidated: boolean
}

/** 85 to 113 bytes: header, height, flags, and what the flags tell of: locations, the count of transactions. */
export function serializeIndexEntry(entry: IndexEntry): Uint8Array {
  const { block, undo, transactions } = entry
  const flags =
    (block ? HAS_BLOCK : 0) |
    (undo ? HAS_UNDO : 0) |
    (entry.failed ? FAILED : 0) |
    (entry.invalidated ? INVALIDATED : 0) |
    (transactions === undefined ? 0 : HAS_COUNT) |
    (entry.pruned ? PRUNED : 0) |
    (entry.connected ? CONNECTED : 0)
  const writer = new ByteWriter(113)
  writer.writeBytes(serializeHeader(entry.header)).writeUint32(entry.height).writeUint8(flags)
  if (block) writeRecordLocation(writer, block)
  if (undo) writeRecordLocation(writer, undo)
  if (transactions !== undefined) writer.writeUint32(transactions)
  return writer.toBytes()
}

/** @throws {DecodeError} when the bytes are not an index entry. */
export function parseIndexEntry(bytes: Uint8Array): IndexEntry {
  const reader = new ByteReader(bytes)
  const header = parseHeader(reader.readBytes(80))
  const height = reader.readUint32()
  const flags = reader.readUint8()
  const block = flags & HAS_BLOCK ? readRecordLocation(reader) : undefined
  const undo = flags & HAS_UNDO ? readRecordLocation(reader) : undefined
  const transactions = flags & HAS_COUNT ? reader.readUint32() : undefined
  reader.expectEnd()
  return {
    header,
    height,
    block,
    undo,
    transactions,
    pruned: (flags & PRUNED) !== 0,
    // Older versions told it by the undo data alone.
    connected: (flags & CONNECTED) !== 0 || undo !== undefined,
    failed: (flags & FAILED) !== 0,
    invalidated: (flags & INVALIDATED) !== 0,
  }
}

/** Key of a header’s {@link IndexEntry}: 33 bytes. */
export function entryKey(hash: BlockHash): Uint8Array {
  return new ByteWriter(33).writeBytes(ENTRY_PREFIX).writeBytes(hash).toBytes()
}

/** Length of a coin's key. */
export const COIN_KEY_BYTES = 37

/** Key of a coin. */
export function coinKey({ txid, index }: OutPoint): Uint8Array {
  const writer = new ByteWriter(COIN_KEY_BYTES)
  return writer.writeBytes(COIN_PREFIX).writeBytes(txid).writeUint32BE(index).toBytes()
}
