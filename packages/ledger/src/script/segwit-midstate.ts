import { assert, ByteWriter, sha256 } from '@onehop/primitives'
import { type Transaction, type TxOutput, writeOutPoint, writeOutput } from '../transaction.ts'

/**
 * The parts of the hashes of BIP 143 and BIP 341 that are the same for all inputs of a transaction, 32 bytes each,
 * computed when first needed. BIP 143's are the hashes of BIP 341's.
 */
export class SegwitMidstate {
  readonly transaction: Transaction
  private readonly spent: readonly TxOutput[] | undefined
  private readonly hashes = new Map<string, Uint8Array>()

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
    return this.once('hashPrevouts', () => sha256(this.shaPrevouts))
  }

  /** BIP 143. */
  get hashSequence(): Uint8Array {
    return this.once('hashSequence', () => sha256(this.shaSequences))
  }

  /** BIP 143. */
  get hashOutputs(): Uint8Array {
    return this.once('hashOutputs', () => sha256(this.shaOutputs))
  }

  /** BIP 341. */
  get shaPrevouts(): Uint8Array {
    const { inputs } = this.transaction
    return this.once('shaPrevouts', () =>
      hashEach(inputs, (writer, i) => writeOutPoint(writer, i.previousOutput)),
    )
  }

  /** BIP 341. */
  get shaSequences(): Uint8Array {
    const { inputs } = this.transaction
    return this.once('shaSequences', () =>
      hashEach(inputs, (writer, input) => writer.writeUint32(input.sequence)),
    )
  }

  /** BIP 341. */
  get shaOutputs(): Uint8Array {
    return this.once('shaOutputs', () => hashEach(this.transaction.outputs, writeOutput))
  }

  /** BIP 341. */
  get shaAmounts(): Uint8Array {
    return this.once('shaAmounts', () =>
      hashEach(this.spentOutputs, (writer, { value }) => writer.writeInt64(value)),
    )
  }

  /** BIP 341. */
  get shaScriptPubKeys(): Uint8Array {
    return this.once('shaScriptPubKeys', () =>
      hashEach(this.spentOutputs, (writer, { scriptPubKey }) => writer.writeVarBytes(scriptPubKey)),
    )
  }

  private once(name: string, compute: () => Uint8Array): Uint8Array {
    let hash = this.hashes.get(name)
    if (hash === undefined) {
      hash = compute()
      this.hashes.set(name, hash)
    }
    return hash
  }
}

function hashEach<Item>(
  items: readonly Item[],
  write: (writer: ByteWriter, item: Item) => unknown,
): Uint8Array {
  const writer = new ByteWriter()
  for (const item of items) write(writer, item)
  return sha256(writer.toBytes())
}
