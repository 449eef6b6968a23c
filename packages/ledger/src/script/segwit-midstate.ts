import { assert, ByteWriter, sha256, sha256d } from '@onehop/primitives'
import { type Transaction, type TxInput, type TxOutput, writeOutPoint, writeOutput } from '../transaction.ts'
import { LegacyTemplate } from './legacy-template.ts'

/**
 * The parts of signature hashes that are the same for all inputs of a transaction, computed when first needed: those of
 * BIP 143 and BIP 341, 32 bytes each, of which BIP 143's are the hashes of BIP 341's, and what legacy hashes share.
 */
export class SegwitMidstate {
  readonly transaction: Transaction
  private readonly spent: readonly TxOutput[] | undefined
  private cachedHashPrevouts: Uint8Array | undefined
  private cachedHashSequence: Uint8Array | undefined
  private cachedHashOutputs: Uint8Array | undefined
  private cachedShaPrevouts: Uint8Array | undefined
  private cachedShaSequences: Uint8Array | undefined
  private cachedShaOutputs: Uint8Array | undefined
  private cachedShaAmounts: Uint8Array | undefined
  private cachedShaScriptPubKeys: Uint8Array | undefined
  private cachedLegacyTemplate: LegacyTemplate | undefined

  /** @param spentOutputs what all inputs spend, in their order; only taproot needs them. */
  constructor(transaction: Transaction, spentOutputs?: readonly TxOutput[]) {
    this.transaction = transaction
    this.spent = spentOutputs
  }

  /** What all inputs spend. @throws {AssertionError} when the caller did not tell. */
  get spentOutputs(): readonly TxOutput[] {
    assert(
      this.spent?.length === this.transaction.inputs.length,
      'taproot needs the outputs that all inputs spend',
    )
    return this.spent
  }

  /** BIP 143. */
  get hashPrevouts(): Uint8Array {
    this.cachedHashPrevouts ??= hashAgain(
      this.cachedShaPrevouts,
      this.transaction.inputs,
      writePreviousOutput,
    )
    return this.cachedHashPrevouts
  }

  /** BIP 143. */
  get hashSequence(): Uint8Array {
    this.cachedHashSequence ??= hashAgain(this.cachedShaSequences, this.transaction.inputs, writeSequence)
    return this.cachedHashSequence
  }

  /** BIP 143. */
  get hashOutputs(): Uint8Array {
    this.cachedHashOutputs ??= hashAgain(this.cachedShaOutputs, this.transaction.outputs, writeOutput)
    return this.cachedHashOutputs
  }

  /** BIP 341. */
  get shaPrevouts(): Uint8Array {
    this.cachedShaPrevouts ??= hashEach(this.transaction.inputs, writePreviousOutput)
    return this.cachedShaPrevouts
  }

  /** BIP 341. */
  get shaSequences(): Uint8Array {
    this.cachedShaSequences ??= hashEach(this.transaction.inputs, writeSequence)
    return this.cachedShaSequences
  }

  /** BIP 341. */
  get shaOutputs(): Uint8Array {
    this.cachedShaOutputs ??= hashEach(this.transaction.outputs, writeOutput)
    return this.cachedShaOutputs
  }

  /** BIP 341. */
  get shaAmounts(): Uint8Array {
    this.cachedShaAmounts ??= hashEach(this.spentOutputs, writeAmount)
    return this.cachedShaAmounts
  }

  /** BIP 341. */
  get shaScriptPubKeys(): Uint8Array {
    this.cachedShaScriptPubKeys ??= hashEach(this.spentOutputs, writeScriptPubKey)
    return this.cachedShaScriptPubKeys
  }

  /** What the legacy hashes of several inputs have in common. */
  get legacyTemplate(): LegacyTemplate {
    this.cachedLegacyTemplate ??= new LegacyTemplate(this.transaction)
    return this.cachedLegacyTemplate
  }
}

function writePreviousOutput(writer: ByteWriter, { previousOutput }: TxInput): void {
  writeOutPoint(writer, previousOutput)
}

function writeSequence(writer: ByteWriter, { sequence }: TxInput): void {
  writer.writeUint32(sequence)
}

function writeAmount(writer: ByteWriter, { value }: TxOutput): void {
  writer.writeInt64(value)
}

function writeScriptPubKey(writer: ByteWriter, { scriptPubKey }: TxOutput): void {
  writer.writeVarBytes(scriptPubKey)
}

/** What is hashed, one after the other: memory of its own for each would cost more than its hash. */
const scratch = new ByteWriter()

type Write<Item> = (writer: ByteWriter, item: Item) => void

function written<Item>(items: readonly Item[], write: Write<Item>): Uint8Array {
  scratch.reset()
  for (const item of items) write(scratch, item)
  return scratch.view()
}

function hashEach<Item>(items: readonly Item[], write: Write<Item>): Uint8Array {
  return sha256(written(items, write))
}

/** @param once what the items hash to, where that is known: to hash twice at once takes less than two steps. */
function hashAgain<Item>(
  once: Uint8Array | undefined,
  items: readonly Item[],
  write: Write<Item>,
): Uint8Array {
  return once === undefined ? sha256d(written(items, write)) : sha256(once)
}
