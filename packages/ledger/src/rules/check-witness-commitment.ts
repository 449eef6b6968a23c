import { equalBytes, invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { ChainParameters } from '../params.ts'
import { findWitnessCommitment, WITNESS_NONCE_LENGTH, witnessCommitment } from '../witness-commitment.ts'

/** The coinbase commits to exactly these witnesses; without a commitment there are none (BIP 141). */
export function checkWitnessCommitment(block: Block, height: number, parameters: ChainParameters): Verdict {
  const [coinbase] = block.transactions
  const isActive = height >= parameters.segwitHeight
  const commitment = isActive && coinbase ? findWitnessCommitment(coinbase) : undefined
  if (commitment) return checkCommitment(block, commitment)
  return block.transactions.some(transaction => transaction.hasWitness)
    ? invalid('unexpected-witness', 'unexpected witness data found')
    : OK
}

function checkCommitment(block: Block, commitment: Uint8Array): Verdict {
  const witness = block.transactions[0]?.inputs[0]?.witness ?? []
  const nonce = witness[0]
  if (witness.length !== 1 || nonce?.length !== WITNESS_NONCE_LENGTH) {
    return invalid('bad-witness-nonce-size', 'invalid witness reserved value size')
  }
  return equalBytes(witnessCommitment(block.transactions, nonce), commitment)
    ? OK
    : invalid('bad-witness-merkle-match', 'witness merkle commitment mismatch')
}
