import { type ByteReader, ByteWriter, DecodeError, readAll, sha256d } from '@onehop/primitives'
import type { TxId, Wtxid } from './hashes.ts'

/** Satoshis: 10^8 of them are one bitcoin. */
export type Sats = bigint

/** Names an output of an earlier transaction. 36 bytes serialised. */
export interface OutPoint {
  readonly txid: TxId
  /** 0 to 2^32 − 1; the latter, with a txid of zeros, marks a coinbase input. */
  readonly index: number
}

/** Spends an output. */
export interface TxInput {
  readonly previousOutput: OutPoint
  readonly scriptSig: Uint8Array
  /** 0 to 2^32 − 1. */
  readonly sequence: number
  /** Empty when there is none (BIP 141). */
  readonly witness: readonly Uint8Array[]
}

/** Pays a value to whoever satisfies the script. */
export interface TxOutput {
  readonly value: Sats
  readonly scriptPubKey: Uint8Array
}

/** What a transaction is made of. */
export interface TransactionFields {
  /** 32 bits; unsigned since Core 28, which changes no byte. */
  readonly version: number
  readonly inputs: readonly TxInput[]
  readonly outputs: readonly TxOutput[]
  readonly lockTime: number
}

/** Weight of a byte outside the witness (BIP 141). */
export const WITNESS_SCALE_FACTOR = 4
/** Index of the outpoint of a coinbase's input. */
export const COINBASE_INDEX = 0xffff_ffff

const LEAST_INPUT_BYTES = 41
const LEAST_OUTPUT_BYTES = 9
const SEGWIT_FLAG = 1

/** A transaction, immutable. Ids and sizes are computed once, when they are first asked for. */
export class Transaction implements TransactionFields {
  readonly version: number
  readonly inputs: readonly TxInput[]
  readonly outputs: readonly TxOutput[]
  readonly lockTime: number
  private cachedTxid: TxId | undefined
  private cachedWtxid: Wtxid | undefined
  private cachedBaseSize = 0
  private cachedTotalSize = 0

  constructor({ version, inputs, outputs, lockTime }: TransactionFields) {
    this.version = version
    this.inputs = inputs
    this.outputs = outputs
    this.lockTime = lockTime
  }

  get txid(): TxId {
    this.cachedTxid ??= sha256d(serializeTransaction(this, { witness: false })) as TxId
    return this.cachedTxid
  }

  get wtxid(): Wtxid {
    this.cachedWtxid ??= this.hasWitness
      ? (sha256d(serializeTransaction(this)) as Wtxid)
      : (this.txid as Uint8Array as Wtxid)
    return this.cachedWtxid
  }

  get hasWitness(): boolean {
    return this.inputs.some(input => input.witness.length > 0)
  }

  /** Whether it is the shape of a coinbase: one input that spends nothing. */
  get isCoinbase(): boolean {
    const [input] = this.inputs
    return this.inputs.length === 1 && input !== undefined && isNullOutPoint(input.previousOutput)
  }

  /** Bytes without witness. */
  get baseSize(): number {
    this.cachedBaseSize ||= serializeTransaction(this, { witness: false }).length
    return this.cachedBaseSize
  }

  /** Bytes with witness. */
  get totalSize(): number {
    this.cachedTotalSize ||= serializeTransaction(this).length
    return this.cachedTotalSize
  }

  /** Weight units (BIP 141). */
  get weight(): number {
    return this.baseSize * (WITNESS_SCALE_FACTOR - 1) + this.totalSize
  }

  /** Weight in virtual bytes, rounded up. */
  get virtualSize(): number {
    return Math.ceil(this.weight / WITNESS_SCALE_FACTOR)
  }
}

/** Whether the outpoint names no output: a coinbase's. */
export function isNullOutPoint({ txid, index }: OutPoint): boolean {
  return index === COINBASE_INDEX && txid.every(byte => byte === 0)
}

