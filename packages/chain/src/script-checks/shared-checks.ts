import {
  InputScripts,
  readTransaction,
  type ScriptCheck,
  type TxOutput,
  writeOutput,
  writeTransaction,
} from '@onehop/ledger'
import { ByteReader, ByteWriter, type SignatureVerifier } from '@onehop/primitives'

/** A block's script checks in memory that threads share. */
export interface SharedChecks {
  /** As `countInputs` gives it. */
  readonly firstInputs: Int32Array
  /** Of each check: where it begins in `data`, and at the end where the last one ends. */
  readonly offsets: Int32Array
  /** Of each check. */
  readonly flags: Int32Array
  /** Of each check: the transaction, and the outputs that it spends. */
  readonly data: Uint8Array
}

function sharedInts(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
}

/** Copies the checks into shared memory. @param firstInputs as `countInputs` gives them. */
export function shareChecks(checks: readonly ScriptCheck[], firstInputs: Int32Array): SharedChecks {
  const sharedFirstInputs = sharedInts(checks.length + 1)
  sharedFirstInputs.set(firstInputs)
  const offsets = sharedInts(checks.length + 1)
  const flags = sharedInts(checks.length)
  const writer = new ByteWriter(checks.length * TYPICAL_CHECK_BYTES)
  for (const [i, check] of checks.entries()) {
    writeTransaction(writer, check.transaction)
    for (const { output } of check.spent) writeOutput(writer, output)
    offsets[i + 1] = writer.length
    flags[i] = check.flags
  }
  const bytes = writer.toBytes()
  const data = new Uint8Array(new SharedArrayBuffer(bytes.length))
  data.set(bytes)
  return { firstInputs: sharedFirstInputs, offsets, flags, data }
}

/** A transaction with two inputs and two outputs, and what it spends. */
const TYPICAL_CHECK_BYTES = 450

/** The scripts of one check. Copies it first: native code must not be given shared memory. */
export function sharedScripts(
  checks: SharedChecks,
  check: number,
  verifier: SignatureVerifier,
): InputScripts {
  const { offsets, data, flags } = checks
  const reader = new ByteReader(data.slice(offsets[check], offsets[check + 1]))
  const transaction = readTransaction(reader)
  const spent: TxOutput[] = transaction.inputs.map(() => ({
    value: reader.readInt64(),
    scriptPubKey: reader.readVarBytes(),
  }))
  reader.expectEnd()
  return new InputScripts(transaction, spent, flags[check]!, verifier)
}
