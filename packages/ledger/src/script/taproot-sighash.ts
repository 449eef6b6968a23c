import { ByteWriter, sha256, utf8Encode } from '@onehop/primitives'
import { serializeOutput, writeOutPoint, writeOutput } from '../transaction.ts'
import type { SegwitMidstate } from './segwit-midstate.ts'
import { SIGHASH } from './sighash.ts'

const EPOCH = 0
const KEY_VERSION = 0
const OUTPUT_MASK = 3
/** What stands for the position of OP_CODESEPARATOR before one ran. */
export const NO_CODE_SEPARATOR = 0xffff_ffff

/** The leaf that runs, for a signature in a tapscript (BIP 342). */
export interface TapscriptContext {
  /** 32 bytes. */
  readonly leafHash: Uint8Array
  /** Number of the last OP_CODESEPARATOR that ran among the opcodes, or {@link NO_CODE_SEPARATOR}. */
  readonly codeSeparatorPosition: number
}

/** Where in a taproot spend a signature stands. */
export interface TaprootContext {
  /** 32 bytes; absent without an annex. */
  readonly annexHash?: Uint8Array | undefined
  /** Absent on the key path. */
  readonly tapscript?: TapscriptContext | undefined
}

/** What is hashed for a signature of a taproot spend. */
export interface TaprootSighashRequest extends TaprootContext {
  /** With the outputs that are spent. */
  readonly midstate: SegwitMidstate
  readonly inputIndex: number
  readonly hashType: number
}

const tagHash = sha256(utf8Encode('TapSighash'))
/** What is hashed, one after the other: memory of its own for each would cost more than its hash. */
const scratch = new ByteWriter()

/**
 * The hash that a signature of a taproot spend signs, 32 bytes (BIP 341, 342).
 * @returns undefined for a hash type that is not defined, and for SIGHASH_SINGLE without its output.
 */
export function taprootSighash(request: TaprootSighashRequest): Uint8Array | undefined {
  const { hashType, midstate, inputIndex } = request
  if (!isDefined(hashType)) return undefined
  const { transaction } = midstate
  const single = (hashType & OUTPUT_MASK) === SIGHASH.SINGLE
  if (single && inputIndex >= transaction.outputs.length) return undefined
  const writer = scratch.reset()
  writer.writeBytes(tagHash).writeBytes(tagHash)
  writer.writeUint8(EPOCH).writeUint8(hashType)
  writer.writeUint32(transaction.version).writeUint32(transaction.lockTime)
  writeShared(writer, request)
  writeInput(writer, request)
  if (single) writer.writeBytes(sha256(serializeOutput(transaction.outputs[inputIndex]!)))
  if (request.tapscript !== undefined) writeTapscript(writer, request.tapscript)
  return sha256(writer.view())
}

function isDefined(hashType: number): boolean {
  return hashType <= SIGHASH.SINGLE || (hashType >= 0x81 && hashType <= 0x83)
}

function anyoneCanPay({ hashType }: TaprootSighashRequest): boolean {
  return (hashType & SIGHASH.ANYONECANPAY) !== 0
}

function writeShared(writer: ByteWriter, request: TaprootSighashRequest): void {
  const { midstate, hashType } = request
  if (!anyoneCanPay(request)) {
    writer.writeBytes(midstate.shaPrevouts).writeBytes(midstate.shaAmounts)
    writer.writeBytes(midstate.shaScriptPubKeys).writeBytes(midstate.shaSequences)
  }
  const outputMode = hashType & OUTPUT_MASK
  if (outputMode === SIGHASH.DEFAULT || outputMode === SIGHASH.ALL) writer.writeBytes(midstate.shaOutputs)
}

function writeInput(writer: ByteWriter, request: TaprootSighashRequest): void {
  const { midstate, inputIndex, annexHash, tapscript } = request
  writer.writeUint8((tapscript === undefined ? 0 : 2) + (annexHash === undefined ? 0 : 1))
  if (anyoneCanPay(request)) {
    const input = midstate.transaction.inputs[inputIndex]!
    writeOutPoint(writer, input.previousOutput)
    writeOutput(writer, midstate.spentOutputs[inputIndex]!)
    writer.writeUint32(input.sequence)
  } else {
    writer.writeUint32(inputIndex)
  }
  if (annexHash !== undefined) writer.writeBytes(annexHash)
}

function writeTapscript(writer: ByteWriter, { leafHash, codeSeparatorPosition }: TapscriptContext): void {
  writer.writeBytes(leafHash).writeUint8(KEY_VERSION).writeUint32(codeSeparatorPosition)
}
