import {
  type ByteReader,
  ByteWriter,
  DecodeError,
  hashKey,
  readAll,
  sha256d,
  sha256dMany,
} from '@onehop/primitives'
import type { Sats } from './amount.ts'
import { asTxId, type TxId, type Wtxid } from './ids.ts'
import { MIN_INPUT_LENGTH, MIN_OUTPUT_LENGTH, WITNESS_SCALE_FACTOR } from './limits.ts'
import { baseSizeOf, witnessSizeOf } from './transaction-size.ts'

/** Which output of which transaction. */
export interface OutPoint {
  readonly txid: TxId
  /** 32 bits; 2^32 − 1 in a coinbase's input. */
  readonly index: number
}

/** A coin being spent, and the proof that it may be. */
export interface TxInput {
  readonly previousOutput: OutPoint
  readonly scriptSig: Uint8Array
  /** 32 bits. Relative lock time (BIP 68), or final at 2^32 − 1. */
  readonly sequence: number
  /** Witness stack, bottom first (BIP 141); empty where there is none. */
  readonly witness: readonly Uint8Array[]
}

/** A new coin. */
export interface TxOutput {
  readonly value: Sats
  readonly scriptPubKey: Uint8Array
}

/** What a transaction is made of. */
export interface TransactionFields {
  /** 32 bits, unsigned. */
  readonly version: number
  readonly inputs: readonly TxInput[]
  readonly outputs: readonly TxOutput[]
  /** 32 bits: a height below 500,000,000, a Unix time from there on; 0 for none. */
  readonly lockTime: number
}

/** Index of the outpoint in a coinbase's only input. */
const NULL_INDEX = 0xffff_ffff
/** Sequence of an input that does not look at lock times. */
export const SEQUENCE_FINAL = 0xffff_ffff
/** The outpoint in a coinbase's only input. */
export const NULL_OUTPOINT: OutPoint = { txid: asTxId(new Uint8Array(32)), index: NULL_INDEX }

const VERSION_LENGTH = 4
const SEGWIT_MARKER_AND_FLAG_LENGTH = 2
const LOCK_TIME_LENGTH = 4
const WITNESS_FLAG = 1

/** Where a transaction was read from, so that its bytes need not be written anew. */
interface Encoding {
  /** Also those around it; nobody changes them. */
  readonly bytes: Uint8Array
  readonly start: number
  /** Where the witnesses begin; where the lock time does if there are none. */
  readonly witnessStart: number
  readonly end: number
}

/** An immutable transaction; ids and sizes are computed once, when they are first asked for. */
export class Transaction implements TransactionFields {
  readonly version: number
  readonly inputs: readonly TxInput[]
  readonly outputs: readonly TxOutput[]
  readonly lockTime: number
  readonly hasWitness: boolean
  private readonly encoding: Encoding | undefined
  private cachedTxid: TxId | undefined
  private cachedWtxid: Wtxid | undefined
  private cachedBaseSize: number | undefined
  private cachedTotalSize: number | undefined

  /** @param encoding for {@link readTransaction} only: where these very fields were read from. */
  constructor(fields: TransactionFields, encoding?: Encoding) {
    this.version = fields.version >>> 0
    this.inputs = fields.inputs
    this.outputs = fields.outputs
    this.lockTime = fields.lockTime
    this.hasWitness = hasWitness(fields.inputs)
    this.encoding = encoding
    this.cachedTxid = undefined
    this.cachedWtxid = undefined
    this.cachedBaseSize = undefined
    this.cachedTotalSize = undefined
  }

  /** Computes the ids of many at once, which is faster than one by one, where they are not known yet. */
  static computeIds(transactions: readonly Transaction[], kind: 'txid' | 'wtxid'): void {
    const missing = transactions.filter(one =>
      kind === 'txid' || !one.hasWitness ? !one.cachedTxid : !one.cachedWtxid,
    )
    const ids = sha256dMany(missing.map(one => one.hashedBytes(kind === 'wtxid')))
    missing.forEach((one, i) => {
      if (kind === 'txid' || !one.hasWitness) one.cachedTxid = ids[i] as TxId
      else one.cachedWtxid = ids[i] as Wtxid
    })
  }

  /** 32 bytes, internal order. */
  get txid(): TxId {
    this.cachedTxid ??= sha256d(this.hashedBytes(false)) as TxId
    return this.cachedTxid
  }

