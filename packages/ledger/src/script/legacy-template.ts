import { ByteWriter } from '@onehop/primitives'
import { type Transaction, writeOutPoint, writeOutput } from '../transaction.ts'

/**
 * What signatures before segwit sign with SIGHASH_ALL, but for the script of the input that they are for: the
 * transaction without scripts. Inputs are many, and each hash covers all: they are written once, and copied.
 */
export class LegacyTemplate {
  private readonly bytes: Uint8Array
  /** Of each input: where its empty script is, one byte of length. */
  private readonly scriptOffsets: readonly number[]

  constructor({ version, inputs, outputs, lockTime }: Transaction) {
    const writer = new ByteWriter()
    writer.writeUint32(version).writeCompactSize(inputs.length)
    this.scriptOffsets = inputs.map(({ previousOutput, sequence }) => {
      writeOutPoint(writer, previousOutput)
      const at = writer.length
      writer.writeUint8(0).writeUint32(sequence)
      return at
    })
    writer.writeCompactSize(outputs.length)
    for (const output of outputs) writeOutput(writer, output)
    writer.writeUint32(lockTime)
    this.bytes = writer.toBytes()
  }

  /** Appends the transaction with a script at one input. */
  write(writer: ByteWriter, inputIndex: number, script: Uint8Array): void {
    const at = this.scriptOffsets[inputIndex]!
    writer.writeBytes(this.bytes.subarray(0, at)).writeVarBytes(script)
    writer.writeBytes(this.bytes.subarray(at + 1))
  }
}
