import { ByteReader, ByteWriter, DecodeError } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import { asTxId, type TxId } from '../ids.ts'
import { MIN_TRANSACTION_LENGTH } from '../limits.ts'
import { parseTransaction, readTransaction, type Transaction, writeTransaction } from '../transaction.ts'
import type { FeeDelta } from './entry-pool.ts'

/** Without and with a key that the bytes are mixed with, so that no scanner takes them for something else. */
const PLAIN_VERSION = 1n
const MIXED_VERSION = 2n
/** Bytes of the key. */
export const MEMPOOL_FILE_KEY_LENGTH = 8
const VERSION_LENGTH = 8
/** Bytes of a piece of the file that is written at once. */
const PIECE_LENGTH = 1 << 20

/** A transaction of the file. */
export interface SavedTransaction {
  readonly transaction: Transaction
  /** Unix time in seconds at which it came. */
  readonly time: number
  /** What `prioritisetransaction` added, in satoshis. */
  readonly feeDelta: Sats
}

/** What the file holds. */
export interface SavedMempool {
  /** Parents before children. */
  readonly transactions: readonly SavedTransaction[]
  /** What `prioritisetransaction` added for transactions that are not here. */
  readonly feeDeltas: readonly FeeDelta[]
}

/**
 * A mempool as Bitcoin Core's `mempool.dat` of version 2, piece by piece. The list of transactions that nobody has asked
 * for yet is left empty.
 * @param key {@link MEMPOOL_FILE_KEY_LENGTH} bytes.
 */
export function* encodeMempoolFile(
  { transactions, feeDeltas }: SavedMempool,
  key: Uint8Array,
): Generator<Uint8Array> {
  let writer = new ByteWriter(PIECE_LENGTH)
  writer.writeUint64(MIXED_VERSION).writeVarBytes(key)
  yield writer.toBytes()
  let offset = writer.length
  const mixed = (): Uint8Array => {
    const bytes = mix(writer.toBytes(), key, offset)
    offset += bytes.length
    writer = new ByteWriter(PIECE_LENGTH)
    return bytes
  }
  writer = new ByteWriter(PIECE_LENGTH).writeUint64(BigInt(transactions.length))
  for (const { transaction, time, feeDelta } of transactions) {
    writeTransaction(writer, transaction)
    writer.writeInt64(BigInt(time)).writeInt64(feeDelta)
    if (writer.length >= PIECE_LENGTH) yield mixed()
  }
  writer.writeCompactSize(feeDeltas.length)
  for (const { txid, delta } of feeDeltas) writer.writeBytes(txid).writeInt64(delta)
  writer.writeCompactSize(0)
  yield mixed()
}

/**
 * Reads a `mempool.dat` of version 1 or 2 step by step. Changes the bytes that it is given.
 * Every method throws {DecodeError} where the file is not what it should be.
 */
export class MempoolFileReader {
  /** Transactions that have not been read yet. */
  private left: number
  private readonly bytes: Uint8Array
  private readonly reader: ByteReader

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    const reader = new ByteReader(bytes)
    const version = reader.readUint64()
    if (version !== PLAIN_VERSION && version !== MIXED_VERSION)
      throw new DecodeError(`the file has version ${version}, and not ${PLAIN_VERSION} or ${MIXED_VERSION}`)
    if (version === MIXED_VERSION) {
      const key = reader.readVarBytes(MEMPOOL_FILE_KEY_LENGTH)
      if (key.length !== MEMPOOL_FILE_KEY_LENGTH) throw new DecodeError('the key has not eight bytes')
      const start = VERSION_LENGTH + 1 + MEMPOOL_FILE_KEY_LENGTH
      mix(bytes.subarray(start), key.slice(), start)
    }
    const count = reader.readUint64()
    if (Number(count) > reader.remaining / MIN_TRANSACTION_LENGTH)
      throw new DecodeError('the file is too short for its transactions')
    this.left = Number(count)
    this.reader = reader
  }

  /** Up to so many of the transactions that come next; none when all have been read. */
  readTransactions(limit: number): SavedTransaction[] {
    const saved: SavedTransaction[] = []
    for (; saved.length < limit && this.left > 0; this.left--) {
      const transaction = this.readOwnTransaction()
      const time = Number(this.reader.readInt64())
      if (!Number.isSafeInteger(time)) throw new DecodeError('a transaction came at an impossible time')
      saved.push({ transaction, time, feeDelta: this.reader.readInt64() })
    }
    return saved
  }

  /** What comes after the last transaction. */
  readFeeDeltas(): FeeDelta[] {
    const deltas: FeeDelta[] = []
    for (let count = this.reader.readCount(FEE_DELTA_LENGTH); count > 0; count--)
      deltas.push({ txid: readTxid(this.reader), delta: this.reader.readInt64() })
    for (let count = this.reader.readCount(TXID_LENGTH); count > 0; count--) readTxid(this.reader)
    return deltas
  }

  /** From a copy of its bytes: else it would keep the whole file in memory. */
  private readOwnTransaction(): Transaction {
    const { bytes, reader } = this
    const start = bytes.length - reader.remaining
    readTransaction(reader)
    return parseTransaction(bytes.slice(start, bytes.length - reader.remaining))
  }
}

const TXID_LENGTH = 32
const FEE_DELTA_LENGTH = TXID_LENGTH + 8

function readTxid(reader: ByteReader): TxId {
  return asTxId(reader.readBytes(TXID_LENGTH).slice())
}

/** Mixes bytes that stand at the offset of the file with the key, in place; doing it again takes it back. */
function mix(bytes: Uint8Array, key: Uint8Array, offset: number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= key[(offset + i) % MEMPOOL_FILE_KEY_LENGTH]!
  return bytes
}