  /** 32 bytes, internal order; equal to the txid where there is no witness. */
  get wtxid(): Wtxid {
    if (!this.hasWitness) return this.txid as Uint8Array as Wtxid
    this.cachedWtxid ??= sha256d(this.hashedBytes(true)) as Wtxid
    return this.cachedWtxid
  }

  get isCoinbase(): boolean {
    return this.inputs.length === 1 && isNullOutPoint(this.inputs[0]!.previousOutput)
  }

  /** Bytes without witnesses. */
  get baseSize(): number {
    this.cachedBaseSize ??= this.encoding ? baseSizeOfEncoding(this.encoding) : baseSizeOf(this)
    return this.cachedBaseSize
  }

  /** Bytes with witnesses. */
  get totalSize(): number {
    this.cachedTotalSize ??= this.encoding
      ? this.encoding.end - this.encoding.start
      : this.hasWitness
        ? this.baseSize + SEGWIT_MARKER_AND_FLAG_LENGTH + witnessSizeOf(this)
        : this.baseSize
    return this.cachedTotalSize
  }

  /** Weight units (BIP 141). */
  get weight(): number {
    return this.baseSize * (WITNESS_SCALE_FACTOR - 1) + this.totalSize
  }

  /** A quarter of the weight, rounded up, in virtual bytes. */
  get virtualSize(): number {
    return Math.ceil(this.weight / WITNESS_SCALE_FACTOR)
  }

  /**
   * Appends the bytes that it was read from. There is one encoding of each transaction, so that it is the same as
   * writing the fields.
   * @returns false when it was not read but made.
   */
  copyEncoding(writer: ByteWriter, withWitness: boolean): boolean {
    if (this.encoding === undefined) return false
    const { bytes, start, witnessStart, end } = this.encoding
    if (withWitness || !this.hasWitness) {
      writer.writeBytes(bytes.subarray(start, end))
      return true
    }
    const inputsStart = start + VERSION_LENGTH + SEGWIT_MARKER_AND_FLAG_LENGTH
    writer.writeBytes(bytes.subarray(start, start + VERSION_LENGTH))
    writer.writeBytes(bytes.subarray(inputsStart, witnessStart))
    writer.writeBytes(bytes.subarray(end - LOCK_TIME_LENGTH, end))
    return true
  }

  /** What an id is the hash of; not to be written to. */
  private hashedBytes(witness: boolean): Uint8Array {
    if (this.encoding === undefined || (this.hasWitness && !witness))
      return serializeTransaction(this, { witness })
    return this.encoding.bytes.subarray(this.encoding.start, this.encoding.end)
  }
}

function hasWitness(inputs: readonly TxInput[]): boolean {
  for (const { witness } of inputs) if (witness.length > 0) return true
  return false
}

/** Whether it is a coinbase's outpoint, which names no coin. */
export function isNullOutPoint(outPoint: OutPoint): boolean {
  return outPoint.index === NULL_INDEX && outPoint.txid.every(byte => byte === 0)
}

/** A Map key for an outpoint. Not for people, files or the wire. */
export function outPointKey(outPoint: OutPoint): string {
  return hashKey(outPoint.txid, outPoint.index & 0xffff, outPoint.index >>> 16)
}

/**
 * Reads one transaction in either form (BIP 144).
 * @throws {DecodeError} for a truncated one, a superfluous witness, an unknown flag.
 */
export function readTransaction(reader: ByteReader): Transaction {
  const { bytes, offset: start } = reader
  const version = reader.readUint32()
  let inputs = readInputs(reader)
  let outputs: TxOutput[] = []
  let flags = 0
  if (inputs.length === 0) {
    // What would be a count of zero inputs is the marker; a flag of zero is a count of zero outputs after all.
    flags = reader.readUint8()
    if (flags !== 0) {
      inputs = readInputs(reader)
      outputs = readOutputs(reader)
    }
  } else {
    outputs = readOutputs(reader)
  }
  const witnessStart = reader.offset
  if ((flags & WITNESS_FLAG) !== 0) readWitnesses(reader, inputs)
  if ((flags & ~WITNESS_FLAG) !== 0) throw new DecodeError('unknown transaction optional data')
  const lockTime = reader.readUint32()
  const encoding = { bytes, start, witnessStart, end: reader.offset }
  return new Transaction({ version, inputs, outputs, lockTime }, encoding)
}

/** A transaction from all of `bytes`. @throws {DecodeError} */
export function parseTransaction(bytes: Uint8Array): Transaction {
  return readAll(bytes, readTransaction)
}

