import {
  type ByteReader,
  ByteWriter,
  bytesKey,
  compactSizeLength,
  DecodeError,
  readAll,
  sha256d,
} from '@onehop/primitives'
import type { Sats } from './amount.ts'
import { asTxId, type TxId, type Wtxid } from './ids.ts'
import { MIN_INPUT_LENGTH, MIN_OUTPUT_LENGTH, WITNESS_SCALE_FACTOR } from './limits.ts'

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

const SEGWIT_MARKER_AND_FLAG_LENGTH = 2
const WITNESS_FLAG = 1

/** An immutable transaction; ids and sizes are computed once, when they are first asked for. */
export class Transaction implements TransactionFields {
  readonly version: number
  readonly inputs: readonly TxInput[]
  readonly outputs: readonly TxOutput[]
  readonly lockTime: number
  private cachedTxid: TxId | undefined
  private cachedWtxid: Wtxid | undefined
  private cachedBaseSize: number | undefined
  private cachedTotalSize: number | undefined

  constructor(fields: TransactionFields) {
    this.version = fields.version >>> 0
    this.inputs = fields.inputs
    this.outputs = fields.outputs
    this.lockTime = fields.lockTime
  }

  /** 32 bytes, internal order. */
  get txid(): TxId {
    this.cachedTxid ??= sha256d(serializeTransaction(this, { witness: false })) as TxId
    return this.cachedTxid
  }

  /** 32 bytes, internal order; equal to the txid where there is no witness. */
  get wtxid(): Wtxid {
    this.cachedWtxid ??= (
      this.hasWitness ? sha256d(serializeTransaction(this)) : (this.txid as Uint8Array)
    ) as Wtxid
    return this.cachedWtxid
  }

  get hasWitness(): boolean {
    return this.inputs.some(input => input.witness.length > 0)
  }

  get isCoinbase(): boolean {
    return this.inputs.length === 1 && isNullOutPoint(this.inputs[0]!.previousOutput)
  }

  /** Bytes without witnesses. */
  get baseSize(): number {
    this.cachedBaseSize ??= baseSizeOf(this)
    return this.cachedBaseSize
  }

  /** Bytes with witnesses. */
  get totalSize(): number {
    this.cachedTotalSize ??= this.hasWitness
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
}

/** Whether it is a coinbase's outpoint, which names no coin. */
export function isNullOutPoint(outPoint: OutPoint): boolean {
  return outPoint.index === NULL_INDEX && outPoint.txid.every(byte => byte === 0)
}

/** A Map key for an outpoint. Not for people, files or the wire. */
export function outPointKey(outPoint: OutPoint): string {
  return bytesKey(outPoint.txid) + String.fromCharCode(outPoint.index & 0xffff, outPoint.index >>> 16)
}

/**
 * Reads one transaction in either form (BIP 144).
 * @throws {DecodeError} for a truncated one, a superfluous witness, an unknown flag.
 */
export function readTransaction(reader: ByteReader): Transaction {
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
  if ((flags & WITNESS_FLAG) !== 0) inputs = readWitnesses(reader, inputs)
  if ((flags & ~WITNESS_FLAG) !== 0) throw new DecodeError('unknown transaction optional data')
  return new Transaction({ version, inputs, outputs, lockTime: reader.readUint32() })
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

function readInputs(reader: ByteReader): TxInput[] {
  const inputs: TxInput[] = []
  for (let count = reader.readCount(MIN_INPUT_LENGTH); count > 0; count--) {
    const previousOutput = readOutPoint(reader)
    const scriptSig = reader.readVarBytes()
    inputs.push({ previousOutput, scriptSig, sequence: reader.readUint32(), witness: NO_WITNESS })
  }
  return inputs
}

function readOutputs(reader: ByteReader): TxOutput[] {
  const outputs: TxOutput[] = []
  for (let count = reader.readCount(MIN_OUTPUT_LENGTH); count > 0; count--) {
    outputs.push({ value: reader.readInt64(), scriptPubKey: reader.readVarBytes() })
  }
  return outputs
}

const NO_WITNESS: readonly Uint8Array[] = []

function readWitnesses(reader: ByteReader, inputs: readonly TxInput[]): TxInput[] {
  const complete = inputs.map(input => ({ ...input, witness: readWitness(reader) }))
  if (complete.every(input => input.witness.length === 0)) throw new DecodeError('superfluous witness record')
  return complete
}

function readWitness(reader: ByteReader): readonly Uint8Array[] {
  const stack: Uint8Array[] = []
  for (let count = reader.readCount(1); count > 0; count--) stack.push(reader.readVarBytes())
  return stack.length === 0 ? NO_WITNESS : stack
}

function writeWitness(writer: ByteWriter, witness: readonly Uint8Array[]): void {
  writer.writeCompactSize(witness.length)
  for (const item of witness) writer.writeVarBytes(item)
}

function baseSizeOf(transaction: Transaction): number {
  let size = 8 + compactSizeLength(transaction.inputs.length) + compactSizeLength(transaction.outputs.length)
  for (const { scriptSig } of transaction.inputs) {
    size += 40 + compactSizeLength(scriptSig.length) + scriptSig.length
  }
  for (const { scriptPubKey } of transaction.outputs) {
    size += 8 + compactSizeLength(scriptPubKey.length) + scriptPubKey.length
  }
  return size
}

/** Bytes of a witness stack with its counts and lengths. */
export function witnessLength(witness: readonly Uint8Array[]): number {
  let size = compactSizeLength(witness.length)
  for (const item of witness) size += compactSizeLength(item.length) + item.length
  return size
}

function witnessSizeOf(transaction: Transaction): number {
  let size = 0
  for (const input of transaction.inputs) size += witnessLength(input.witness)
  return size
}
