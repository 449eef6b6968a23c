import { equalBytes, invalid, type Result, refused } from '@onehop/primitives'
import type { HeaderNode } from './header-node.ts'
import type { HeaderTree } from './header-tree.ts'
import type { TxId } from './ids.ts'
import { type MerkleBlock, verifyMerkleBlock } from './merkle-block.ts'
import type { MerkleMatch } from './partial-merkle-tree.ts'
import type { Transaction } from './transaction.ts'

/** What a light client is to believe, and why. */
export interface PaymentClaim {
  readonly txid: TxId
  /** Proves both the payment and the coinbase of its block. */
  readonly proof: MerkleBlock
  /** The coinbase. All leaves lie as deep as it does, so that no node of the tree can pass for a leaf or a leaf for a node. */
  readonly coinbase: Transaction
  /** How many blocks it takes, the payment's own included; at least 1. */
  readonly confirmations: number
}

/** A payment that lies deep enough in the best chain. */
export interface VerifiedPayment {
  readonly block: HeaderNode
  /** Its own block included. */
  readonly confirmations: number
}

/**
 * Whether a chain of headers confirms a payment, by headers and a proof alone. Refused: `bad-txoutproof` (blame: sender);
 * `header-not-found`, `not-in-best-chain`, `too-few-confirmations` (blame: nobody).
 */
export function verifyPayment(headers: HeaderTree, claim: PaymentClaim): Result<VerifiedPayment> {
  const extract = verifyMerkleBlock(claim.proof)
  if (!extract.ok) return extract
  const { matches } = extract.value
  if (!provesCoinbase(matches, claim.coinbase))
    return invalid('bad-txoutproof', 'not a proof of the coinbase')
  if (!matches.some(({ txid }) => equalBytes(txid, claim.txid)))
    return invalid('bad-txoutproof', 'a proof of other transactions')
  const block = headers.get(claim.proof.header.hash)
  if (!block) return refused('header-not-found')
  return checkDepth(headers, block, claim.confirmations)
}

function provesCoinbase(matches: readonly MerkleMatch[], coinbase: Transaction): boolean {
  const first = matches[0]
  return first?.position === 0 && coinbase.isCoinbase && equalBytes(first.txid, coinbase.txid)
}

function checkDepth(headers: HeaderTree, block: HeaderNode, wanted: number): Result<VerifiedPayment> {
  const { best } = headers
  if (block.height > best.height || headers.ancestor(best, block.height) !== block)
    return refused('not-in-best-chain')
  const confirmations = best.height - block.height + 1
  if (confirmations < wanted) return refused('too-few-confirmations', `${confirmations} of ${wanted}`)
  return { ok: true, value: { block, confirmations } }
}