/** Appends the transaction, with witnesses (where it has any) unless told otherwise. */
export function writeTransaction(
  writer: ByteWriter,
  transaction: Transaction,
  options: { readonly witness?: boolean } = {},
): void {
  const withWitness = options.witness !== false && transaction.hasWitness
  if (!transaction.copyEncoding(writer, withWitness)) writeFields(writer, transaction, withWitness)
}

function writeFields(writer: ByteWriter, transaction: Transaction, withWitness: boolean): void {
  writer.writeUint32(transaction.version)
  if (withWitness) writer.writeUint8(0).writeUint8(WITNESS_FLAG)
  writer.writeCompactSize(transaction.inputs.length)
  for (const input of transaction.inputs) {
    writeOutPoint(writer, input.previousOutput)
    writer.writeVarBytes(input.scriptSig).writeUint32(input.sequence)
  }
  writer.writeCompactSize(transaction.outputs.length)
  for (const output of transaction.outputs) writeOutput(writer, output)
  if (withWitness) for (const input of transaction.inputs) writeWitness(writer, input.witness)
  writer.writeUint32(transaction.lockTime)
}

/** The bytes, with witnesses (where it has any) unless told otherwise. */
export function serializeTransaction(
  transaction: Transaction,
  options: { readonly witness?: boolean } = {},
): Uint8Array {
  const writer = new ByteWriter(options.witness === false ? transaction.baseSize : transaction.totalSize)
  writeTransaction(writer, transaction, options)
  return writer.toBytes()
}

/** Appends the outpoint's 36 bytes. */
export function writeOutPoint(writer: ByteWriter, outPoint: OutPoint): void {
  writer.writeBytes(outPoint.txid).writeUint32(outPoint.index)
}

/** Reads an outpoint's 36 bytes. @throws {DecodeError} */
function readOutPoint(reader: ByteReader): OutPoint {
  return { txid: reader.readBytes(32) as TxId, index: reader.readUint32() }
}

/** 8 bytes of value, the script with its length. */
export function serializeOutput(output: TxOutput): Uint8Array {
  const writer = new ByteWriter(64)
  writeOutput(writer, output)
  return writer.toBytes()
}

/** Appends what {@link serializeOutput} gives. */
export function writeOutput(writer: ByteWriter, output: TxOutput): void {
  writer.writeInt64(output.value).writeVarBytes(output.scriptPubKey)
}

/** An input whose witness comes later. */
type ReadInput = TxInput & { witness: readonly Uint8Array[] }

function readInputs(reader: ByteReader): ReadInput[] {
  // Of its final length at once: an array that grows takes room for sixteen more.
  const inputs = new Array<ReadInput>(reader.readCount(MIN_INPUT_LENGTH))
  for (let i = 0; i < inputs.length; i++) {
    const previousOutput = readOutPoint(reader)
    const scriptSig = reader.readVarBytes()
    inputs[i] = { previousOutput, scriptSig, sequence: reader.readUint32(), witness: NO_WITNESS }
  }
  return inputs
}

function readOutputs(reader: ByteReader): TxOutput[] {
  const outputs = new Array<TxOutput>(reader.readCount(MIN_OUTPUT_LENGTH))
  for (let i = 0; i < outputs.length; i++) {
    outputs[i] = { value: reader.readInt64(), scriptPubKey: reader.readVarBytes() }
  }
  return outputs
}

const NO_WITNESS: readonly Uint8Array[] = []

function readWitnesses(reader: ByteReader, inputs: readonly ReadInput[]): void {
  let items = 0
  for (const input of inputs) {
    input.witness = readWitness(reader)
    items += input.witness.length
  }
  if (items === 0) throw new DecodeError('superfluous witness record')
}

/** A count of items, and each with its length. @throws {DecodeError} */
export function readWitness(reader: ByteReader): readonly Uint8Array[] {
  const count = reader.readCount(1)
  if (count === 0) return NO_WITNESS
  const stack = new Array<Uint8Array>(count)
  for (let i = 0; i < count; i++) stack[i] = reader.readVarBytes()
  return stack
}

function writeWitness(writer: ByteWriter, witness: readonly Uint8Array[]): void {
  writer.writeCompactSize(witness.length)
  for (const item of witness) writer.writeVarBytes(item)
}

function baseSizeOfEncoding({ start, witnessStart, end }: Encoding): number {
  const hasWitness = witnessStart + LOCK_TIME_LENGTH < end
  return witnessStart + LOCK_TIME_LENGTH - start - (hasWitness ? SEGWIT_MARKER_AND_FLAG_LENGTH : 0)
}