/** A string of the outpoint for maps: 36 characters, one a byte. */
export function outPointKey({ txid, index }: OutPoint): string {
  return String.fromCharCode(...txid, index & 0xff, (index >>> 8) & 0xff, (index >>> 16) & 0xff, index >>> 24)
}

/** Reads one transaction with or without witness. @throws {DecodeError} */
export function readTransaction(reader: ByteReader): Transaction {
  const version = reader.readUint32()
  let inputs = readInputs(reader)
  let flag = 0
  if (inputs.length === 0) {
    flag = reader.readUint8()
    if (flag !== 0) inputs = readInputs(reader)
  }
  const outputs = flag === 0 && inputs.length === 0 ? [] : readOutputs(reader)
  if (flag & SEGWIT_FLAG) inputs = readWitnesses(reader, inputs)
  if (flag & ~SEGWIT_FLAG) throw new DecodeError('unknown optional data in a transaction')
  return new Transaction({ version, inputs, outputs, lockTime: reader.readUint32() })
}

function readInputs(reader: ByteReader): TxInput[] {
  const count = reader.readCount(LEAST_INPUT_BYTES)
  return Array.from({ length: count }, () => ({
    previousOutput: readOutPoint(reader),
    scriptSig: reader.readVarBytes(),
    sequence: reader.readUint32(),
    witness: [],
  }))
}

/** @throws {DecodeError} */
export function readOutPoint(reader: ByteReader): OutPoint {
  return { txid: reader.readBytes(32) as TxId, index: reader.readUint32() }
}

function readOutputs(reader: ByteReader): TxOutput[] {
  const count = reader.readCount(LEAST_OUTPUT_BYTES)
  return Array.from({ length: count }, () => ({
    value: reader.readInt64(),
    scriptPubKey: reader.readVarBytes(),
  }))
}

function readWitnesses(reader: ByteReader, inputs: readonly TxInput[]): TxInput[] {
  const withWitness = inputs.map(input => {
    const count = reader.readCount(1)
    return { ...input, witness: Array.from({ length: count }, () => reader.readVarBytes()) }
  })
  if (withWitness.every(input => input.witness.length === 0))
    throw new DecodeError('superfluous witness record')
  return withWitness
}

/** Decodes all of the bytes. @throws {DecodeError} */
export function parseTransaction(bytes: Uint8Array): Transaction {
  return readAll(bytes, readTransaction)
}

/** Serialises with its witness, if it has one, unless told otherwise (BIP 144). */
export function serializeTransaction(
  transaction: TransactionFields,
  options: { witness?: boolean } = {},
): Uint8Array {
  const writer = new ByteWriter()
  writeTransaction(writer, transaction, options.witness ?? true)
  return writer.toBytes()
}

/** Appends the transaction. */
export function writeTransaction(
  writer: ByteWriter,
  transaction: TransactionFields,
  withWitness: boolean,
): void {
  const { version, inputs, outputs, lockTime } = transaction
  const hasWitness = withWitness && inputs.some(input => input.witness.length > 0)
  writer.writeUint32(version)
  if (hasWitness) writer.writeUint8(0).writeUint8(SEGWIT_FLAG)
  writer.writeCompactSize(inputs.length)
  for (const { previousOutput, scriptSig, sequence } of inputs) {
    writeOutPoint(writer, previousOutput)
    writer.writeVarBytes(scriptSig).writeUint32(sequence)
  }
  writer.writeCompactSize(outputs.length)
  for (const output of outputs) writeOutput(writer, output)
  if (hasWitness) for (const { witness } of inputs) writeWitness(writer, witness)
  writer.writeUint32(lockTime)
}

export function writeOutPoint(writer: ByteWriter, { txid, index }: OutPoint): void {
  writer.writeBytes(txid).writeUint32(index)
}

export function writeOutput(writer: ByteWriter, { value, scriptPubKey }: TxOutput): void {
  writer.writeInt64(value).writeVarBytes(scriptPubKey)
}

function writeWitness(writer: ByteWriter, witness: readonly Uint8Array[]): void {
  writer.writeCompactSize(witness.length)
  for (const item of witness) writer.writeVarBytes(item)
}
