import {
  type ByteReader,
  ByteWriter,
  equalBytes,
  invalid,
  OK,
  readAll,
  type Verdict,
} from '@onehop/primitives'
import type { Block } from './block.ts'
import type { TxId } from './ids.ts'
import {
  createMerkleBlock,
  type MerkleBlock,
  readMerkleBlock,
  serializeMerkleBlock,
  verifyMerkleBlock,
} from './merkle-block.ts'
import type { MerkleMatch } from './partial-merkle-tree.ts'
import { readTransaction, type Transaction, writeTransaction } from './transaction.ts'

/** That a payment is in a block, for those who have the block's header alone. */
export interface PaymentProof {
  /** Proves both the payment and the coinbase of its block. */
  readonly proof: MerkleBlock
  /**
   * The coinbase. All leaves of the tree lie as deep as it does, so that no node can pass for a leaf, or a leaf for a node
   * (CVE-2017-12842): a proof alone cannot tell how many transactions the block has.
   */
  readonly coinbase: Transaction
  /** What was paid, and to whom. */
  readonly payment: Transaction
}

/** The proof of a transaction of the block; undefined when it is not there. */
export function createPaymentProof(block: Block, txid: TxId): PaymentProof | undefined {
  const [coinbase] = block.transactions
  const payment = block.transactions.find(each => equalBytes(each.txid, txid))
  if (coinbase === undefined || payment === undefined) return undefined
  return { proof: createMerkleBlock(block, [coinbase.txid, txid]), coinbase, payment }
}

/** What `gettxoutproof` gives, then the coinbase, then the payment: `verifytxoutproof` takes it as it is. */
export function serializePaymentProof({ proof, coinbase, payment }: PaymentProof): Uint8Array {
  const writer = new ByteWriter().writeBytes(serializeMerkleBlock(proof))
  writeTransaction(writer, coinbase)
  writeTransaction(writer, payment)
  return writer.toBytes()
}

function readPaymentProof(reader: ByteReader): PaymentProof {
  return {
    proof: readMerkleBlock(reader),
    coinbase: readTransaction(reader),
    payment: readTransaction(reader),
  }
}

/** One from all of `bytes`; what it says is not checked. @throws {DecodeError} */
export function parsePaymentProof(bytes: Uint8Array): PaymentProof {
  return readAll(bytes, readPaymentProof)
}

/** The payment is in the block with the proof's header, whichever chain that is on. Refused: `bad-txoutproof`. */
export function checkPaymentProof({ proof, coinbase, payment }: PaymentProof): Verdict {
  const extract = verifyMerkleBlock(proof)
  if (!extract.ok) return extract
  const { matches } = extract.value
  if (!provesCoinbase(matches, coinbase)) return invalid('bad-txoutproof', 'not a proof of the coinbase')
  return matches.some(({ txid }) => equalBytes(txid, payment.txid))
    ? OK
    : invalid('bad-txoutproof', 'a proof of other transactions')
}

function provesCoinbase([first]: readonly MerkleMatch[], coinbase: Transaction): boolean {
  return first?.position === 0 && coinbase.isCoinbase && equalBytes(first.txid, coinbase.txid)
}
