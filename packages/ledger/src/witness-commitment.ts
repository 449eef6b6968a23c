import { concatBytes, equalBytes, sha256d } from '@onehop/primitives'
import { witnessMerkleRoot } from './merkle.ts'
import { OP } from './script/opcodes.ts'
import type { Transaction } from './transaction.ts'

/** `RETURN`, a push of 36 bytes, and BIP 141's tag: what comes before the commitment's 32 bytes. */
const COMMITMENT_PREFIX = Uint8Array.of(OP.RETURN, 36, 0xaa, 0x21, 0xa9, 0xed)
const COMMITMENT_LENGTH = 32

/** Bytes of the coinbase's only witness item. */
export const WITNESS_NONCE_LENGTH = 32

/** The commitment, 32 bytes, to all witnesses of a block (BIP 141). */
export function witnessCommitment(transactions: readonly Transaction[], nonce: Uint8Array): Uint8Array {
  return sha256d(concatBytes(witnessMerkleRoot(transactions), nonce))
}

/** The script of the coinbase output that carries the commitment. */
export function witnessCommitmentScript(commitment: Uint8Array): Uint8Array {
  return concatBytes(COMMITMENT_PREFIX, commitment)
}

/** Which output of the coinbase carries the commitment: the last one that looks like it; undefined without one. */
export function findWitnessCommitmentOutput(coinbase: Transaction): number | undefined {
  const start = COMMITMENT_PREFIX.length
  const index = coinbase.outputs.findLastIndex(
    ({ scriptPubKey }) =>
      scriptPubKey.length >= start + COMMITMENT_LENGTH &&
      equalBytes(scriptPubKey.subarray(0, start), COMMITMENT_PREFIX),
  )
  return index < 0 ? undefined : index
}

/** The commitment in that output, or undefined. */
export function findWitnessCommitment(coinbase: Transaction): Uint8Array | undefined {
  const index = findWitnessCommitmentOutput(coinbase)
  const start = COMMITMENT_PREFIX.length
  return index === undefined
    ? undefined
    : coinbase.outputs[index]?.scriptPubKey.subarray(start, start + COMMITMENT_LENGTH)
}
