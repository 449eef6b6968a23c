import { ByteWriter, concatBytes, equalBytes, sha256d } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import { type Transaction, writeOutPoint, writeOutput } from '../transaction.ts'
import { OP } from './opcodes.ts'
import { instructions, readInstruction } from './script-parser.ts'
import type { SegwitMidstate } from './segwit-midstate.ts'

/** What a signature commits to: the last byte of it. */
export const SIGHASH = {
  /** Taproot only: what {@link SIGHASH.ALL} covers, without a byte for it (BIP 341). */
  DEFAULT: 0,
  ALL: 1,
  NONE: 2,
  SINGLE: 3,
  ANYONECANPAY: 0x80,
} as const

const OUTPUT_MASK = 0x1f
const ZERO_HASH = new Uint8Array(32)

/** The script without its OP_CODESEPARATORs, as legacy signatures see it. */
function withoutCodeSeparators(script: Uint8Array): Uint8Array {
  if (!script.includes(OP.CODESEPARATOR)) return script
  const parts: Uint8Array[] = []
  let start = 0
  let offset = 0
  for (const { opcode, end } of instructions(script)) {
    if (opcode === OP.CODESEPARATOR) {
      parts.push(script.subarray(start, offset))
      start = end
    }
    offset = end
  }
  return start === 0 ? script : concatBytes(...parts, script.subarray(start))
}

/** The script without every occurrence of `target` at an instruction's start, and how many there were (FindAndDelete). */
export function findAndDelete(script: Uint8Array, target: Uint8Array): { script: Uint8Array; found: number } {
  if (target.length === 0 || target.length > script.length) return { script, found: 0 }
  const kept: Uint8Array[] = []
  let found = 0
  let at = 0
  let keptFrom = 0
  for (;;) {
    kept.push(script.subarray(keptFrom, at))
    while (startsWithAt(script, at, target)) {
      at += target.length
      found++
    }
    keptFrom = at
    const instruction = readInstruction(script, at)
    if (instruction === undefined) break
    at = instruction.end
  }
  return found === 0 ? { script, found } : { script: concatBytes(...kept, script.subarray(keptFrom)), found }
}

function startsWithAt(script: Uint8Array, at: number, target: Uint8Array): boolean {
  return equalBytes(script.subarray(at, at + target.length), target)
}

/** What is hashed for a signature. */
export interface SighashRequest {
  readonly transaction: Transaction
  readonly inputIndex: number
  /** The script that the signature stands in, from the last OP_CODESEPARATOR on. */
  readonly scriptCode: Uint8Array
  /** All 32 bits of it: old blocks have unusual ones. */
  readonly hashType: number
}

/** What is hashed, one after the other: memory of its own for each would cost more than its hash. */
const scratch = new ByteWriter()

/**
 * The hash that a signature before segwit signs, 32 bytes, its SIGHASH_SINGLE quirk included.
 * @param midstate saves work where the transaction has several inputs.
 */
export function legacySighash(
  { transaction, inputIndex, scriptCode, hashType }: SighashRequest,
  midstate?: SegwitMidstate,
): Uint8Array {
  const outputMode = hashType & OUTPUT_MASK
  if (outputMode === SIGHASH.SINGLE && inputIndex >= transaction.outputs.length) {
    const one = new Uint8Array(32)
    one[0] = 1
    return one
  }
  const writer = scratch.reset()
  const script = withoutCodeSeparators(scriptCode)
  if (midstate !== undefined && transaction.inputs.length > 1 && coversAll(hashType)) {
    midstate.legacyTemplate.write(writer, inputIndex, script)
  } else {
    writer.writeUint32(transaction.version)
    writeLegacyInputs(writer, transaction, inputIndex, script, hashType)
    writeLegacyOutputs(writer, transaction, inputIndex, outputMode)
    writer.writeUint32(transaction.lockTime)
  }
  writer.writeInt32(hashType)
  return sha256d(writer.view())
}

/** Whether the signature is for all inputs and all outputs. */
function coversAll(hashType: number): boolean {
  return (hashType & SIGHASH.ANYONECANPAY) === 0 && coversAllOutputs(hashType)
}

function coversAllOutputs(hashType: number): boolean {
  const outputMode = hashType & OUTPUT_MASK
  return outputMode !== SIGHASH.NONE && outputMode !== SIGHASH.SINGLE
}

function writeLegacyInputs(
  writer: ByteWriter,
  { inputs }: Transaction,
  inputIndex: number,
  script: Uint8Array,
  hashType: number,
): void {
  const anyoneCanPay = (hashType & SIGHASH.ANYONECANPAY) !== 0
  const keepsOthersSequence = coversAllOutputs(hashType)
  writer.writeCompactSize(anyoneCanPay ? 1 : inputs.length)
  for (let i = 0; i < inputs.length; i++) {
    if (anyoneCanPay && i !== inputIndex) continue
    const input = inputs[i]!
    writeOutPoint(writer, input.previousOutput)
    writer.writeVarBytes(i === inputIndex ? script : NOTHING)
    writer.writeUint32(i === inputIndex || keepsOthersSequence ? input.sequence : 0)
  }
}

function writeLegacyOutputs(
  writer: ByteWriter,
  { outputs }: Transaction,
  inputIndex: number,
  outputMode: number,
): void {
  if (outputMode === SIGHASH.NONE) {
    writer.writeCompactSize(0)
    return
  }
  const single = outputMode === SIGHASH.SINGLE
  const count = single ? inputIndex + 1 : outputs.length
  writer.writeCompactSize(count)
  for (let i = 0; i < count; i++) writeOutput(writer, single && i !== inputIndex ? NO_OUTPUT : outputs[i]!)
}

const NOTHING = new Uint8Array(0)
/** What SIGHASH_SINGLE has in the place of the outputs before its own. */
const NO_OUTPUT = { value: -1n, scriptPubKey: NOTHING }

/** The hash that a signature of a version 0 witness program signs, 32 bytes (BIP 143). */
export function segwitSighash(
  { transaction, inputIndex, scriptCode, hashType }: SighashRequest,
  value: Sats,
  midstate: SegwitMidstate,
): Uint8Array {
  const input = transaction.inputs[inputIndex]!
  const outputMode = hashType & OUTPUT_MASK
  const anyoneCanPay = (hashType & SIGHASH.ANYONECANPAY) !== 0
  const allOutputs = coversAllOutputs(hashType)
  const writer = scratch.reset()
  writer.writeUint32(transaction.version)
  writer.writeBytes(anyoneCanPay ? ZERO_HASH : midstate.hashPrevouts)
  writer.writeBytes(anyoneCanPay || !allOutputs ? ZERO_HASH : midstate.hashSequence)
  writeOutPoint(writer, input.previousOutput)
  writer.writeVarBytes(scriptCode).writeInt64(value).writeUint32(input.sequence)
  writer.writeBytes(
    allOutputs ? midstate.hashOutputs : hashOfSingleOutput(transaction, inputIndex, outputMode),
  )
  writer.writeUint32(transaction.lockTime).writeInt32(hashType)
  return sha256d(writer.view())
}

function hashOfSingleOutput({ outputs }: Transaction, inputIndex: number, outputMode: number): Uint8Array {
  const output = outputs[inputIndex]
  if (outputMode !== SIGHASH.SINGLE || output === undefined) return ZERO_HASH
  const writer = new ByteWriter()
  writeOutput(writer, output)
  return sha256d(writer.toBytes())
}
